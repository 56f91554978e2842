/** Grounded entities drawn on a picture: a coloured rectangle for every box, its label on a tag. */
import { assertRgbImage, type RgbImage } from '../image.ts';
import { type Rectangle, resizeBicubic } from '../resize.ts';
import { type Color, fillRectangle, printText, strokeRectangle } from './canvas.ts';
import { entityColor, inkOn } from './colors.ts';
import { rasterizeText, textWidth } from './font.ts';
import { placeTag } from './place.ts';

/** What `drawBoxes` draws in one colour. */
export interface LabeledBoxes {
  label: string;
  /** x1, y1, x2, y2 as fractions of the picture; parts outside 0…1 are cut off. */
  boxes: readonly (readonly [x1: number, y1: number, x2: number, y2: number])[];
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
    const text = fitText(label, capHeight, picture.width);
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

function toPixels(box: LabeledBoxes['boxes'][number], label: string, picture: RgbImage): Rectangle {
  if (box.length !== 4 || !box.every(Number.isFinite) || box[0] > box[2] || box[1] > box[3]) {
    throw new Error(
      `drawBoxes: box [${box.join(', ')}] of ${JSON.stringify(label)} is not x1 <= x2, y1 <= y2 in fractions of the image`,
    );
  }
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

/** A coloured line just inside the box, between two thin dark ones that set it off from any background. */
function drawFrame(picture: RgbImage, box: Rectangle, lineWidth: number, color: Color): void {
  const edge = Math.max(1, Math.round(lineWidth / 3));
  const dark: Color = [0, 0, 0];
  strokeRectangle(picture, grow(box, edge), edge, dark, 0.45);
  strokeRectangle(picture, grow(box, -lineWidth), edge, dark, 0.45);
  strokeRectangle(picture, box, lineWidth, color, 1);
}

function grow({ left, top, width, height }: Rectangle, by: number): Rectangle {
  return {
    left: left - by,
    top: top - by,
    width: Math.max(0, width + 2 * by),
    height: Math.max(0, height + 2 * by),
  };
}

/** The label on one line, cut so that its tag fits `width` pixels; empty where there is no room for anything. */
function fitText(label: string, capHeight: number, width: number): string {
  const room = width - 2 * paddingOf(capHeight);
  const line = label.trim().replace(/\s+/gu, ' ');
  if (textWidth(line, capHeight) <= room) return line;
  const characters = Array.from(line);
  while (characters.length > 0 && textWidth(`${characters.join('').trimEnd()}…`, capHeight) > room) characters.pop();
  return characters.length > 0 ? `${characters.join('').trimEnd()}…` : '';
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
