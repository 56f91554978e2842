/** Grounded entities drawn on a picture: a coloured rectangle for every box, its label on a tag. */
import { assertRgbImage, type RgbImage } from '../image.ts';
import { type Rectangle, resizeBicubic } from '../resize.ts';
import { type Color, fillRectangle, printText } from './canvas.ts';
import { entityColor, inkOn } from './colors.ts';
import { fitText, rasterizeText } from './font.ts';
import { boxPixels, drawFrame, type FractionBox } from './frame.ts';
import { placeTag } from './place.ts';

/** What `drawBoxes` draws in one colour. */
export interface LabeledBoxes {
  label: string;
  /** Parts outside 0…1 are cut off. */
  boxes: readonly FractionBox[];
}

/** Pictures are enlarged until their long side has this many pixels, so that labels can be read. */
const READABLE_LONG_SIDE = 640;
/** Capitals lower than this many pixels cannot be read; labels are left out. */
const SMALLEST_LETTERS = 5;
/** Narrow pictures are enlarged further, until the short side has this many … */
const READABLE_SHORT_SIDE = 200;
/** … or the long side this many. */
const ENLARGED_AT_MOST = 1600;

/**
 * Draws boxes and labels on a copy of the picture. Small pictures are enlarged first, so the result may be larger.
 *
 * Each entity has its own colour; lines and letters grow with the picture. Tags stay inside the picture and give way to
 * each other where there is room; a label too long for the picture ends in "…", and where not even that fits, only the box is
 * drawn.
 * @throws Error when a box is not four numbers with x1 ≤ x2 and y1 ≤ y2
 */
export function drawBoxes(image: RgbImage, entities: readonly LabeledBoxes[]): RgbImage {
  assertRgbImage(image, 'drawBoxes');
  const picture = enlarge(image);
  const longSide = Math.max(picture.width, picture.height);
  const lineWidth = Math.max(2, Math.round(longSide / 320));
  const shapes = entities.flatMap(({ label, boxes }, index) =>
    boxes.map((box) => ({ label, box: toPixels(box, label, picture), color: entityColor(index) })),
  );
  for (const { box, color } of shapes) drawFrame(picture, box, lineWidth, color);

  const capHeight = Math.min(Math.max(12, Math.round(longSide / 64)), Math.floor(picture.height / 3));
  if (capHeight < SMALLEST_LETTERS) return picture;
  const placed: Rectangle[] = [];
  for (const { label, box, color } of shapes) {
    const text = fitLabel(label, capHeight, picture.width);
    if (text === '') continue;
    placed.push(drawTag(picture, text, capHeight, box, color, placed));
  }
  return picture;
}

function enlarge(image: RgbImage): RgbImage {
  const long = Math.max(image.width, image.height);
  const short = Math.min(image.width, image.height);
  const forShortSide = Math.min(READABLE_SHORT_SIDE / short, ENLARGED_AT_MOST / long);
  const factor = Math.max(READABLE_LONG_SIDE / long, forShortSide);
  if (factor <= 1) return { ...image, data: image.data.slice() };
  return resizeBicubic(image, Math.round(image.width * factor), Math.round(image.height * factor));
}

function toPixels(box: FractionBox, label: string, picture: RgbImage): Rectangle {
  if (box.length !== 4 || !box.every(Number.isFinite) || box[0] > box[2] || box[1] > box[3]) {
    throw new Error(
      `drawBoxes: box [${box.join(', ')}] of ${JSON.stringify(label)} is not x1 <= x2, y1 <= y2 in fractions of the image`,
    );
  }
  return boxPixels(box, picture);
}

/** The label on one line, cut so that its tag fits `width` pixels; empty where there is no room for anything. */
function fitLabel(label: string, capHeight: number, width: number): string {
  return fitText(label.trim().replace(/\s+/gu, ' '), capHeight, width - 2 * paddingOf(capHeight));
}

function paddingOf(capHeight: number): number {
  return Math.max(1, Math.round(capHeight / 5));
}

/** Draws a tag near `box` and returns where it is. */
function drawTag(
  picture: RgbImage,
  text: string,
  capHeight: number,
  box: Rectangle,
  color: Color,
  placed: readonly Rectangle[],
): Rectangle {
  const padding = paddingOf(capHeight);
  const mask = rasterizeText(text, capHeight);
  const size = { width: mask.width + 2 * padding, height: mask.height };
  const tag = placeTag(size, box, picture, placed);
  fillRectangle(picture, tag, color, 1);
  printText(picture, mask, tag.left + padding, tag.top, inkOn(color));
  return tag;
}
