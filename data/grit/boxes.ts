/** Boxes as other tools give them. */
import type { Box } from '../grounding/patches.ts';
import type { ProblemKind } from './problems.ts';

export interface CheckedBox {
  /** Inside the picture, with an area; null where the box cannot be used. */
  box: Box | null;
  /** What is to be told; null where all is well. */
  problem: ProblemKind | null;
}

/**
 * A box in fractions of its picture. One that is inverted, without area or outside is not used; one that reaches over the edge is cut.
 *
 * @param size of the picture in pixels, where the box is in pixels too
 */
export function checkedBox(
  value: unknown,
  size: { width: number; height: number } = { width: 1, height: 1 },
): CheckedBox {
  if (!Array.isArray(value) || value.length !== 4 || !value.every(Number.isFinite)) return unusable('box-invalid');
  const [left, top, right, bottom] = value as [number, number, number, number];
  const box: Box = [left / size.width, top / size.height, right / size.width, bottom / size.height];
  if (!hasArea(box)) return unusable('box-inverted');
  const [x1, y1, x2, y2] = box;
  const clipped: Box = [Math.max(x1, 0), Math.max(y1, 0), Math.min(x2, 1), Math.min(y2, 1)];
  if (!hasArea(clipped)) return unusable('box-outside');
  return clipped.every((edge, index) => edge === box[index])
    ? { box, problem: null }
    : { box: clipped, problem: 'box-clipped' };
}

/** Whether a value can be a detector's confidence. */
export function isScore(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value <= 1;
}

function unusable(problem: ProblemKind): CheckedBox {
  return { box: null, problem };
}

function hasArea([x1, y1, x2, y2]: Box): boolean {
  return x2 > x1 && y2 > y1;
}
