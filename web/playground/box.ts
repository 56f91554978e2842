/** Boxes that a person draws: fractions of the picture, always inside of it and never without an extent. */
import type { Box } from '../../index.ts';

/** Smallest width and height. */
const LEAST = 0.02;

/** The box between two corners, wherever they lie. */
export function pulledBox([ax, ay]: readonly [number, number], [bx, by]: readonly [number, number]): Box {
  const [x1, x2] = range(ax, bx);
  const [y1, y2] = range(ay, by);
  return [x1, y1, x2, y2];
}

/** Moved, or with `resize` its lower right corner moved. */
export function movedBox([x1, y1, x2, y2]: Box, dx: number, dy: number, resize: boolean): Box {
  if (resize) return [x1, y1, clamp(x2 + dx, x1 + LEAST, 1), clamp(y2 + dy, y1 + LEAST, 1)];
  const [sx, sy] = [clamp(dx, -x1, 1 - x2), clamp(dy, -y1, 1 - y2)];
  return [x1 + sx, y1 + sy, x2 + sx, y2 + sy];
}

/** For people: `left 30 %, top 20 %, right 70 %, bottom 60 %`. */
export function showBox(box: Box): string {
  return ['left', 'top', 'right', 'bottom'].map((side, i) => `${side} ${Math.round(100 * box[i])} %`).join(', ');
}

function range(a: number, b: number): [number, number] {
  const low = clamp(Math.min(a, b), 0, 1 - LEAST);
  return [low, clamp(Math.max(a, b), low + LEAST, 1)];
}

function clamp(value: number, least: number, most: number): number {
  return Math.min(most, Math.max(least, value));
}
