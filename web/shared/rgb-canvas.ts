/** Pixels on a canvas. */
import type { RgbImage } from '../../index.ts';
import { element } from './dom.ts';

export function paintRgb({ width, height, data }: RgbImage): HTMLCanvasElement {
  const canvas = element('canvas', { width, height });
  const rgba = new Uint8ClampedArray(width * height * 4).fill(255);
  for (let pixel = 0; pixel < width * height; pixel++) rgba.set(data.subarray(pixel * 3, pixel * 3 + 3), pixel * 4);
  canvas.getContext('2d')!.putImageData(new ImageData(rgba, width, height), 0, 0);
  return canvas;
}
