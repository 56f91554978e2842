/** Finds room for objects: inside the picture, overlapping a little at most, each of them to be seen. */
import { intersectionOverUnion } from '../grounding/iou.ts';
import type { Box } from '../grounding/patches.ts';
import type { Random } from '../random.ts';
import type { Pair } from './holdout.ts';
import { OUTLINES, type Outline } from './outlines.ts';
import { UNITS } from './units.ts';

/** A coloured shape and where it is: a square box, upper left corner and side in units. */
export interface Spot extends Pair {
  readonly x: number;
  readonly y: number;
  readonly side: number;
  /** Instead of the shape's own. */
  readonly outline?: Outline;
}

export function outlineOf({ outline, shape }: Spot): Outline {
  return outline ?? OUTLINES[shape];
}

const TRIES = 40;
const LARGEST_OVERLAP = 0.15;
/** Of two objects of one colour, which would melt into each other. */
const LARGEST_OVERLAP_OF_ONE_COLOR = 0.01;
const LEAST_VISIBLE = 0.7;
/** Points per side of the lattice on which the visible part of an object is counted. */
const LATTICE = 16;

/** A spot above those that are there already; null when none was found in a number of tries. */
export function place(
  random: Random,
  { color, shape }: Pair,
  [least, most]: readonly [number, number],
  below: readonly Spot[],
): Spot | null {
  for (let attempt = 0; attempt < TRIES; attempt++) {
    const side = random.between(least, most);
    const spot = { color, shape, side, x: random.between(0, UNITS - side), y: random.between(0, UNITS - side) };
    if (below.some((other) => overlapsTooMuch(spot, other))) continue;
    const all = [...below, spot];
    if (below.every((other, i) => visiblePart(other, all.slice(i + 1)) >= LEAST_VISIBLE)) return spot;
  }
  return null;
}

function overlapsTooMuch(a: Spot, b: Spot): boolean {
  const most = a.color === b.color ? LARGEST_OVERLAP_OF_ONE_COLOR : LARGEST_OVERLAP;
  return intersectionOverUnion(boxIn(a), boxIn(b)) > most;
}

function boxIn({ x, y, side }: Spot): Box {
  return [x, y, x + side, y + side];
}

/** Fraction of a shape that those painted over it leave to be seen. */
export function visiblePart(spot: Spot, above: readonly Spot[]): number {
  const near = above.filter((other) => intersectionOverUnion(boxIn(spot), boxIn(other)) > 0);
  if (near.length === 0) return 1;
  const inside = outlineOf(spot);
  let whole = 0;
  let visible = 0;
  for (let row = 0; row < LATTICE; row++) {
    for (let column = 0; column < LATTICE; column++) {
      const [u, v] = [(column + 0.5) / LATTICE, (row + 0.5) / LATTICE];
      if (!inside(u, v)) continue;
      whole++;
      const [x, y] = [spot.x + u * spot.side, spot.y + v * spot.side];
      if (!near.some((other) => covers(other, x, y))) visible++;
    }
  }
  return visible / whole;
}

/** Whether a shape covers a place, in units. */
export function covers(spot: Spot, atX: number, atY: number): boolean {
  const { x, y, side } = spot;
  const [u, v] = [(atX - x) / side, (atY - y) / side];
  return u >= 0 && u <= 1 && v >= 0 && v <= 1 && outlineOf(spot)(u, v);
}
