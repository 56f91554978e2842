/** How far a head is from its dependent, in steps that grow with the distance. */

const BORDERS = [1, 2, 3, 4, 6, 9, 14];

/** Steps of one direction, the last one open. */
const STEPS = BORDERS.length + 1;

/** Distances in both directions; and the number that stands for the root, which lies nowhere. */
export const DISTANCES = 2 * STEPS;
export const ROOT_DISTANCE = DISTANCES;

/** The number of a distance in words, `head − dependent`; 0 counts as 1. */
export function distanceStep(offset: number): number {
  const far = Math.abs(offset);
  const step = BORDERS.findIndex((border) => far <= border);
  return (offset < 0 ? STEPS : 0) + (step === -1 ? STEPS - 1 : step);
}
