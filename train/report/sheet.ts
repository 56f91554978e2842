/** A sheet of samples: pictures with the boxes that a model found and those that are right, and below each what the model wrote. */
import { type Color, fillRectangle, pastePicture } from '../../data/image/draw/canvas.ts';
import { boxPixels, drawDashedFrame, drawFrame, uprightBox } from '../../data/image/draw/frame.ts';
import { entityColor, type GroundedText, type RgbImage, resizeBicubic } from '../../data/index.ts';
import { LINE_HEIGHT, layOutCaption, lineCount, type PlacedWord, printCaption } from './sheet/caption.ts';

export interface SheetSample {
  readonly image: RgbImage;
  readonly predicted: GroundedText;
  /** What would be right, where that is known. */
  readonly truth?: GroundedText;
}

export interface SheetOptions {
  /** Pictures in a row; default 4. */
  readonly columns?: number;
  /** Pixels that the longer side of every picture is resized to; default 256. */
  readonly side?: number;
}

interface Cell {
  readonly picture: RgbImage;
  readonly predicted: readonly PlacedWord[];
  readonly truth: readonly PlacedWord[];
}

const PAPER: Color = [255, 255, 255];
const INK: Color = [28, 30, 34];
const SOFT_INK: Color = [125, 128, 135];
/** Around the sheet and between its cells, and between a picture and its caption. */
const MARGIN = 18;
const CAPTION_GAP = 8;
/** Of what the model wrote, and of what is right. */
const MOST_LINES = 5;
const MOST_TRUE_LINES = 3;

/**
 * Draws the samples row by row on white. Boxes of the model are solid, in the colour that their phrase has in the caption; those that
 * are right are dashed in white, and their caption is gray; a line at the foot says so.
 * @throws Error when there are no samples
 */
export function sampleSheet(samples: readonly SheetSample[], { columns = 4, side = 256 }: SheetOptions = {}): RgbImage {
  if (samples.length === 0) throw new Error('sampleSheet: there are no samples');
  const perRow = Math.min(columns, samples.length);
  const rows = rowsOf(
    samples.map((sample) => cellOf(sample, side)),
    perRow,
  );
  const heights = rows.map((row) => Math.max(...row.map(cellHeight)) + MARGIN);
  const hasTruth = samples.some(({ truth }) => truth);
  const height = MARGIN + heights.reduce((sum, one) => sum + one, 0) + (hasTruth ? LINE_HEIGHT + MARGIN : 0);
  const sheet = blank(MARGIN + perRow * (side + MARGIN), height);
  let top = MARGIN;
  for (const [i, row] of rows.entries()) {
    for (const [column, cell] of row.entries()) drawCell(sheet, cell, MARGIN + column * (side + MARGIN), top);
    top += heights[i];
  }
  if (hasTruth) drawLegend(sheet, top);
  return sheet;
}

function rowsOf(cells: readonly Cell[], columns: number): Cell[][] {
  const count = Math.ceil(cells.length / columns);
  return Array.from({ length: count }, (_, i) => cells.slice(i * columns, (i + 1) * columns));
}

function cellOf({ image, predicted, truth }: SheetSample, side: number): Cell {
  const factor = side / Math.max(image.width, image.height);
  const [width, height] = [image.width, image.height].map((size) => Math.max(1, Math.round(size * factor)));
  const picture = resizeBicubic(image, width, height);
  const lineWidth = Math.max(2, Math.round(side / 96));
  for (const [i, { boxes }] of predicted.entities.entries()) {
    for (const box of boxes) drawFrame(picture, boxPixels(uprightBox(box), picture), lineWidth, entityColor(i));
  }
  for (const { boxes } of truth?.entities ?? []) {
    for (const box of boxes) drawDashedFrame(picture, boxPixels(uprightBox(box), picture), Math.ceil(lineWidth / 2));
  }
  const written = predicted.text.trim() === '' ? { text: '(nothing)', entities: [] } : predicted;
  return {
    picture,
    predicted: layOutCaption(written, side, MOST_LINES),
    truth: truth ? layOutCaption({ text: truth.text, entities: [] }, side, MOST_TRUE_LINES) : [],
  };
}

function cellHeight({ picture, predicted, truth }: Cell): number {
  return picture.height + CAPTION_GAP + (lineCount(predicted) + lineCount(truth)) * LINE_HEIGHT;
}

function drawCell(sheet: RgbImage, { picture, predicted, truth }: Cell, left: number, top: number): void {
  pastePicture(sheet, picture, left, top);
  const captionTop = top + picture.height + CAPTION_GAP;
  printCaption(sheet, predicted, left, captionTop, INK);
  printCaption(sheet, truth, left, captionTop + lineCount(predicted) * LINE_HEIGHT, SOFT_INK);
}

/** A box of each kind, and what it stands for. */
function drawLegend(sheet: RgbImage, top: number): void {
  const box = { left: MARGIN, top, width: 30, height: 18 };
  drawFrame(sheet, box, 2, entityColor(1));
  let left = printLabel(sheet, 'predicted', box.left + box.width, top);
  const dashed = { ...box, left };
  fillRectangle(sheet, dashed, SOFT_INK, 1);
  drawDashedFrame(sheet, dashed, 2);
  left = printLabel(sheet, 'true', dashed.left + dashed.width, top);
}

/** Returns where the next sample of the legend begins. */
function printLabel(sheet: RgbImage, text: string, boxEnd: number, top: number): number {
  const words = layOutCaption({ text, entities: [] }, sheet.width - boxEnd, 1);
  printCaption(sheet, words, boxEnd + CAPTION_GAP, top, INK);
  const { left, width } = words.at(-1)!;
  return boxEnd + CAPTION_GAP + left + width + MARGIN;
}

function blank(width: number, height: number): RgbImage {
  const sheet = { width, height, data: new Uint8Array(width * height * 3) };
  fillRectangle(sheet, { left: 0, top: 0, width, height }, PAPER, 1);
  return sheet;
}
