/** A caption on a few lines, its phrases on tags in the colours of their boxes. */
import { type Color, fillRectangle, printText } from '../../../data/image/draw/canvas.ts';
import { inkOn } from '../../../data/image/draw/colors.ts';
import { fitText, rasterizeText, textWidth } from '../../../data/image/draw/font.ts';
import { entityColor, type GroundedText, type RgbImage } from '../../../data/index.ts';

/** Height of capitals, and from one line to the next, in pixels. */
const CAP_HEIGHT = 10;
export const LINE_HEIGHT = 23;
/** Of a tag beyond its words on both sides. */
const TAG_MARGIN = 1;

/** A word in its place, in pixels from the upper left corner of the caption. */
export interface PlacedWord {
  readonly text: string;
  readonly line: number;
  readonly left: number;
  readonly width: number;
  /** Number of the phrase that it belongs to, or null. */
  readonly entity: number | null;
}

/** A word, or the part of one that belongs to one phrase. */
interface Piece {
  text: string;
  readonly entity: number | null;
  /** There is white space before it. */
  readonly apart: boolean;
}

/** Breaks a caption into lines of at most `room` pixels; after `mostLines` it ends in "…", and so does a word wider than a line. */
export function layOutCaption(caption: GroundedText, room: number, mostLines: number): PlacedWord[] {
  const space = textWidth(' ', CAP_HEIGHT);
  const placed: PlacedWord[] = [];
  let line = 0;
  let right = 0;
  for (const { text, entity, apart } of piecesOf(caption)) {
    const fitted = fitText(text, CAP_HEIGHT, room);
    const width = textWidth(fitted, CAP_HEIGHT);
    const gap = apart && right > 0 ? space : 0;
    const breaks = right > 0 && right + gap + width > room;
    if (breaks && line + 1 === mostLines) return endEarly(placed, room);
    const left = breaks ? 0 : right + gap;
    if (breaks) line++;
    placed.push({ text: fitted, line, left, width, entity });
    right = left + width;
  }
  return placed;
}

export function lineCount(words: readonly PlacedWord[]): number {
  return (words.at(-1)?.line ?? -1) + 1;
}

/** Prints a caption with its upper left corner at (`left`, `top`). */
export function printCaption(
  sheet: RgbImage,
  words: readonly PlacedWord[],
  left: number,
  top: number,
  ink: Color,
): void {
  for (const [i, word] of words.entries()) {
    const at = { left: left + word.left, top: top + word.line * LINE_HEIGHT };
    const mask = rasterizeText(word.text, CAP_HEIGHT);
    const color = word.entity === null ? null : entityColor(word.entity);
    if (color) {
      const before = words[i - 1];
      const goesOn = before?.entity === word.entity && before.line === word.line;
      const from = goesOn ? left + before.left + before.width : at.left - TAG_MARGIN;
      const to = at.left + word.width + TAG_MARGIN;
      fillRectangle(sheet, { left: from, top: at.top, width: to - from, height: mask.height }, color, 1);
    }
    printText(sheet, mask, at.left, at.top, color ? inkOn(color) : ink);
  }
}

/** Words in order; spans count code points. Where spans overlap, the later phrase has the words. */
function piecesOf({ text, entities }: GroundedText): Piece[] {
  const characters = Array.from(text);
  const owners = new Array<number | null>(characters.length).fill(null);
  for (const [index, { span }] of entities.entries()) owners.fill(index, ...span);
  const pieces: Piece[] = [];
  let apart = true;
  for (const [i, character] of characters.entries()) {
    if (/\s/u.test(character)) {
      apart = true;
      continue;
    }
    const last = pieces.at(-1);
    if (apart || !last || last.entity !== owners[i]) pieces.push({ text: character, entity: owners[i], apart });
    else last.text += character;
    apart = false;
  }
  return pieces;
}

function endEarly(placed: PlacedWord[], room: number): PlacedWord[] {
  const last = placed.pop()!;
  const text = fitText(`${last.text}…`, CAP_HEIGHT, room - last.left) || '…';
  return [...placed, { ...last, text, width: textWidth(text, CAP_HEIGHT) }];
}
