import type { Box } from './patches.ts';

/**
 * Intersection over union of two boxes in any one unit, without the "+ 1 pixel" of integer boxes.
 *
 * @returns NaN when both boxes are empty: a comparison with a threshold then counts as a miss
 */
export function intersectionOverUnion(a: Box, b: Box): number {
  const width = Math.max(0, Math.min(a[2], b[2]) - Math.max(a[0], b[0]));
  const height = Math.max(0, Math.min(a[3], b[3]) - Math.max(a[1], b[1]));
  const intersection = width * height;
  return intersection / (area(a) + area(b) - intersection);
}

function area([x1, y1, x2, y2]: Box): number {
  return (x2 - x1) * (y2 - y1);
}
