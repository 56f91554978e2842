/** Items to evaluate a model on, in four tasks; each has a scene, a prompt and what is right. */

import type { Box } from '../grounding/patches.ts';
import type { RgbImage } from '../image/image.ts';
import { Random } from '../random.ts';
import { BRIEF_PROMPT, imageCaption } from './captions.ts';
import { allExpressions, type Expression, expressionFor, expressionText } from './expressions.ts';
import { isHeldOut, isNovelPair } from './holdout.ts';
import { STREAMS } from './purposes.ts';
import { QUESTION_TYPES, type QuestionType, questionAbout, questionPrompt } from './questions.ts';
import { renderScene } from './render.ts';
import { boxOf, checkMostObjects, makeScene, type Scene, type SceneObject, SPLITS, type Split } from './scene.ts';
import { GROUNDING, phrasePrompt } from './texts.ts';

export const SHAPES_TASKS = ['grounding', 'comprehension', 'questions', 'captions'] as const;
export type ShapesTask = (typeof SHAPES_TASKS)[number];

export interface ShapesEvaluationOptions<Task extends ShapesTask> {
  readonly seed: number;
  readonly split: Split;
  readonly count: number;
  readonly task: Task;
  /** Width and height of the pictures in pixels. Default 64. */
  readonly imageSize?: number;
  /** Scenes with more objects are left out. Default: none are. */
  readonly mostObjects?: number;
}

interface Item {
  readonly id: string;
  readonly scene: Scene;
  /** Drawn when asked for. */
  image(): RgbImage;
  /** For the processor, with the picture in front. */
  readonly prompt: string;
}

/** Where are the objects of a phrase? Any of the boxes counts as found (as in Flickr30k Entities). */
export interface ShapesGroundingItem extends Item {
  readonly phrase: string;
  readonly boxes: readonly Box[];
}

/** What training never saw about an expression's object: its pair of colour and shape, or the pair in this relation. */
export type Novelty = 'pair' | 'relation' | null;

/** Where is the one object that an expression means? */
export interface ShapesComprehensionItem extends ShapesGroundingItem {
  readonly expressionKind: 'attributes' | 'relation' | 'extreme';
  readonly novelty: Novelty;
}

export interface ShapesQuestionItem extends Item {
  readonly type: QuestionType;
  readonly question: string;
  readonly answer: string;
}

/** Judge what a model writes with `judgeCaption`. */
export interface ShapesCaptionItem extends Item {
  /** One of the captions that are right. */
  readonly caption: string;
}

export interface ShapesItems {
  readonly grounding: ShapesGroundingItem;
  readonly comprehension: ShapesComprehensionItem;
  readonly questions: ShapesQuestionItem;
  readonly captions: ShapesCaptionItem;
}

/**
 * The first `count` items of a task, one a scene. Those of the split `novel` are about what training never saw.
 *
 * @throws Error for a task or a split that does not exist, and for expressions or new pairs in scenes of one object
 */
export function shapesEvaluation<Task extends ShapesTask>(options: ShapesEvaluationOptions<Task>): ShapesItems[Task][] {
  const { seed, split, count, task, imageSize = 64, mostObjects = Number.POSITIVE_INFINITY } = options;
  if (!SHAPES_TASKS.includes(task)) throw new Error(`shapes: no task ${task}; there are ${SHAPES_TASKS.join(', ')}`);
  if (!SPLITS.includes(split)) throw new Error(`shapes: no split ${split}; there are ${SPLITS.join(', ')}`);
  checkMostObjects(mostObjects);
  if (task === 'comprehension' && mostObjects < 2)
    throw new Error('shapes: with one object alone there is nothing to comprehend (mostObjects 1)');
  if (split === 'novel' && mostObjects < 2)
    throw new Error('shapes: scenes of the split novel have two objects or more (mostObjects 1)');
  const make = MAKERS[task];
  const items: ShapesItems[Task][] = [];
  for (let index = 0; items.length < count; index++) {
    const scene = makeScene({ seed, split, index });
    if (scene.objects.length > mostObjects) continue;
    const random = new Random(seed, [STREAMS.evaluation + SPLITS.indexOf(split), index, SHAPES_TASKS.indexOf(task)]);
    const made = make(scene, random, items.length);
    if (!made) continue;
    const id = `shapes-${split}-${seed}-${index}`;
    items.push({ id, scene, image: () => renderScene(scene, imageSize), ...made } as ShapesItems[Task]);
  }
  return items;
}

type Made<T extends Item> = Omit<T, Exclude<keyof Item, 'prompt'>>;
/** @param number how many items there are already: what alternates goes by it */
type Maker<T extends Item> = (scene: Scene, random: Random, number: number) => Made<T> | null;

const MAKERS: { readonly [Task in ShapesTask]: Maker<ShapesItems[Task]> } = {
  grounding: (scene, random) => {
    const { text, phrases } = imageCaption(scene);
    const newBoxes = scene.objects.filter(isNovelPair).map((object) => boxOf(object).join());
    const asked = phrases.filter(
      ({ boxes }) => scene.split !== 'novel' || boxes.some((box) => newBoxes.includes(box.join())),
    );
    const { span, boxes } = random.pick(asked);
    const phrase = text.slice(...span);
    return { prompt: phrasePrompt(text.slice(0, span[0]), phrase), phrase, boxes };
  },
  comprehension: (scene, random, number) => {
    const asked = scene.split === 'novel' ? novelExpression(scene, random, number) : knownExpression(scene, random);
    if (!asked) return null;
    const { object, expression } = asked;
    const phrase = expressionText(expression);
    return {
      prompt: phrasePrompt('', phrase),
      phrase,
      boxes: [boxOf(object)],
      expressionKind: expression.relation ? 'relation' : expression.extreme ? 'extreme' : 'attributes',
      novelty: noveltyOf(object, expression),
    };
  },
  questions: (scene, random, number) => {
    const objects = scene.split === 'novel' ? scene.objects.filter(isNovelPair) : scene.objects;
    const type = QUESTION_TYPES[number % QUESTION_TYPES.length];
    const asked = questionAbout(scene, random.pick(objects), type, random);
    return asked && { type, question: asked.question, answer: asked.answer, prompt: questionPrompt(asked.question) };
  },
  captions: (scene) => ({ caption: imageCaption(scene).text, prompt: `${GROUNDING}${BRIEF_PROMPT}` }),
};

interface Asked {
  readonly object: SceneObject;
  readonly expression: Expression;
}

/** Of two objects or more. */
function knownExpression(scene: Scene, random: Random): Asked | null {
  if (scene.objects.length < 2) return null;
  const object = random.pick(scene.objects);
  const expression = expressionFor(scene, object, random);
  return expression && { object, expression };
}

/** By turns about an object of a novel pair, and about a known one in a relation that training never saw it in. */
function novelExpression(scene: Scene, random: Random, number: number): Asked | null {
  const wanted: Novelty = number % 2 === 0 ? 'pair' : 'relation';
  const asked = scene.objects.flatMap((object) =>
    allExpressions(scene, object)
      .map((expression) => ({ object, expression }))
      .filter(({ expression }) => noveltyOf(object, expression) === wanted),
  );
  return asked.length > 0 ? random.pick(asked) : null;
}

function noveltyOf(object: SceneObject, { relation }: Expression): Novelty {
  if (isNovelPair(object)) return 'pair';
  return relation && isHeldOut(object, relation) ? 'relation' : null;
}
