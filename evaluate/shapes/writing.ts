/** The tasks of the shapes world that are answered by writing. */
import { type Box, boxToTrainingPatches, phraseIsTrue, type ShapesItems, type ShapesTask } from '../../data/index.ts';
import type { Row } from '../data/fields.ts';
import { type Shown, type ShownBoxes, shownText } from '../exhibit.ts';
import { boxesOfEntities } from '../metrics/grounding.ts';
import type { Writing } from '../run/asking.ts';
import { defineTask, type MetricRow, type Task, type TaskRequest } from '../task.ts';
import { REFERRING_PROMPT } from '../tasks/generation.ts';
import { sceneOf, shapesItems } from './data.ts';
import {
  captionIsRight,
  comprehensionIsRight,
  groundingIsRight,
  questionIsRight,
  SHAPES_MOST_TOKENS,
  SHAPES_SCORERS,
  type ShapesAnswer,
  type ShapesAnswered,
  type ShapesScorer,
  type Share,
} from './scores.ts';

export const SHAPES_FORM = 'shapes:validation, shapes:test or shapes:novel, scenes of the shapes world by --seed';
const ANSWER_FORM =
  '"answer": what the model wrote, without tags; "entities": [{"text": …, "boxes": [[x1, y1, x2, y2], …]}, …], those of the prompt too';

/** Boxes of scenes are fractions of the picture. */
const UNIT = { width: 1, height: 1 };

interface Described<Name extends ShapesTask> {
  readonly summary: string;
  readonly rows: (scores: ReturnType<ShapesScorer<Name>>) => MetricRow[];
  readonly isRight: (answered: ShapesAnswered<ShapesItems[Name]>) => boolean;
  readonly show: (item: ShapesItems[Name], answer: ShapesAnswer) => Partial<Shown>;
}

function shapesTask<Name extends ShapesTask>(name: Name, { summary, rows, isRight, show }: Described<Name>): Task {
  type Item = ShapesItems[Name];
  const score: ShapesScorer<Name> = SHAPES_SCORERS[name];
  return defineTask<Item, ShapesAnswer>({
    summary,
    dataForm: SHAPES_FORM,
    predictionForm: ANSWER_FORM,
    load: async (request) => ({ items: shapesItems(name, request), problems: [] }),
    asking: writing<Item>(SHAPES_MOST_TOKENS[name], ({ prompt }) => ({ prompt })),
    read: readAnswer,
    score: async (answers) => ({ rows: rows(score(answers)), notes: [] }),
    show: (item, answer) => ({
      ...shownText(isRight({ item, answer }), []),
      size: UNIT,
      ...show(item, answer),
    }),
  });
}

type SceneItem = ShapesItems[ShapesTask];

function writing<Item extends SceneItem>(maxNewTokens: number, ask: Writing<Item>['ask']): Writing<Item> {
  return {
    kind: 'writing',
    pictureOf: sceneOf,
    decoding: { maxNewTokens },
    ask,
    predict: ({ answer, entities }) => ({ answer, entities }),
  };
}

function readAnswer({ answer, entities }: Row): ShapesAnswer {
  if (typeof answer !== 'string') throw new Error('"answer", a text, is expected');
  if (!Array.isArray(entities) || !entities.every(isEntity))
    throw new Error('"entities", a list of {"text", "boxes"}, is expected');
  return { answer, entities };
}

function isEntity(value: unknown): value is ShapesAnswer['entities'][number] {
  const { text, boxes } = (value ?? {}) as Row;
  return typeof text === 'string' && Array.isArray(boxes) && boxes.every(isBox);
}

function isBox(value: unknown): value is Box {
  return Array.isArray(value) && value.length === 4 && value.every((one) => Number.isFinite(one));
}

function percent(metric: string, share: number): MetricRow {
  return { metric, value: 100 * share, paper: null };
}

function percents(shares: Readonly<Record<string, Share>>, prefix = ''): MetricRow[] {
  return Object.entries(shares).map(([name, { share }]) => percent(prefix + name, share));
}

/** The boxes of one phrase, as they were found and as they are. */
function showPhrase({ phrase, boxes }: ShapesItems['grounding'], { entities }: ShapesAnswer): Partial<Shown> {
  return {
    predicted: [{ label: phrase, boxes: boxesOfEntities(entities, phrase) }],
    truth: [{ label: phrase, boxes }],
  };
}

function labelled(entities: ShapesAnswer['entities']): ShownBoxes[] {
  return entities.map(({ text, boxes }) => ({ label: text, boxes }));
}

const phraseGrounding = shapesTask('grounding', {
  summary: 'boxes for the phrases of captions',
  rows: ({ recallAt1, objectRecall }) => [percent('R@1', recallAt1), percent('objects found', objectRecall)],
  isRight: groundingIsRight,
  show: showPhrase,
});

const comprehension = shapesTask('comprehension', {
  summary: 'the box of an expression that means one object',
  rows: ({ accuracy, byKind, byNovelty }) => [
    percent('accuracy', accuracy),
    ...percents(byKind),
    ...percents(byNovelty, 'novel '),
  ],
  isRight: comprehensionIsRight,
  show: showPhrase,
});

const vqa = shapesTask('questions', {
  summary: 'answers to questions',
  rows: ({ accuracy, byType }) => [percent('accuracy', accuracy), ...percents(byType)],
  isRight: questionIsRight,
  show: ({ answer }, { entities }) => ({ expected: [answer], predicted: labelled(entities) }),
});

const captioning = shapesTask('captions', {
  summary: 'grounded captions, judged by the scene',
  rows: ({ allTrue, truePhrases, coveredObjects }) => [
    percent('captions all true', allTrue),
    percent('true phrases', truePhrases),
    percent('objects named', coveredObjects),
  ],
  isRight: captionIsRight,
  show: ({ caption, scene }, { entities }) => ({
    expected: [caption],
    predicted: labelled(entities).map((one) => ({ ...one, isTrue: phraseIsTrue(scene, one.label, one.boxes) })),
  }),
});

type ReferredItem = ShapesItems['comprehension'];

const generation = defineTask<ReferredItem, ShapesAnswer>({
  summary: 'an expression for the box of an object',
  dataForm: SHAPES_FORM,
  predictionForm: ANSWER_FORM,
  load: async (request: TaskRequest) => ({ items: shapesItems('comprehension', request), problems: [] }),
  asking: writing(SHAPES_MOST_TOKENS.captions, ({ boxes }, { gridSize }) => ({
    prompt: REFERRING_PROMPT,
    boxes: [{ patch: boxToTrainingPatches(boxes[0], gridSize) }],
  })),
  read: readAnswer,
  async score(answers) {
    const share = (isRight: (item: ReferredItem, answer: ShapesAnswer) => boolean) =>
      answers.filter(({ item, answer }) => isRight(item, answer)).length / answers.length;
    return { rows: [percent('true of the object', share(isTrue)), percent('of it alone', share(isOfOne))], notes: [] };
  },
  show: (item, answer) => ({
    ...shownText(isTrue(item, answer), [item.phrase]),
    size: UNIT,
    truth: [{ label: 'It', boxes: item.boxes }],
  }),
});

function expressionIn({ answer }: ShapesAnswer): string {
  return answer.trim().replace(/\.$/, '');
}

function isTrue({ scene, boxes }: ReferredItem, answer: ShapesAnswer): boolean {
  return phraseIsTrue(scene, expressionIn(answer), boxes);
}

/** With a definite article it would be clear which object is meant. */
function isOfOne({ scene, boxes }: ReferredItem, answer: ShapesAnswer): boolean {
  return phraseIsTrue(scene, expressionIn(answer).replace(/^an? /, 'the '), boxes);
}

/** By the names of the tasks of the paper that they stand for. */
export const SHAPES_WRITING: Readonly<Record<string, Task>> = {
  'phrase-grounding': phraseGrounding,
  comprehension,
  generation,
  captioning,
  vqa,
};
