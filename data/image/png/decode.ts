/**
 * PNG to RGB, bit for bit as Pillow's `Image.open(…).convert('RGB')`.
 *
 * The zlib stream goes through the platform's own `DecompressionStream`, so that its size can be bounded; a whole-file
 * decoder would first inflate whatever the stream claims. Everything of the standard is covered: all colour types and
 * depths, Adam7, palettes.
 */
import type { RgbImage } from '../image.ts';
import { PNG_COLOR_TYPES, type PngContents, readPngChunks } from './chunks.ts';
import { inflate, passesOf, unfilter } from './scanlines.ts';

/**
 * @param checkSize called with the declared size before anything is decoded; throws to refuse
 * @throws Error when the file is damaged, truncated or not standard PNG
 */
export async function decodePng(
  bytes: Uint8Array<ArrayBuffer>,
  checkSize: (width: number, height: number) => void,
  warnings: string[],
): Promise<RgbImage> {
  const contents = readPngChunks(bytes, checkSize, warnings);
  const { header } = contents;
  const passes = passesOf(header);
  const size = passes.reduce((sum, pass) => sum + pass.rows * (pass.rowBytes + 1), 0);
  const samples = await inflate(contents.imageData, size, warnings);

  const pixelBytes = Math.max(1, (header.bitDepth * PNG_COLOR_TYPES[header.colorType].channels) >> 3);
  const expandRow = rowExpander(contents, warnings);
  const data = new Uint8Array(header.width * header.height * 3);
  let start = 0;
  for (const pass of passes) {
    unfilter(samples, start, pass, pixelBytes);
    for (let row = 0; row < pass.rows; row++) {
      const rowStart = start + row * (pass.rowBytes + 1) + 1;
      const target = ((pass.y + row * pass.stepY) * header.width + pass.x) * 3;
      expandRow(samples.subarray(rowStart, rowStart + pass.rowBytes), pass.columns, data, target, pass.stepX * 3);
    }
    start += pass.rows * (pass.rowBytes + 1);
  }
  return { width: header.width, height: header.height, data };
}

/** Writes `columns` RGB pixels at `target`, `target + step`, … */
type ExpandRow = (row: Uint8Array, columns: number, out: Uint8Array, target: number, step: number) => void;

function rowExpander(contents: PngContents, warnings: string[]): ExpandRow {
  const { colorType, bitDepth } = contents.header;
  if (colorType === 3) return lookupExpander(bitDepth, paletteColors(contents.palette!));
  if (colorType === 0 && bitDepth === 16) return gray16Expander(warnings);
  if (colorType === 0) return lookupExpander(bitDepth, grayLevels(bitDepth));
  const sampleBytes = bitDepth >> 3;
  return colorType === 4 ? grayAlphaExpander(sampleBytes) : colorExpander(colorType === 6 ? 4 : 3, sampleBytes);
}

/** All 256 colours of a palette; an index without an entry is black. */
function paletteColors(palette: Uint8Array): Uint8Array {
  const colors = new Uint8Array(768);
  colors.set(palette);
  return colors;
}

function grayLevels(bitDepth: number): Uint8Array {
  const brightest = 2 ** bitDepth - 1;
  return Uint8Array.from({ length: 3 * (brightest + 1) }, (_, i) => (Math.floor(i / 3) * 255) / brightest);
}

/** One sample of 1 to 8 bits a pixel, the colour looked up in RGB triples. */
function lookupExpander(bitDepth: number, colors: Uint8Array): ExpandRow {
  const mask = 2 ** bitDepth - 1;
  return (row, columns, out, target, step) => {
    for (let x = 0, at = target; x < columns; x++, at += step) {
      const bit = x * bitDepth;
      const color = 3 * ((row[bit >> 3] >> (8 - bitDepth - (bit & 7))) & mask);
      out[at] = colors[color];
      out[at + 1] = colors[color + 1];
      out[at + 2] = colors[color + 2];
    }
  };
}

/** 16-bit gray is clipped at 255, not scaled, because the reference implementation does so; the caller is told. */
function gray16Expander(warnings: string[]): ExpandRow {
  let clipped = false;
  return (row, columns, out, target, step) => {
    for (let x = 0, at = target; x < columns; x++, at += step) {
      const tooBright = row[2 * x] > 0;
      out.fill(tooBright ? 255 : row[2 * x + 1], at, at + 3);
      if (tooBright && !clipped) {
        clipped = true;
        warnings.push('PNG: 16-bit gray samples above 255 became white, as in the reference implementation');
      }
    }
  };
}

/** Gray with alpha: alpha is dropped, of 16 bits the high byte stays. */
function grayAlphaExpander(sampleBytes: number): ExpandRow {
  return (row, columns, out, target, step) => {
    for (let x = 0, at = target; x < columns; x++, at += step) {
      out.fill(row[x * 2 * sampleBytes], at, at + 3);
    }
  };
}

/** RGB or RGBA: alpha is dropped, of 16 bits the high byte stays. */
function colorExpander(channels: number, sampleBytes: number): ExpandRow {
  const stride = channels * sampleBytes;
  return (row, columns, out, target, step) => {
    if (stride === 3 && step === 3) {
      out.set(row, target);
      return;
    }
    for (let x = 0, at = target; x < columns; x++, at += step) {
      out[at] = row[x * stride];
      out[at + 1] = row[x * stride + sampleBytes];
      out[at + 2] = row[x * stride + 2 * sampleBytes];
    }
  };
}
