/** Boxes as frames of lines on a picture. */

import type { RgbImage } from '../image.ts';
import type { Rectangle } from '../resize.ts';
import { type Color, dashRectangle, strokeRectangle } from './canvas.ts';

/** x1, y1, x2, y2 as fractions of the picture. */
export type FractionBox = readonly [x1: number, y1: number, x2: number, y2: number];

const DARK: Color = [0, 0, 0];
const WHITE: Color = [255, 255, 255];
/** Of the lines that set a frame off from any background. */
const EDGE_OPACITY = 0.45;

/** The same box with its corners in order; a model may swap them. */
export function uprightBox([x1, y1, x2, y2]: FractionBox): FractionBox {
  return [Math.min(x1, x2), Math.min(y1, y2), Math.max(x1, x2), Math.max(y1, y2)];
}

/** The pixels of a box; parts outside 0…1 are cut off. */
export function boxPixels(box: FractionBox, picture: { width: number; height: number }): Rectangle {
  const [x1, y1, x2, y2] = box.map((value) => Math.min(1, Math.max(0, value)));
  const left = Math.min(Math.round(x1 * picture.width), picture.width - 1);
  const top = Math.min(Math.round(y1 * picture.height), picture.height - 1);
  return {
    left,
    top,
    width: Math.max(1, Math.round(x2 * picture.width) - left),
    height: Math.max(1, Math.round(y2 * picture.height) - top),
  };
}

/** A coloured line just inside the box, between two thin dark ones. */
export function drawFrame(picture: RgbImage, box: Rectangle, lineWidth: number, color: Color): void {
  const edge = Math.max(1, Math.round(lineWidth / 3));
  strokeRectangle(picture, grow(box, edge), edge, DARK, EDGE_OPACITY);
  strokeRectangle(picture, grow(box, -lineWidth), edge, DARK, EDGE_OPACITY);
  strokeRectangle(picture, box, lineWidth, color, 1);
}

/** White dashes just inside the box, on a dark line. */
export function drawDashedFrame(picture: RgbImage, box: Rectangle, lineWidth: number): void {
  strokeRectangle(picture, box, lineWidth, DARK, EDGE_OPACITY);
  dashRectangle(picture, box, lineWidth, lineWidth * 3, WHITE);
}

function grow({ left, top, width, height }: Rectangle, by: number): Rectangle {
  return {
    left: left - by,
    top: top - by,
    width: Math.max(0, width + 2 * by),
    height: Math.max(0, height + 2 * by),
  };
}
