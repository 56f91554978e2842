/** Questions about an object of a scene, with short answers. */

import type { Random } from '../random.ts';
import {
  COLORS,
  type Color,
  NUMBER_WORDS,
  RELATIONS,
  type Relation,
  SHAPES,
  type Shape,
  TEXTURES,
} from './attributes.ts';
import { type Attribute, type Description, definite, describe, fits, indefinite, words } from './description.ts';
import { expressionText, relationExpressions, shortestDescription } from './expressions.ts';
import { isNovelPair } from './holdout.ts';
import { CLEAR_DISTANCE, centerX, centerY, distanceAlong, maySay } from './relations.ts';
import type { Scene, SceneObject } from './scene.ts';
import { UNITS } from './units.ts';

export const QUESTION_TYPES = ['what', 'colour', 'count', 'where', 'yes-no'] as const;
export type QuestionType = (typeof QUESTION_TYPES)[number];

export interface Question {
  readonly type: QuestionType;
  readonly question: string;
  readonly answer: string;
  /** Of `where`: the words for the object. */
  readonly subject?: string;
}

type Asker = (scene: Scene, object: SceneObject, random: Random) => Omit<Question, 'type'> | null;

const ASKERS: Readonly<Record<QuestionType, Asker>> = {
  what: askWhat,
  colour: askColor,
  count: askCount,
  where: askWhere,
  'yes-no': askYesNo,
};

/** A question of a type about an object, or one where it plays a part; null when there is none with a clear answer. */
export function questionAbout(scene: Scene, object: SceneObject, type: QuestionType, random: Random): Question | null {
  const asked = ASKERS[type](scene, object, random);
  return asked && { type, ...asked };
}

export function questionPrompt(question: string): string {
  return `Question: ${question} Answer:`;
}

const WITHOUT_SHAPE: readonly (readonly Attribute[])[] = [['color'], ['size'], ['size', 'color'], ['texture', 'color']];
const WITHOUT_COLOR: readonly (readonly Attribute[])[] = [['shape'], ['size', 'shape'], ['texture', 'shape']];

function askWhat(scene: Scene, object: SceneObject, random: Random): Omit<Question, 'type'> | null {
  const related = random.chance(0.4) ? random.shuffled(relationExpressions(scene, object, [[]])) : [];
  const answer = indefinite(describe(object, ['color', 'shape']));
  if (related.length > 0) {
    const { relation, anchor } = related[0];
    return { question: `What is ${relation} ${definite(anchor!)}?`, answer };
  }
  const description = shortestDescription(scene, object, WITHOUT_SHAPE);
  return description && { question: `What shape is ${definite(description)}?`, answer: object.shape };
}

function askColor(scene: Scene, object: SceneObject, random: Random): Omit<Question, 'type'> | null {
  const description = shortestDescription(scene, object, WITHOUT_COLOR);
  const related = relationExpressions(scene, object, WITHOUT_COLOR);
  const useRelation = related.length > 0 && (!description || random.chance(0.25));
  const name = useRelation ? expressionText(random.pick(related)) : description && definite(description);
  return name === null
    ? null
    : { question: `${random.pick(['What', 'Which'])} colour is ${name}?`, answer: object.color };
}

function askCount(scene: Scene, object: SceneObject, random: Random): Omit<Question, 'type'> | null {
  const description = random.chance(0.15) ? absent(scene, object, random) : countable(scene, object, random);
  if (!description) return null;
  return {
    question: `How many ${words(description, 2)} are there?`,
    answer: NUMBER_WORDS[countOf(scene, description)],
  };
}

/** Something that there is; more often what there is more of, so that the answers are not almost always one. */
function countable(scene: Scene, object: SceneObject, random: Random): Description {
  const sets: (readonly Attribute[])[] = [[], ['color'], ['shape'], ['color', 'shape']];
  const candidates = sets.map((attributes) => describe(object, attributes));
  const weights = candidates.map((description, i) => (i === 0 ? 1 : countOf(scene, description) ** 2));
  return candidates[random.weighted(weights)];
}

function countOf(scene: Scene, description: Description): number {
  return scene.objects.filter((object) => fits(object, description)).length;
}

const ROWS = ['upper', 'middle', 'lower'] as const;
const COLUMNS = ['left', 'middle', 'right'] as const;
/** Centres so near to a border between thirds of the picture are not asked for, in units. */
const BORDER = 8;

function askWhere(scene: Scene, object: SceneObject): Omit<Question, 'type'> | null {
  const description = shortestDescription(scene, object);
  const answer = placeOf(object);
  if (!description || !answer) return null;
  const subject = definite(description);
  return { question: `Where is ${subject}?`, answer, subject };
}

/** `in the upper left`: the ninth of the picture that holds the centre; null near a border. */
export function placeOf(object: SceneObject): string | null {
  const [row, column] = [third(centerY(object)), third(centerX(object))];
  if (row === null || column === null) return null;
  return row === 1 && column === 1 ? 'in the centre' : `in the ${ROWS[row]} ${COLUMNS[column]}`;
}

function third(center: number): number | null {
  const nearBorder = [1, 2].some((border) => Math.abs(center - (border * UNITS) / 3) < BORDER);
  return nearBorder ? null : Math.floor((center * 3) / UNITS);
}

/** Asked so that yes and no are as likely, whatever is asked. */
function askYesNo(scene: Scene, object: SceneObject, random: Random): Omit<Question, 'type'> | null {
  const yes = random.chance(0.5);
  const askers = random.shuffled([askIsThere, askIsIt, askIsRelated]);
  for (const ask of askers) {
    const question = ask(scene, object, random, yes);
    if (question) return { question, answer: yes ? 'yes' : 'no' };
  }
  return null;
}

function askIsThere(scene: Scene, object: SceneObject, random: Random, yes: boolean): string | null {
  const there = describe(
    object,
    random.pick<readonly Attribute[]>([['shape'], ['color', 'shape'], ['color', 'shape']]),
  );
  const description = yes ? there : absent(scene, object, random);
  return description && `Is there ${indefinite(description)}?`;
}

/** Something like the object that is not there. */
function absent(scene: Scene, object: SceneObject, random: Random): Description | null {
  const candidates = [
    { shape: random.pick(SHAPES) },
    { color: random.pick(COLORS), shape: object.shape },
    { color: object.color, shape: random.pick(SHAPES) },
  ];
  const usable = candidates.filter(
    ({ color, shape }) => countOf(scene, { color, shape }) === 0 && mayName(scene, color, shape),
  );
  return usable.length > 0 ? random.pick(usable) : null;
}

/** Novel pairs are not even spoken of outside of `novel`. */
function mayName(scene: Scene, color: Color | undefined, shape: Shape): boolean {
  return scene.split === 'novel' || color === undefined || !isNovelPair({ color, shape });
}

function askIsIt(scene: Scene, object: SceneObject, random: Random, yes: boolean): string | null {
  const description = shortestDescription(scene, object, WITHOUT_COLOR);
  if (!description) return null;
  const subject = definite(description);
  if (random.chance(0.25) && description.texture === undefined) {
    const texture = yes ? object.texture : random.pick(TEXTURES.filter((other) => other !== object.texture));
    return `Is ${subject} ${texture}?`;
  }
  const others = COLORS.filter((color) => color !== object.color && mayName(scene, color, object.shape));
  return `Is ${subject} ${yes ? object.color : random.pick(others)}?`;
}

function askIsRelated(scene: Scene, object: SceneObject, random: Random, yes: boolean): string | null {
  const description = shortestDescription(scene, object);
  if (!description) return null;
  const questions = scene.objects.flatMap((other) => {
    const anchor = other === object ? null : shortestDescription(scene, other);
    if (!anchor) return [];
    return RELATIONS.filter((relation) => isClearly(scene, object, relation, other, yes)).map(
      (relation) => `Is ${definite(description)} ${relation} ${definite(anchor)}?`,
    );
  });
  return questions.length > 0 ? random.pick(questions) : null;
}

function isClearly(scene: Scene, object: SceneObject, relation: Relation, other: SceneObject, yes: boolean): boolean {
  const distance = distanceAlong(object, relation, other);
  return (yes ? distance : -distance) >= CLEAR_DISTANCE && maySay(scene, object, relation);
}
