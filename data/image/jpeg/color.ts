/** From the components of a JPEG file to RGB, with libjpeg's fixed-point tables (16 fraction bits) and Pillow's CMYK rule. */

export type ColorSpace = 'gray' | 'YCbCr' | 'RGB' | 'CMYK' | 'YCCK';

export interface ColorMarkers {
  /** A JFIF header (APP0) is there. */
  jfif: boolean;
  /** Transform byte of Adobe's APP14 segment, null where there is none. */
  adobeTransform: number | null;
}

/** Which colour space the components are in, decided as libjpeg does. */
export function colorSpaceOf(componentIds: number[], { jfif, adobeTransform }: ColorMarkers): ColorSpace {
  if (componentIds.length === 1) return 'gray';
  if (componentIds.length === 4) return adobeTransform === null || adobeTransform === 0 ? 'CMYK' : 'YCCK';
  if (jfif) return 'YCbCr';
  if (adobeTransform !== null) return adobeTransform === 0 ? 'RGB' : 'YCbCr';
  return String.fromCharCode(...componentIds) === 'RGB' ? 'RGB' : 'YCbCr';
}

/** Converts `width` pixels of `rows` (one array for each component) to RGB triples in `out` from `offset` on. */
export type RowConverter = (rows: Uint8Array[], width: number, out: Uint8ClampedArray, offset: number) => void;

export function rowConverter(space: ColorSpace): RowConverter {
  switch (space) {
    case 'gray':
      return ([gray], width, out, offset) => interleave(gray, gray, gray, width, out, offset);
    case 'RGB':
      return ([red, green, blue], width, out, offset) => interleave(red, green, blue, width, out, offset);
    case 'YCbCr':
      return convertYCbCr;
    case 'CMYK':
      return convertCmyk;
    case 'YCCK':
      return convertYcck;
  }
}

function interleave(
  red: Uint8Array,
  green: Uint8Array,
  blue: Uint8Array,
  width: number,
  out: Uint8ClampedArray,
  offset: number,
): void {
  for (let x = 0, at = offset; x < width; x++, at += 3) {
    out[at] = red[x];
    out[at + 1] = green[x];
    out[at + 2] = blue[x];
  }
}

const HALF = 1 << 15;

/** The share of a chroma value in a colour, `factor * (value - 128)`, with 16 fraction bits. */
function chromaTable(factor: number, bias: number): Int32Array {
  const fixed = Math.trunc(Math.abs(factor) * 65536 + 0.5) * Math.sign(factor);
  return Int32Array.from({ length: 256 }, (_, value) => fixed * (value - 128) + bias);
}

const CR_TO_RED = chromaTable(1.402, HALF).map((value) => value >> 16);
const CB_TO_BLUE = chromaTable(1.772, HALF).map((value) => value >> 16);
const CR_TO_GREEN = chromaTable(-0.71414, 0);
const CB_TO_GREEN = chromaTable(-0.34414, HALF);

/** Rec. 601 full range, the matrix of JFIF. */
function convertYCbCr([luma, cb, cr]: Uint8Array[], width: number, out: Uint8ClampedArray, offset: number): void {
  for (let x = 0, at = offset; x < width; x++, at += 3) {
    const y = luma[x];
    out[at] = y + CR_TO_RED[cr[x]];
    out[at + 1] = y + ((CB_TO_GREEN[cb[x]] + CR_TO_GREEN[cr[x]]) >> 16);
    out[at + 2] = y + CB_TO_BLUE[cb[x]];
  }
}

/** `a * b / 255`, rounded. */
function multiply(a: number, b: number): number {
  const product = a * b + 128;
  return ((product >> 8) + product) >> 8;
}

/**
 * Pillow takes every CMYK JPEG for inverted (Adobe's convention: 255 = no ink), with or without Adobe's marker.
 * Each colour is then 255 - K - ink * (255 - K) / 255, where the stored K is 255 - K already.
 */
function convertCmyk(
  [cyan, magenta, yellow, black]: Uint8Array[],
  width: number,
  out: Uint8ClampedArray,
  offset: number,
) {
  for (let x = 0, at = offset; x < width; x++, at += 3) {
    const light = black[x];
    out[at] = light - multiply(255 - cyan[x], light);
    out[at + 1] = light - multiply(255 - magenta[x], light);
    out[at + 2] = light - multiply(255 - yellow[x], light);
  }
}

/** YCCK is CMYK whose inks were turned into YCbCr as the complement of RGB. */
function convertYcck(rows: Uint8Array[], width: number, out: Uint8ClampedArray, offset: number): void {
  convertYCbCr(rows, width, out, offset);
  for (let x = 0, at = offset; x < width; x++, at += 3) {
    const light = rows[3][x];
    for (let color = at; color < at + 3; color++) out[color] = light - multiply(out[color], light);
  }
}
