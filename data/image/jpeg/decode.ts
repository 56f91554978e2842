/**
 * JPEG to RGB, bit for bit as Pillow's `Image.open(…).convert('RGB')` with libjpeg-turbo: sequential and progressive
 * Huffman-coded files of 8 bits with 1, 3 or 4 components.
 *
 * A file that ends before its end marker, or whose scans end before the picture is complete, is refused; the libraries
 * fill the rest with gray and merely warn.
 */
import type { RgbImage } from '../image.ts';
import { type ColorMarkers, colorSpaceOf, rowConverter } from './color.ts';
import { type Frame, parseFrame } from './frame.ts';
import { finishProgressive } from './progressive.ts';
import { decodeScan, parseScan } from './scan.ts';
import { type HuffmanTables, parseHuffman, parseQuantization } from './tables.ts';
import { createRowUpsampler, upsampledWidth } from './upsample.ts';

/** Far more than any encoder writes; keeps small files from asking for endless passes over a large picture. */
const MAX_SCANS = 100;

/** What the segments seen so far have set. */
interface DecoderState {
  frame: Frame | null;
  quantization: (Int32Array | undefined)[];
  huffman: HuffmanTables;
  restartInterval: number;
  color: ColorMarkers;
  scans: number;
}

/**
 * @param checkSize called with the declared size before anything is decoded; throws to refuse
 * @throws Error when the file is damaged, truncated or of a kind that is not supported
 */
export function decodeJpeg(
  file: Uint8Array,
  checkSize: (width: number, height: number) => void,
  warnings: string[],
): RgbImage {
  const state: DecoderState = {
    frame: null,
    quantization: [],
    huffman: { dc: [], ac: [] },
    restartInterval: 0,
    color: { jfif: false, adobeTransform: null },
    scans: 0,
  };
  let position = 2;
  while (true) {
    position = findMarker(file, position, warnings);
    const marker = file[position + 1];
    position += 2;
    if (marker === 0xd9) break;
    const hasNoSegment = (marker >= 0xd0 && marker <= 0xd8) || marker === 0x01;
    if (hasNoSegment) continue;
    const segment = readSegment(file, position, marker);
    position += segment.length + 2;
    if (marker === 0xda) {
      position = readScan(file, position, segment, state, warnings);
    } else {
      readTables(marker, segment, state, checkSize);
    }
  }
  return assemble(state, warnings);
}

/** Offset of the next marker's 0xff; fill bytes before it are allowed, anything else is reported. */
function findMarker(file: Uint8Array, start: number, warnings: string[]): number {
  let at = start;
  while (at + 1 < file.length && !(file[at] === 0xff && file[at + 1] !== 0xff && file[at + 1] !== 0)) at++;
  if (at + 1 >= file.length) throw new Error('JPEG: the file ends without an end marker; it is truncated');
  const skipped = file.subarray(start, at).filter((byte) => byte !== 0xff).length;
  if (skipped > 0) warnings.push(`JPEG: ${skipped} superfluous bytes before byte ${at} were skipped`);
  return at;
}

/** The contents of a marker segment, without its length field. */
function readSegment(file: Uint8Array, position: number, marker: number): Uint8Array {
  const length = file[position] * 256 + file[position + 1];
  if (position + 2 > file.length || position + length > file.length) {
    throw new Error(`JPEG: the file ends inside the segment of marker 0xff${marker.toString(16)}; it is truncated`);
  }
  if (length < 2) throw new Error(`JPEG: the segment at byte ${position} has no length; the file is damaged`);
  return file.subarray(position + 2, position + length);
}

function readTables(
  marker: number,
  segment: Uint8Array,
  state: DecoderState,
  checkSize: (width: number, height: number) => void,
): void {
  switch (marker) {
    case 0xc4:
      parseHuffman(segment, state.huffman);
      break;
    case 0xdb:
      parseQuantization(segment, state.quantization);
      break;
    case 0xdd:
      state.restartInterval = segment[0] * 256 + segment[1];
      break;
    case 0xe0:
      if (startsWith(segment, 'JFIF\0')) state.color.jfif = true;
      break;
    case 0xee:
      if (startsWith(segment, 'Adobe') && segment.length >= 12) state.color.adobeTransform = segment[11];
      break;
    case 0xc8:
    case 0xcc:
    case 0xdc:
      throw new Error(`JPEG: marker 0xff${marker.toString(16)} (an extension of baseline JPEG) is not supported`);
    default:
      if (marker >= 0xc0 && marker <= 0xcf) {
        if (state.frame) throw new Error('JPEG: the file has two frame headers (SOF); it is damaged');
        state.frame = parseFrame(marker, segment, checkSize);
      }
  }
}

function startsWith(segment: Uint8Array, text: string): boolean {
  return String.fromCharCode(...segment.subarray(0, text.length)) === text;
}

/** Decodes a scan and returns the offset of the marker behind it. */
function readScan(
  file: Uint8Array,
  position: number,
  segment: Uint8Array,
  state: DecoderState,
  warnings: string[],
): number {
  const { frame } = state;
  if (!frame) throw new Error('JPEG: a scan comes before the frame header (SOF); the file is damaged');
  if (++state.scans > MAX_SCANS) throw new Error(`JPEG: more than ${MAX_SCANS} scans; this is not an ordinary picture`);
  const scan = parseScan(segment, frame, state.huffman);
  for (const { component } of scan.components) {
    component.quantization ??= state.quantization[component.tableIndex] ?? null;
    if (!component.quantization) {
      throw new Error(`JPEG: quantization table ${component.tableIndex} is missing; the file is damaged`);
    }
  }
  return decodeScan(file, position, frame, scan, state.restartInterval, warnings);
}

/** Brings all components to full size and to RGB, row by row. */
function assemble({ frame, color }: DecoderState, warnings: string[]): RgbImage {
  if (!frame) throw new Error('JPEG: there is no picture in the file (no frame header); it is damaged');
  const { width, height, components } = frame;
  for (const component of components) {
    finishProgressive(component, warnings);
    if (!component.samples)
      throw new Error(`JPEG: component ${component.id} has no image data; the file is incomplete`);
  }
  const upsamplers = components.map((component) => createRowUpsampler(component, frame));
  const rows = components.map((component) => new Uint8Array(upsampledWidth(component, frame)));
  const ids = components.map(({ id }) => id);
  const convert = rowConverter(colorSpaceOf(ids, color));
  const data = new Uint8ClampedArray(width * height * 3);
  for (let y = 0; y < height; y++) {
    for (let i = 0; i < rows.length; i++) upsamplers[i](y, rows[i]);
    convert(rows, width, data, y * width * 3);
  }
  return { width, height, data: new Uint8Array(data.buffer) };
}
