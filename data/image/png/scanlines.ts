/** From the compressed stream of a PNG file to rows of samples (PNG specification, chapters 7, 9 and 10). */
import { PNG_COLOR_TYPES, type PngHeader } from './chunks.ts';

/** One reduced picture of Adam7, or the whole picture where it is not interlaced. */
export interface Pass {
  /** First pixel and distance between pixels in the whole picture. */
  x: number;
  y: number;
  stepX: number;
  stepY: number;
  /** Pixels of this pass. */
  columns: number;
  rows: number;
  /** Bytes of a row, without its filter byte. */
  rowBytes: number;
}

const ADAM7 = [
  { x: 0, y: 0, stepX: 8, stepY: 8 },
  { x: 4, y: 0, stepX: 8, stepY: 8 },
  { x: 0, y: 4, stepX: 4, stepY: 8 },
  { x: 2, y: 0, stepX: 4, stepY: 4 },
  { x: 0, y: 2, stepX: 2, stepY: 4 },
  { x: 1, y: 0, stepX: 2, stepY: 2 },
  { x: 0, y: 1, stepX: 1, stepY: 2 },
];
const WHOLE = [{ x: 0, y: 0, stepX: 1, stepY: 1 }];

/** The passes that have pixels, in file order. */
export function passesOf(header: PngHeader): Pass[] {
  const bitsPerPixel = header.bitDepth * PNG_COLOR_TYPES[header.colorType].channels;
  return (header.interlaced ? ADAM7 : WHOLE)
    .map((grid) => {
      const columns = Math.ceil((header.width - grid.x) / grid.stepX);
      const rows = Math.ceil((header.height - grid.y) / grid.stepY);
      return { ...grid, columns, rows, rowBytes: Math.ceil((columns * bitsPerPixel) / 8) };
    })
    .filter(({ columns, rows }) => columns > 0 && rows > 0);
}

/**
 * Inflates the zlib stream into exactly `size` bytes. Never holds more than that, whatever the stream would grow to.
 * A stream that is damaged or too short is an error; bytes beyond `size` are a warning.
 */
export async function inflate(
  pieces: Uint8Array<ArrayBuffer>[],
  size: number,
  warnings: string[],
): Promise<Uint8Array> {
  const reader = inSmallSteps(pieces).pipeThrough(new DecompressionStream('deflate')).getReader();
  const result = new Uint8Array(size);
  let filled = 0;
  let failure: unknown;
  try {
    while (filled <= size) {
      const { done, value } = await reader.read();
      if (done) break;
      result.set(value.subarray(0, size - filled), filled);
      filled += value.length;
    }
  } catch (error) {
    failure = error;
  }
  if (filled > size) {
    warnings.push('PNG: there is more image data than the picture needs; the rest is ignored');
    await reader.cancel().catch(() => undefined);
    return result;
  }
  if (filled < size) {
    throw new Error(`PNG: the image data is damaged or truncated (${filled} of ${size} bytes could be decompressed)`, {
      cause: failure,
    });
  }
  // Runtimes disagree on a missing checksum and on bytes after it, so it is looked at here.
  if (lastUint32(pieces) !== adler32(result)) {
    throw new Error('PNG: the checksum of the decompressed image data is wrong or missing; the file is damaged');
  }
  return result;
}

/**
 * Some runtimes inflate all that they are given before anything can be read, up to 1032 times its size; small steps
 * keep that within 17 MB.
 */
function inSmallSteps(pieces: Uint8Array<ArrayBuffer>[]): ReadableStream<Uint8Array<ArrayBuffer>> {
  const stepBytes = 16384;
  let piece = 0;
  let offset = 0;
  return new ReadableStream({
    pull(controller) {
      while (piece < pieces.length && offset >= pieces[piece].length) {
        piece++;
        offset = 0;
      }
      if (piece === pieces.length) {
        controller.close();
        return;
      }
      controller.enqueue(pieces[piece].slice(offset, offset + stepBytes));
      offset += stepBytes;
    },
  });
}

/** The last four bytes as a big-endian number; null when there are fewer. */
function lastUint32(pieces: Uint8Array[]): number | null {
  const last: number[] = [];
  for (let piece = pieces.length - 1; piece >= 0 && last.length < 4; piece--) {
    last.unshift(...pieces[piece].subarray(-4));
  }
  return last.length < 4 ? null : new DataView(Uint8Array.from(last.slice(-4)).buffer).getUint32(0);
}

/** Adler-32 of RFC 1950. */
function adler32(bytes: Uint8Array): number {
  // The largest run after which the second sum still fits 32 bits.
  const run = 5552;
  let first = 1;
  let second = 0;
  for (let start = 0; start < bytes.length; start += run) {
    const end = Math.min(start + run, bytes.length);
    for (let i = start; i < end; i++) {
      first += bytes[i];
      second += first;
    }
    first %= 65521;
    second %= 65521;
  }
  return ((second << 16) | first) >>> 0;
}

/**
 * Undoes the filters of one pass in place.
 * @param data rows of one filter byte and `rowBytes` bytes
 * @param start where the pass starts in `data`
 * @param pixelBytes bytes from a sample to the same sample of the pixel to the left, at least 1
 */
export function unfilter(data: Uint8Array, start: number, pass: Pass, pixelBytes: number): void {
  const { rows, rowBytes } = pass;
  let above: Uint8Array = new Uint8Array(rowBytes);
  for (let y = 0; y < rows; y++) {
    const filterAt = start + y * (rowBytes + 1);
    const row = data.subarray(filterAt + 1, filterAt + 1 + rowBytes);
    const filter = FILTERS[data[filterAt]];
    if (!filter) throw new Error(`PNG: row ${y} has the unknown filter ${data[filterAt]}; the file is damaged`);
    filter(row, above, pixelBytes);
    above = row;
  }
}

type Filter = (row: Uint8Array, above: Uint8Array, pixelBytes: number) => void;

const FILTERS: readonly Filter[] = [
  () => undefined,
  function sub(row, _above, pixelBytes) {
    for (let i = pixelBytes; i < row.length; i++) row[i] += row[i - pixelBytes];
  },
  function up(row, above) {
    for (let i = 0; i < row.length; i++) row[i] += above[i];
  },
  function average(row, above, pixelBytes) {
    const head = Math.min(pixelBytes, row.length);
    for (let i = 0; i < head; i++) row[i] += above[i] >> 1;
    for (let i = head; i < row.length; i++) row[i] += (row[i - pixelBytes] + above[i]) >> 1;
  },
  function paeth(row, above, pixelBytes) {
    const head = Math.min(pixelBytes, row.length);
    for (let i = 0; i < head; i++) row[i] += above[i];
    for (let i = head; i < row.length; i++) {
      row[i] += paethPredictor(row[i - pixelBytes], above[i], above[i - pixelBytes]);
    }
  },
];

function paethPredictor(left: number, up: number, upperLeft: number): number {
  const toLeft = Math.abs(up - upperLeft);
  const toUp = Math.abs(left - upperLeft);
  const toUpperLeft = Math.abs(left + up - 2 * upperLeft);
  if (toLeft <= toUp && toLeft <= toUpperLeft) return left;
  return toUp <= toUpperLeft ? up : upperLeft;
}
