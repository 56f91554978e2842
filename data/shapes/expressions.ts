/** Referring expressions: words that single out one object of a scene, true and unique by construction. */

import type { Random } from '../random.ts';
import { EXTREMES, type Extreme, RELATIONS, type Relation } from './attributes.ts';
import { type Attribute, type Description, definite, describe, fits, words } from './description.ts';
import { CLEAR_DISTANCE, clearExtreme, distanceAlong, maySay } from './relations.ts';
import type { Scene, SceneObject } from './scene.ts';

/** `the [extreme] description [relation anchor]`. */
export interface Expression {
  readonly description: Description;
  readonly extreme?: Extreme;
  readonly relation?: Relation;
  /** The other object of the relation, with a description of its own. */
  readonly anchor?: Description;
}

export function expressionText(expression: Expression): string {
  const { description, extreme } = expression;
  const head = extreme ? `the ${extreme} ${words(description)}` : definite(description);
  return head + relationText(expression);
}

/** ` left of the ring`, or nothing. */
export function relationText({ relation, anchor }: Expression): string {
  return relation && anchor ? ` ${relation} ${definite(anchor)}` : '';
}

/** From short to long; of equally short ones the more telling first. */
const BY_LENGTH: readonly (readonly Attribute[])[] = [
  ['shape'],
  ['color', 'shape'],
  ['size', 'shape'],
  ['texture', 'shape'],
  ['size', 'color', 'shape'],
  ['texture', 'color', 'shape'],
  ['size', 'texture', 'shape'],
  ['size', 'texture', 'color', 'shape'],
];

/** How often an expression goes by attributes alone, by a relation, and by a superlative, where all three can be had. */
const KIND_WEIGHTS = [50, 35, 15];
/** An expression says the colour although it need not, so often. */
const FULLER_CHANCE = 0.3;

/** An expression of any kind for an object; null when there is none that singles it out. */
export function expressionFor(scene: Scene, object: SceneObject, random: Random): Expression | null {
  const found = [
    attributeExpression(scene, object, random),
    pickOrNull(random, relationExpressions(scene, object)),
    pickOrNull(random, extremeExpressions(scene, object)),
  ];
  if (found.every((expression) => expression === null)) return null;
  return found[random.weighted(KIND_WEIGHTS.map((weight, i) => (found[i] ? weight : 0)))];
}

/** Every expression for an object, of each kind. */
export function allExpressions(scene: Scene, object: SceneObject): Expression[] {
  const shortest = shortestDescription(scene, object);
  const byAttributes = shortest ? [{ description: shortest }] : [];
  return [...byAttributes, ...relationExpressions(scene, object), ...extremeExpressions(scene, object)];
}

function attributeExpression(scene: Scene, object: SceneObject, random: Random): Expression | null {
  const shortest = shortestDescription(scene, object);
  if (!shortest) return null;
  const fuller = random.chance(FULLER_CHANCE);
  return { description: fuller ? { ...shortest, color: object.color } : shortest };
}

/** The shortest description, without relations, that fits this object only; null when there is none. */
export function shortestDescription(
  scene: Scene,
  object: SceneObject,
  attributeSets: readonly (readonly Attribute[])[] = BY_LENGTH,
): Description | null {
  for (const attributes of attributeSets) {
    const description = describe(object, attributes);
    if (scene.objects.every((other) => other === object || !fits(other, description))) return description;
  }
  return null;
}

/** All expressions of the form «the star left of the ring», each with the shortest head that does. */
export function relationExpressions(
  scene: Scene,
  object: SceneObject,
  heads: readonly (readonly Attribute[])[] = BY_LENGTH,
): Expression[] {
  return scene.objects.flatMap((other) => {
    const anchor = other === object ? null : shortestDescription(scene, other);
    if (!anchor) return [];
    return RELATIONS.flatMap((relation): Expression[] => {
      if (distanceAlong(object, relation, other) < CLEAR_DISTANCE || !maySay(scene, object, relation)) return [];
      const description = headFor(scene, object, relation, other, heads);
      return description ? [{ description, relation, anchor }] : [];
    });
  });
}

function headFor(
  scene: Scene,
  object: SceneObject,
  relation: Relation,
  anchor: SceneObject,
  heads: readonly (readonly Attribute[])[],
): Description | null {
  for (const attributes of heads) {
    const head = describe(object, attributes);
    // what is not clearly elsewhere counts as a rival
    const rival = scene.objects.some(
      (other) =>
        other !== object && other !== anchor && fits(other, head) && distanceAlong(other, relation, anchor) > 0,
    );
    if (!rival) return head;
  }
  return null;
}

/** All expressions of the form «the leftmost red star»; there are at least two red stars then. */
export function extremeExpressions(scene: Scene, object: SceneObject): Expression[] {
  const heads: (readonly Attribute[])[] = [['shape'], ['color', 'shape']];
  return heads.flatMap((attributes) => {
    const description = describe(object, attributes);
    const alike = scene.objects.filter((other) => fits(other, description));
    if (alike.length < 2) return [];
    return EXTREMES.filter((extreme) => clearExtreme(extreme, alike) === object).map((extreme) => ({
      description,
      extreme,
    }));
  });
}

function pickOrNull<T>(random: Random, list: readonly T[]): T | null {
  return list.length > 0 ? random.pick(list) : null;
}
