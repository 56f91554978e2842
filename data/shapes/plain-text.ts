/** Plain text about the world: what words mean, and what follows from what. */

import type { Random } from '../random.ts';
import { NUMBER_WORDS, OPPOSITE, type Relation } from './attributes.ts';
import { capitalized, definite, describe, indefinite } from './description.ts';
import { shortestDescription } from './expressions.ts';
import { distanceAlong, inReadingOrder, mainRelation, maySay } from './relations.ts';
import type { Scene, SceneObject } from './scene.ts';

const FACTS = [
  'A star has five points.',
  'A triangle has three sides.',
  'A square has four sides.',
  'A diamond is a square that stands on a corner.',
  'A ring is a circle with a hole.',
  'A circle is round.',
  'A cross has four arms.',
  'A heart has a point at the bottom.',
  'Red, green, blue, yellow, purple, orange and white are colours.',
  'A circle, a square, a triangle, a star, a ring, a cross, a heart and a diamond are shapes.',
  'A large object is larger than a small object.',
  'A striped object has stripes.',
  'A dotted object has dots.',
  'A plain object has no stripes and no dots.',
  'What is left of an object is not right of it.',
  'What is above an object is not below it.',
  'The leftmost object has no object left of it.',
  'The topmost object has no object above it.',
  'An image has one, two, three, four, five or six objects.',
  'A background is plain, shaded, checkered or grainy.',
];

/** Two or three lines; what they say of objects is true of a scene that is not shown. */
export function plainTextLines(scene: Scene, random: Random): string[] {
  const makers = [relationFact, chainFact, sumFact, () => random.pick(FACTS)];
  const lines = new Set<string>();
  const count = random.between(2, 3);
  while (lines.size < count) {
    const line = makers[random.weighted([4, 3, 3, 2])](scene, random);
    lines.add(line ?? random.pick(FACTS));
  }
  return [...lines];
}

/** `If the star is left of the ring, then the ring is right of the star.` */
function relationFact(scene: Scene, random: Random): string | null {
  for (const first of random.shuffled(scene.objects)) {
    for (const second of scene.objects) {
      const relation = first === second ? null : statedRelation(scene, first, second);
      if (!relation || !maySay(scene, second, OPPOSITE[relation])) continue;
      const [a, b] = [nameOf(scene, first), nameOf(scene, second)];
      if (a && b) return `If ${a} is ${relation} ${b}, then ${b} is ${OPPOSITE[relation]} ${a}.`;
    }
  }
  return null;
}

/** `If the star is left of the ring and the ring is left of the cross, then the star is left of the cross.` */
function chainFact(scene: Scene, random: Random): string | null {
  for (const middle of random.shuffled(scene.objects)) {
    for (const first of scene.objects) {
      const relation = first === middle ? null : statedRelation(scene, first, middle);
      if (!relation || !maySay(scene, middle, relation)) continue;
      const last = scene.objects.find((other) => other !== middle && distanceAlong(middle, relation, other) > 0);
      const [a, b, c] = [nameOf(scene, first), nameOf(scene, middle), last && nameOf(scene, last)];
      if (a && b && c)
        return `If ${a} is ${relation} ${b} and ${b} is ${relation} ${c}, then ${a} is ${relation} ${c}.`;
    }
  }
  return null;
}

/** `A red star and two blue rings are three objects.` */
function sumFact(scene: Scene): string | null {
  const counts = new Map<string, { object: SceneObject; count: number }>();
  for (const object of inReadingOrder(scene.objects)) {
    const name = indefinite(describe(object, ['color', 'shape']));
    counts.set(name, { object, count: (counts.get(name)?.count ?? 0) + 1 });
  }
  if (counts.size !== 2) return null;
  const [first, second] = [...counts.values()].map(({ object, count }) =>
    indefinite(describe(object, ['color', 'shape']), count),
  );
  return `${capitalized(first)} and ${second} are ${NUMBER_WORDS[scene.objects.length]} objects.`;
}

function statedRelation(scene: Scene, first: SceneObject, second: SceneObject): Relation | null {
  const relation = mainRelation(first, second);
  return relation && maySay(scene, first, relation) ? relation : null;
}

function nameOf(scene: Scene, object: SceneObject): string | null {
  const description = shortestDescription(scene, object);
  return description && definite(description);
}
