/** From a scene to pixels: painter's order, edges smoothed by sampling each pixel at several points. */
import type { RgbImage } from '../image/image.ts';
import type { Texture } from './attributes.ts';
import { type Background, patternAt } from './background.ts';
import { outlineOf } from './placement.ts';
import type { Scene, SceneObject } from './scene.ts';
import { UNITS } from './units.ts';

/** Samples per side of a pixel. */
const SAMPLES = 4;
/** Brightness of stripes and dots, relative to the object's colour. */
const INK = 0.4;
/** Stripes and rows of dots per side of an object. */
const STRIPES = 4;
const DOTS = 4;
const DOT_RADIUS = 0.31;

/**
 * @param size width and height in pixels
 * @throws Error when the size is no whole number above 0
 */
export function renderScene(scene: Scene, size: number): RgbImage {
  if (!Number.isInteger(size) || size < 1) throw new Error(`renderScene: the size must be a whole number, not ${size}`);
  const canvas = new Float64Array(size * size * 3);
  paintBackground(canvas, scene.background, size);
  for (const object of scene.objects) paintObject(canvas, object, size);
  // the clamped array rounds halves to even and cuts at 0 and 255
  return { width: size, height: size, data: new Uint8Array(Uint8ClampedArray.from(canvas).buffer) };
}

function paintBackground(canvas: Float64Array, background: Background, size: number): void {
  const [red, green, blue] = background.rgb;
  let at = 0;
  for (let row = 0; row < size; row++) {
    for (let column = 0; column < size; column++) {
      const shift = patternAt(background, (column + 0.5) / size, (row + 0.5) / size);
      canvas[at++] = red + shift;
      canvas[at++] = green + shift;
      canvas[at++] = blue + shift;
    }
  }
}

function paintObject(canvas: Float64Array, object: SceneObject, size: number): void {
  const { x, y, side, rgb, texture } = object;
  const inside = outlineOf(object);
  const firstPixel = (units: number) => Math.floor((units * size) / UNITS);
  const endPixel = (units: number) => Math.min(size, Math.ceil((units * size) / UNITS));
  /** From a sample's number to a place in the object's square. */
  const toSquare = (sample: number, start: number) => (((sample + 0.5) / (size * SAMPLES)) * UNITS - start) / side;
  for (let row = firstPixel(y); row < endPixel(y + side); row++) {
    for (let column = firstPixel(x); column < endPixel(x + side); column++) {
      let covered = 0;
      let inked = 0;
      for (let i = 0; i < SAMPLES; i++) {
        const v = toSquare(row * SAMPLES + i, y);
        if (v < 0 || v > 1) continue;
        for (let j = 0; j < SAMPLES; j++) {
          const u = toSquare(column * SAMPLES + j, x);
          if (u < 0 || u > 1 || !inside(u, v)) continue;
          covered++;
          if (texture !== 'plain' && isInked(texture, u, v)) inked++;
        }
      }
      if (covered > 0) blend(canvas, (row * size + column) * 3, rgb, covered, inked);
    }
  }
}

function isInked(texture: Texture, u: number, v: number): boolean {
  if (texture === 'striped') return Math.abs(((v * STRIPES) % 1) - 0.5) <= 0.25;
  const [du, dv] = [((u * DOTS) % 1) - 0.5, ((v * DOTS) % 1) - 0.5];
  return du * du + dv * dv <= DOT_RADIUS * DOT_RADIUS;
}

function blend(
  canvas: Float64Array,
  at: number,
  rgb: readonly [number, number, number],
  covered: number,
  inked: number,
): void {
  const all = SAMPLES * SAMPLES;
  const light = covered - inked + inked * INK;
  for (let channel = 0; channel < 3; channel++) {
    canvas[at + channel] = (canvas[at + channel] * (all - covered) + rgb[channel] * light) / all;
  }
}
