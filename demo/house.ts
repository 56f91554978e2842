/** The demo's picture: a house, a tree and the sun, drawn here and shipped as `demo/house.png`. */
import type { Box, RgbImage } from '../data/index.ts';

type Color = readonly [red: number, green: number, blue: number];

/** A shape that covers the points for which it says so, in fractions of the picture. */
interface Shape {
  readonly color: Color;
  covers(x: number, y: number): boolean;
}

const WIDTH = 448;
const HEIGHT = 336;
/** Each pixel is the mean of so many points a side, for smooth edges. */
const SAMPLES = 3;

/** Where the things are: at the centres of cells of a 16 x 16 grid, so that location tokens name them exactly. */
export const HOUSE_BOXES = {
  'the house': [9 / 32, 9 / 32, 21 / 32, 27 / 32],
  'the tree': [23 / 32, 13 / 32, 31 / 32, 27 / 32],
  'the sun': [3 / 32, 3 / 32, 9 / 32, 11 / 32],
} satisfies Record<string, Box>;

const rectangle = (color: Color, [x1, y1, x2, y2]: Box): Shape => ({
  color,
  covers: (x, y) => x >= x1 && x < x2 && y >= y1 && y < y2,
});

const ellipse = (color: Color, [x1, y1, x2, y2]: Box): Shape => ({
  color,
  covers: (x, y) => ((2 * x - x1 - x2) / (x2 - x1)) ** 2 + ((2 * y - y1 - y2) / (y2 - y1)) ** 2 <= 1,
});

/** A triangle that stands on the lower side of a box. */
const gable = (color: Color, [x1, y1, x2, y2]: Box): Shape => ({
  color,
  covers: (x, y) => y >= y1 && y < y2 && Math.abs(2 * x - x1 - x2) / (x2 - x1) <= (y - y1) / (y2 - y1),
});

/** Later shapes lie over earlier ones. */
const SHAPES: readonly Shape[] = [
  rectangle([186, 220, 240], [0, 0, 1, 1]),
  ellipse([122, 176, 94], [-0.4, 0.7, 1.5, 1.6]),
  ellipse([250, 206, 70], HOUSE_BOXES['the sun']),
  rectangle([120, 84, 54], [0.82, 0.6, 0.868, 27 / 32]),
  ellipse([54, 122, 66], [23 / 32, 13 / 32, 31 / 32, 0.73]),
  rectangle([232, 216, 186], [0.32, 0.5, 0.6175, 27 / 32]),
  gable([168, 66, 52], [9 / 32, 9 / 32, 21 / 32, 0.52]),
  rectangle([112, 72, 46], [0.435, 0.65, 0.505, 27 / 32]),
  rectangle([140, 186, 214], [0.35, 0.58, 0.405, 0.67]),
  rectangle([140, 186, 214], [0.535, 0.58, 0.59, 0.67]),
];

export function drawHouse(): RgbImage {
  const data = new Uint8Array(WIDTH * HEIGHT * 3);
  for (let y = 0; y < HEIGHT; y++) {
    for (let x = 0; x < WIDTH; x++) data.set(pixel(x, y), 3 * (y * WIDTH + x));
  }
  return { width: WIDTH, height: HEIGHT, data };
}

function pixel(x: number, y: number): number[] {
  const sum = [0, 0, 0];
  for (let i = 0; i < SAMPLES ** 2; i++) {
    const atX = (x + ((i % SAMPLES) + 0.5) / SAMPLES) / WIDTH;
    const atY = (y + (Math.floor(i / SAMPLES) + 0.5) / SAMPLES) / HEIGHT;
    const { color } = SHAPES.findLast((shape) => shape.covers(atX, atY))!;
    for (const channel of sum.keys()) sum[channel] += color[channel];
  }
  return sum.map((value) => Math.round(value / SAMPLES ** 2));
}
