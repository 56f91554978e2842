/**
 * Boxes and location tokens. A picture is cut into `gridSize` x `gridSize` cells, numbered row by row; a box is written
 * as the numbers of the cells that hold its upper-left and its lower-right corner (paper, section 2; 32 x 32 there).
 *
 * There are two published ways from a box to cells. They differ where x2 or y2 lies on a border between cells: prompts
 * take the cell before the border, training data the cell after it.
 */

/** x1, y1, x2, y2 as fractions of the picture's width and height. */
export type Box = readonly [x1: number, y1: number, x2: number, y2: number];

/** Numbers of the cells at the upper-left and lower-right corner. */
export type PatchPair = readonly [upperLeft: number, lowerRight: number];

/** Cells per side in the published model. */
export const DEFAULT_GRID_SIZE = 32;

/** `<patch_index_0044>` for cell 44: at least four digits. */
export function patchToken(index: number): string {
  return `<patch_index_${String(index).padStart(4, '0')}>`;
}

/**
 * Cells of a box in a prompt (transformers' rule): floor(P v) at the upper left, ceil(P v - 1) at the lower right.
 *
 * @throws Error for a number that is not finite or lies outside 0..1, when not x2 > x1 and y2 > y1, and for a box so
 *   small at the very edge that the rule yields no cell
 */
export function boxToPatches(box: Box, gridSize = DEFAULT_GRID_SIZE): PatchPair {
  const [x1, y1, x2, y2] = checkedBox(box);
  if (!box.every((value) => value >= 0 && value <= 1)) {
    throw new Error(`box ${show(box)}: coordinates are fractions of the picture, from 0 to 1`);
  }
  if (!(x2 > x1 && y2 > y1)) {
    throw new Error(`box ${show(box)}: x1, y1, x2, y2 with x2 > x1 and y2 > y1 are expected`);
  }
  const last = (value: number) => Math.ceil(value * gridSize - 1);
  return cellNumbers(box, [Math.floor(x1 * gridSize), Math.floor(y1 * gridSize), last(x2), last(y2)], gridSize);
}

/**
 * Cells of a box in training data (the published loader's rule): floor(max(v, 0) P) at the upper left and
 * floor(min(v, 0.99999) P) at the lower right. The order of the corners is not checked.
 *
 * @throws Error for a number that is not finite, and when a corner falls outside the grid
 */
export function boxToTrainingPatches(box: Box, gridSize = DEFAULT_GRID_SIZE): PatchPair {
  const [x1, y1, x2, y2] = checkedBox(box);
  const cell = 1 / gridSize;
  const first = (value: number) => Math.floor(Math.max(value, 0) / cell);
  const last = (value: number) => Math.floor(Math.min(value, 0.99999) / cell);
  return cellNumbers(box, [first(x1), first(y1), last(x2), last(y2)], gridSize);
}

/**
 * Box of two cells: the centres of the cells, or, where they share a row or a column, the outer edges of both on both
 * axes. Neither the order nor the range of the cells is checked, as in the reference: a model may say anything.
 */
export function patchesToBox([upperLeft, lowerRight]: PatchPair, gridSize = DEFAULT_GRID_SIZE): Box {
  const cell = 1 / gridSize;
  const [ux, uy] = [upperLeft % gridSize, Math.floor(upperLeft / gridSize)];
  const [lx, ly] = [lowerRight % gridSize, Math.floor(lowerRight / gridSize)];
  if (ux === lx || uy === ly) return [ux * cell, uy * cell, (lx + 1) * cell, (ly + 1) * cell];
  return [(ux + 0.5) * cell, (uy + 0.5) * cell, (lx + 0.5) * cell, (ly + 0.5) * cell];
}

function checkedBox(box: Box): Box {
  if (!Array.isArray(box) || box.length !== 4 || !box.every((value) => Number.isFinite(value))) {
    throw new Error(`box ${show(box)}: four finite numbers x1, y1, x2, y2 are expected`);
  }
  return box;
}

function cellNumbers(box: Box, corners: readonly [number, number, number, number], gridSize: number): PatchPair {
  if (!corners.every((cell) => cell >= 0 && cell < gridSize)) {
    throw new Error(`box ${show(box)}: no cell of the ${gridSize} x ${gridSize} grid holds one of its corners`);
  }
  const [ux, uy, lx, ly] = corners;
  return [uy * gridSize + ux, ly * gridSize + lx];
}

function show(box: unknown): string {
  return Array.isArray(box) ? `(${box.map(String).join(', ')})` : String(box);
}
