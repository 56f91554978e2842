/**
 * The outlines of the shapes, in a unit square that each of them touches on all four sides: u to the right, v down.
 * Only sums, products, comparisons and square roots, so that every runtime gives the same pixels.
 */
import type { Shape } from './attributes.ts';

export type Outline = (u: number, v: number) => boolean;

const RING_HOLE = 0.29;
const CROSS_ARM = 0.17;

export const OUTLINES: Readonly<Record<Shape, Outline>> = {
  circle: (u, v) => squaredRadius(u, v) <= 0.25,
  square: (u, v) => u >= 0 && u <= 1 && v >= 0 && v <= 1,
  triangle: (u, v) => v <= 1 && Math.abs(u - 0.5) <= v / 2,
  star: insideStar,
  ring: (u, v) => squaredRadius(u, v) <= 0.25 && squaredRadius(u, v) >= RING_HOLE * RING_HOLE,
  cross: (u, v) => {
    const [du, dv] = [Math.abs(u - 0.5), Math.abs(v - 0.5)];
    return (du <= CROSS_ARM && dv <= 0.5) || (dv <= CROSS_ARM && du <= 0.5);
  },
  heart: insideHeart,
  diamond: (u, v) => Math.abs(u - 0.5) + Math.abs(v - 0.5) <= 0.5,
};

function squaredRadius(u: number, v: number): number {
  return (u - 0.5) * (u - 0.5) + (v - 0.5) * (v - 0.5);
}

const COS_72 = (Math.sqrt(5) - 1) / 4;
const COS_36 = (Math.sqrt(5) + 1) / 4;
/** Width of the lower points over the width of the upper ones: sin 36° / sin 72°. */
const LOWER_WIDTH = 1 / (2 * COS_36);
const STAR_HEIGHT = 1 + COS_36;

/** The five points, from the top clockwise. */
const STAR_POINTS: readonly (readonly [number, number])[] = [
  [0.5, 0],
  [1, (1 - COS_72) / STAR_HEIGHT],
  [0.5 + LOWER_WIDTH / 2, 1],
  [0.5 - LOWER_WIDTH / 2, 1],
  [0, (1 - COS_72) / STAR_HEIGHT],
];

/** Lines from each point to the next but one, as a u + b v + c, not negative on the side of the centre. */
const STAR_LINES = STAR_POINTS.map(([u1, v1], i) => {
  const [u2, v2] = STAR_POINTS[(i + 2) % 5];
  const [a, b] = [v1 - v2, u2 - u1];
  return [a, b, -(a * u1 + b * v1)] as const;
});

/** A pentagram holds what lies inside of at least four of its five lines. */
function insideStar(u: number, v: number): boolean {
  let outside = 0;
  for (let i = 0; i < 5; i++) {
    const [a, b, c] = STAR_LINES[i];
    if (a * u + b * v + c < 0 && ++outside > 1) return false;
  }
  return true;
}

/** Radius of the two lobes, which touch the top and the sides; their tangents meet at the tip (0.5, 1). */
const LOBE = 0.27;
const [TIP_U, TIP_V] = [0.5 - LOBE, 1 - LOBE];
const TIP_SQUARED = TIP_U * TIP_U + TIP_V * TIP_V;
const TANGENT = Math.sqrt(TIP_SQUARED - LOBE * LOBE);
/** How far the touching point lies from the tip, sideways and up. */
const TOUCH_U = (TANGENT * (TANGENT * TIP_U + LOBE * TIP_V)) / TIP_SQUARED;
const TOUCH_V = (TANGENT * (TANGENT * TIP_V - LOBE * TIP_U)) / TIP_SQUARED;

function insideHeart(u: number, v: number): boolean {
  const side = Math.abs(u - 0.5);
  const [du, dv] = [side - TIP_U, v - LOBE];
  if (du * du + dv * dv <= LOBE * LOBE) return true;
  if (v < LOBE || v > 1) return false;
  return v < 1 - TOUCH_V ? side <= TIP_U : side * TOUCH_V <= (1 - v) * TOUCH_U;
}
