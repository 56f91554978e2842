/** Text as coverage: lays out the stroke font and rasterises it smoothly at any size. */
import { ACCENTS, GLYPHS, type Glyph, MISSING_GLYPH } from './glyphs.ts';

/** Units of the glyph grid, see glyphs.ts. */
const CAP_HEIGHT = 14;
const SMALL_HEIGHT = 10;
const LETTER_SPACING = 3.9;
/** Room that an accent needs. */
const ACCENT_WIDTH = 4.4;
const HALF_STROKE = 0.95;
/** Line segments that stand for one curve. */
const CURVE_STEPS = 6;
/** How far strokes reach above capitals and below the base line. */
const ASCENT = CAP_HEIGHT + 4.4 + HALF_STROKE;
const DESCENT = 4.4 + HALF_STROKE;

/** Pixels without ink above and below. */
const RIM = 1;

/** Gray picture of a text: 0 = background, 1 = ink. The base line is `baseline` rows below the top. */
export interface TextMask {
  width: number;
  height: number;
  baseline: number;
  coverage: Float32Array;
}

/** Two ends of a straight piece of ink, in glyph units. */
type Segment = readonly [x1: number, y1: number, x2: number, y2: number];

/** Width of `text` in pixels when its capitals are `capHeight` pixels high. */
export function textWidth(text: string, capHeight: number): number {
  return Math.ceil(layOut(text).width * (capHeight / CAP_HEIGHT));
}

/** `text`, or where it is wider than `room` pixels as much of it as fits with "…" behind; empty where nothing does. */
export function fitText(text: string, capHeight: number, room: number): string {
  if (textWidth(text, capHeight) <= room) return text;
  const characters = Array.from(text);
  while (characters.length > 0 && textWidth(`${characters.join('').trimEnd()}…`, capHeight) > room) characters.pop();
  return characters.length > 0 ? `${characters.join('').trimEnd()}…` : '';
}

/** Draws one line of text whose capitals are `capHeight` pixels high. */
export function rasterizeText(text: string, capHeight: number): TextMask {
  const scale = capHeight / CAP_HEIGHT;
  const line = layOut(text);
  const width = Math.max(1, Math.ceil(line.width * scale));
  const baseline = Math.ceil(ASCENT * scale) + RIM;
  const height = baseline + Math.ceil(DESCENT * scale) + RIM;
  const coverage = new Float32Array(width * height);
  const mask = { width, height, baseline, coverage };
  for (const segment of line.segments) inkSegment(mask, segment, scale);
  return mask;
}

/** Covers the pixels near a segment; where strokes meet, the darker one counts. */
function inkSegment(mask: TextMask, [x1, y1, x2, y2]: Segment, scale: number): void {
  const fromX = x1 * scale;
  const fromY = mask.baseline - y1 * scale;
  const alongX = (x2 - x1) * scale;
  const alongY = (y1 - y2) * scale;
  const lengthSquared = alongX * alongX + alongY * alongY;
  const reach = HALF_STROKE * scale + 0.5;
  const left = Math.max(0, Math.floor(Math.min(fromX, fromX + alongX) - reach));
  const right = Math.min(mask.width - 1, Math.ceil(Math.max(fromX, fromX + alongX) + reach));
  const top = Math.max(0, Math.floor(Math.min(fromY, fromY + alongY) - reach));
  const bottom = Math.min(mask.height - 1, Math.ceil(Math.max(fromY, fromY + alongY) + reach));
  for (let y = top; y <= bottom; y++) {
    for (let x = left; x <= right; x++) {
      const pixelX = x + 0.5 - fromX;
      const pixelY = y + 0.5 - fromY;
      const along = lengthSquared === 0 ? 0 : (pixelX * alongX + pixelY * alongY) / lengthSquared;
      const nearest = Math.min(1, Math.max(0, along));
      const distance = Math.hypot(pixelX - nearest * alongX, pixelY - nearest * alongY);
      const at = y * mask.width + x;
      mask.coverage[at] = Math.max(mask.coverage[at], Math.min(1, Math.max(0, reach - distance)));
    }
  }
}

/** All ink of a line of text in glyph units, with half a letter space at both ends. */
function layOut(text: string): { width: number; segments: Segment[] } {
  const segments: Segment[] = [];
  let pen = LETTER_SPACING / 2;
  for (const character of text.normalize('NFC')) {
    const { glyph, accents } = decompose(character);
    const width = accents.length > 0 ? Math.max(glyph.width, ACCENT_WIDTH) : glyph.width;
    const letterAt = pen + (width - glyph.width) / 2;
    for (const stroke of glyph.strokes) segments.push(...flatten(stroke, letterAt, 0));
    for (const accent of accents) {
      const { below, strokes } = ACCENTS[accent];
      for (const stroke of strokes) segments.push(...flatten(stroke, pen + width / 2, below ? 0 : heightOf(character)));
    }
    pen += width + LETTER_SPACING;
  }
  return { width: pen - LETTER_SPACING / 2, segments };
}

/** Height of the letter under an accent. */
function heightOf(character: string): number {
  const letter = character.normalize('NFD')[0];
  return letter === letter.toUpperCase() || 'bdfhklt'.includes(letter) ? CAP_HEIGHT : SMALL_HEIGHT;
}

/** The glyph of a character, or of its letter with the accents apart. */
function decompose(character: string): { glyph: Glyph; accents: string[] } {
  if (Object.hasOwn(GLYPHS, character)) return { glyph: GLYPHS[character], accents: [] };
  const [letter, ...accents] = character.normalize('NFD');
  const known = Object.hasOwn(GLYPHS, letter) && accents.length > 0;
  if (!known || !accents.every((accent) => Object.hasOwn(ACCENTS, accent)))
    return { glyph: MISSING_GLYPH, accents: [] };
  const aboveAll = accents.some((accent) => !ACCENTS[accent].below);
  const dotless = aboveAll ? { i: 'ı', j: 'ȷ' }[letter] : undefined;
  return { glyph: GLYPHS[dotless ?? letter], accents };
}

/** Turns a stroke's text into straight segments, moved by (`offsetX`, `offsetY`). */
function flatten(stroke: string, offsetX: number, offsetY: number): Segment[] {
  const points = stroke.split(' ').map((point) => {
    const isControl = point.startsWith('~');
    const [x, y] = point.slice(isControl ? 1 : 0).split(',');
    return { x: Number(x) + offsetX, y: Number(y) + offsetY, isControl };
  });
  const segments: Segment[] = [];
  let { x, y } = points[0];
  if (points.length === 1) return [[x, y, x, y]];
  for (let i = 1; i < points.length; i++) {
    const control = points[i];
    const end = control.isControl ? points[++i] : control;
    const [startX, startY] = [x, y];
    const steps = control.isControl ? CURVE_STEPS : 1;
    for (let step = 1; step <= steps; step++) {
      const t = step / steps;
      const weights = control.isControl ? [(1 - t) ** 2, 2 * t * (1 - t), t * t] : [0, 0, 1];
      const nextX = weights[0] * startX + weights[1] * control.x + weights[2] * end.x;
      const nextY = weights[0] * startY + weights[1] * control.y + weights[2] * end.y;
      segments.push([x, y, nextX, nextY]);
      [x, y] = [nextX, nextY];
    }
  }
  return segments;
}
