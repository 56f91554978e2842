/** What answers to the items of the shapes world are worth. All shares lie between 0 and 1. */
import {
  type Entity,
  judgeCaption,
  type ShapesCaptionItem,
  type ShapesComprehensionItem,
  type ShapesGroundingItem,
  type ShapesItems,
  type ShapesQuestionItem,
  type ShapesTask,
} from '../../data/index.ts';
import { bestOverlap, boxesOfEntities, comprehensionOverlap, IOU_THRESHOLD } from '../metrics/grounding.ts';

/** Longer than any right answer: six boxes, a place, six groups of objects. */
export const SHAPES_MOST_TOKENS: Readonly<Record<ShapesTask, number>> = {
  grounding: 24,
  comprehension: 24,
  questions: 16,
  captions: 80,
};

/** What is judged of what a model wrote. */
export interface ShapesAnswer {
  /** Phrases of prompt and continuation, with their boxes. */
  readonly entities: readonly Pick<Entity, 'text' | 'boxes'>[];
  /** The continuation as clean text. */
  readonly answer: string;
}

export interface ShapesAnswered<Item> {
  readonly item: Item;
  readonly answer: ShapesAnswer;
}

/** A share, and of how many. */
export interface Share {
  readonly share: number;
  readonly count: number;
}

export interface GroundingScores {
  /** The first box overlaps one of the phrase's objects by an IoU of 0.5. */
  readonly recallAt1: number;
  /** Of the phrase's objects, those that a box of the answer overlaps so. */
  readonly objectRecall: number;
  readonly count: number;
}

export interface ComprehensionScores {
  /** The first box overlaps the object by an IoU of 0.5. */
  readonly accuracy: number;
  /** By what the expression says: attributes alone, a relation, an extreme. */
  readonly byKind: Readonly<Record<string, Share>>;
  /** Of the split `novel`: by what training never saw, `pair` or `relation`. Empty elsewhere. */
  readonly byNovelty: Readonly<Record<string, Share>>;
  readonly count: number;
}

export interface QuestionScores {
  /** The very answer, a final full stop and capitals aside. */
  readonly accuracy: number;
  readonly byType: Readonly<Record<string, Share>>;
  readonly count: number;
}

export interface CaptionScores {
  /** Captions that ground a phrase, and whose grounded phrases are all true. */
  readonly allTrue: number;
  /** Of all grounded phrases, the true ones; 0 without any. */
  readonly truePhrases: number;
  /** Of all objects, those that a true phrase stands for. */
  readonly coveredObjects: number;
  /** Grounded phrases in all. */
  readonly phrases: number;
  readonly count: number;
}

/** The measures of each task that was run. */
export interface ShapesScores {
  readonly grounding?: GroundingScores;
  readonly comprehension?: ComprehensionScores;
  readonly questions?: QuestionScores;
  readonly captions?: CaptionScores;
}

export type ShapesScorer<Task extends ShapesTask> = (
  answered: readonly ShapesAnswered<ShapesItems[Task]>[],
) => NonNullable<ShapesScores[Task]>;

export const SHAPES_SCORERS: { readonly [Task in ShapesTask]: ShapesScorer<Task> } = {
  grounding: scoreGrounding,
  comprehension: scoreComprehension,
  questions: scoreQuestions,
  captions: scoreCaptions,
};

/** Boxes of the asked phrase, in the order in which they were written. */
function predictedBoxes({ item, answer }: ShapesAnswered<ShapesGroundingItem>) {
  return boxesOfEntities(answer.entities, item.phrase);
}

export function groundingIsRight(answered: ShapesAnswered<ShapesGroundingItem>): boolean {
  return bestOverlap({ predicted: predictedBoxes(answered), truth: answered.item.boxes }, '1') >= IOU_THRESHOLD;
}

function scoreGrounding(answered: readonly ShapesAnswered<ShapesGroundingItem>[]): GroundingScores {
  const found = answered.map((one) => {
    const predicted = predictedBoxes(one);
    return one.item.boxes.filter((box) => bestOverlap({ predicted, truth: [box] }, 'all') >= IOU_THRESHOLD).length;
  });
  return {
    recallAt1: shareOf(answered, groundingIsRight),
    objectRecall: sum(found) / sum(answered.map(({ item }) => item.boxes.length)),
    count: answered.length,
  };
}

export function comprehensionIsRight(answered: ShapesAnswered<ShapesComprehensionItem>): boolean {
  return comprehensionOverlap(predictedBoxes(answered), answered.item.boxes[0]).first >= IOU_THRESHOLD;
}

function scoreComprehension(answered: readonly ShapesAnswered<ShapesComprehensionItem>[]): ComprehensionScores {
  return {
    accuracy: shareOf(answered, comprehensionIsRight),
    byKind: sharesBy(answered, ({ item }) => item.expressionKind, comprehensionIsRight),
    byNovelty: sharesBy(answered, ({ item }) => item.novelty, comprehensionIsRight),
    count: answered.length,
  };
}

export function questionIsRight({ item, answer }: ShapesAnswered<ShapesQuestionItem>): boolean {
  return normalized(answer.answer) === normalized(item.answer);
}

function normalized(answer: string): string {
  return answer.trim().replace(/\.$/, '').toLowerCase();
}

function scoreQuestions(answered: readonly ShapesAnswered<ShapesQuestionItem>[]): QuestionScores {
  return {
    accuracy: shareOf(answered, questionIsRight),
    byType: sharesBy(answered, ({ item }) => item.type, questionIsRight),
    count: answered.length,
  };
}

function verdictOf({ item, answer }: ShapesAnswered<ShapesCaptionItem>) {
  return judgeCaption(item.scene, answer.entities);
}

export function captionIsRight(answered: ShapesAnswered<ShapesCaptionItem>): boolean {
  return verdictOf(answered).isTrue;
}

function scoreCaptions(answered: readonly ShapesAnswered<ShapesCaptionItem>[]): CaptionScores {
  const verdicts = answered.map(verdictOf);
  const total = (key: 'phrases' | 'truePhrases' | 'objects' | 'foundObjects') => sum(verdicts.map((one) => one[key]));
  const phrases = total('phrases');
  return {
    allTrue: shareOf(verdicts, ({ isTrue }) => isTrue),
    truePhrases: phrases === 0 ? 0 : total('truePhrases') / phrases,
    coveredObjects: total('foundObjects') / total('objects'),
    phrases,
    count: answered.length,
  };
}

function shareOf<T>(list: readonly T[], isRight: (one: T) => boolean): number {
  return list.filter(isRight).length / list.length;
}

/** Shares of the groups that a key makes, sorted by it; what has none belongs to no group. */
function sharesBy<T>(
  list: readonly T[],
  keyOf: (one: T) => string | null,
  isRight: (one: T) => boolean,
): Record<string, Share> {
  const keys = [...new Set(list.map(keyOf))].filter((key) => key !== null).sort();
  return Object.fromEntries(
    keys.map((key) => {
      const group = list.filter((one) => keyOf(one) === key);
      return [key, { share: shareOf(group, isRight), count: group.length }];
    }),
  );
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
