/** Where objects lie to each other: by the distance of their centres, in units. */
import { EXTREMES, type Extreme, RELATIONS, type Relation } from './attributes.ts';
import { isHeldOut } from './holdout.ts';
import type { Spot } from './placement.ts';
import type { Scene, SceneObject } from './scene.ts';

/** Texts only speak of a relation when it is clear: at least an eighth of the picture. */
export const CLEAR_DISTANCE = 32;
/** And call something the leftmost when the next one is that far off. */
const CLEAR_LEAD = 24;

/** How far `a` lies from `b` in the direction of the relation; negative when it is the other way round. */
export function distanceAlong(a: Spot, relation: Relation, b: Spot): number {
  switch (relation) {
    case 'left of':
      return centerX(b) - centerX(a);
    case 'right of':
      return centerX(a) - centerX(b);
    case 'above':
      return centerY(b) - centerY(a);
    case 'below':
      return centerY(a) - centerY(b);
  }
}

export function centerX({ x, side }: Spot): number {
  return x + side / 2;
}

export function centerY({ y, side }: Spot): number {
  return y + side / 2;
}

/** From left to right; one above the other: from top to bottom. */
export function inReadingOrder<T extends Spot>(objects: readonly T[]): T[] {
  return [...objects].sort((a, b) => centerX(a) - centerX(b) || centerY(a) - centerY(b));
}

/** The relation of the axis on which the two are further apart; null when that is not clear. */
export function mainRelation(a: Spot, b: Spot): Relation | null {
  const best = RELATIONS.reduce((one, other) => (distanceAlong(a, other, b) > distanceAlong(a, one, b) ? other : one));
  return distanceAlong(a, best, b) >= CLEAR_DISTANCE ? best : null;
}

/** The one of several that lies clearly furthest in a direction; null when two are about as far. */
export function clearExtreme(extreme: Extreme, objects: readonly SceneObject[]): SceneObject | null {
  const relation = RELATIONS[EXTREMES.indexOf(extreme)];
  return (
    objects.find((one) =>
      objects.every((other) => other === one || distanceAlong(one, relation, other) >= CLEAR_LEAD),
    ) ?? null
  );
}

/** Whether a text of this scene may put the object into the relation at all, true or not (see `holdout.ts`). */
export function maySay(scene: Scene, object: SceneObject, relation: Relation): boolean {
  return scene.split === 'novel' || !isHeldOut(object, relation);
}
