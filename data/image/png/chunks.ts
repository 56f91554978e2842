/** The container of a PNG file: signature, chunks, checksums (PNG specification, third edition, chapters 5 and 11). */
import { crc32 } from './crc32.ts';

export interface PngHeader {
  width: number;
  height: number;
  /** Bits of one sample: 1, 2, 4, 8 or 16. */
  bitDepth: number;
  colorType: PngColorType;
  /** Adam7 interlacing. */
  interlaced: boolean;
}

export type PngColorType = 0 | 2 | 3 | 4 | 6;

export interface PngContents {
  header: PngHeader;
  /** RGB triples, null where the file has no PLTE chunk. */
  palette: Uint8Array | null;
  /** The pieces of the zlib stream, views into the file. */
  imageData: Uint8Array<ArrayBuffer>[];
}

/** Samples of a pixel and allowed bit depths for each colour type. */
export const PNG_COLOR_TYPES: Readonly<Record<PngColorType, { channels: number; bitDepths: readonly number[] }>> = {
  0: { channels: 1, bitDepths: [1, 2, 4, 8, 16] },
  2: { channels: 3, bitDepths: [8, 16] },
  3: { channels: 1, bitDepths: [1, 2, 4, 8] },
  4: { channels: 2, bitDepths: [8, 16] },
  6: { channels: 4, bitDepths: [8, 16] },
};

const SIGNATURE_BYTES = 8;
const KNOWN_CRITICAL = ['IHDR', 'PLTE', 'IDAT', 'IEND'];

interface Chunk {
  type: string;
  start: number;
  data: Uint8Array<ArrayBuffer>;
  checksumFits: boolean;
}

/**
 * Reads and checks every chunk up to IEND.
 *
 * `checkSize` is called with the declared size before anything else is read, so that a lying header costs nothing.
 * A wrong checksum in a critical chunk is an error, in an ancillary one (which has no influence on the pixels) a
 * warning; so is a missing IEND.
 */
export function readPngChunks(
  bytes: Uint8Array<ArrayBuffer>,
  checkSize: (width: number, height: number) => void,
  warnings: string[],
): PngContents {
  let position = SIGNATURE_BYTES;
  const first = readChunk(bytes, position);
  const header = parseHeader(first);
  checkSize(header.width, header.height);
  position += first.data.length + 12;

  let palette: Uint8Array | null = null;
  const imageData: Uint8Array<ArrayBuffer>[] = [];
  while (true) {
    if (position >= bytes.length && imageData.length > 0) {
      warnings.push('PNG: the end chunk (IEND) is missing');
      break;
    }
    const chunk = readChunk(bytes, position);
    position += chunk.data.length + 12;
    if (chunk.type === 'IEND') break;
    if (chunk.type === 'IDAT') {
      imageData.push(chunk.data);
    } else if (chunk.type === 'PLTE') {
      palette = parsePalette(chunk);
    } else if (!chunk.checksumFits) {
      warnings.push(`PNG: the checksum of chunk ${chunk.type} at byte ${chunk.start} is wrong; the chunk is ignored`);
    }
  }
  if (imageData.length === 0) throw new Error('PNG: there is no image data (no IDAT chunk); the file is incomplete');
  if (header.colorType === 3 && !palette) {
    throw new Error('PNG: the picture uses a palette, but the file has none (no PLTE chunk); the file is damaged');
  }
  return { header, palette, imageData };
}

function readChunk(bytes: Uint8Array<ArrayBuffer>, start: number): Chunk {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (start + 12 > bytes.length) {
    throw new Error(`PNG: the file ends at byte ${bytes.length}, inside a chunk; it is truncated`);
  }
  const length = view.getUint32(start);
  const type = String.fromCharCode(...bytes.subarray(start + 4, start + 8));
  if (!/^[A-Za-z]{4}$/.test(type)) {
    throw new Error(`PNG: there is no chunk at byte ${start} where one should start; the file is damaged`);
  }
  const end = start + 8 + length;
  if (end + 4 > bytes.length) {
    throw new Error(
      `PNG: chunk ${type} at byte ${start} says it is ${length} bytes long, but the file ends at byte ${bytes.length}; it is truncated`,
    );
  }
  const checksumFits = view.getUint32(end) === crc32(bytes.subarray(start + 4, end));
  const critical = type[0] < 'a';
  if (critical && !KNOWN_CRITICAL.includes(type)) {
    throw new Error(`PNG: chunk ${type} at byte ${start} is not part of the standard and cannot be skipped`);
  }
  if (critical && !checksumFits) {
    throw new Error(`PNG: the checksum of chunk ${type} at byte ${start} is wrong; the file is damaged`);
  }
  return { type, start, data: bytes.subarray(start + 8, end), checksumFits };
}

function parseHeader(chunk: Chunk): PngHeader {
  const { data } = chunk;
  if (chunk.type !== 'IHDR' || data.length !== 13) {
    throw new Error('PNG: the file does not start with a header chunk (IHDR) of 13 bytes; it is damaged');
  }
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const [bitDepth, colorType, compression, filter, interlace] = data.subarray(8);
  if (!isColorType(colorType) || !PNG_COLOR_TYPES[colorType].bitDepths.includes(bitDepth)) {
    throw new Error(`PNG: colour type ${colorType} with ${bitDepth} bits does not exist`);
  }
  if (compression !== 0 || filter !== 0 || interlace > 1) {
    throw new Error(`PNG: unknown compression (${compression}), filter (${filter}) or interlace method (${interlace})`);
  }
  return { width: view.getUint32(0), height: view.getUint32(4), bitDepth, colorType, interlaced: interlace === 1 };
}

function isColorType(value: number): value is PngColorType {
  return value in PNG_COLOR_TYPES;
}

function parsePalette({ data, start }: Chunk): Uint8Array {
  if (data.length === 0 || data.length > 768 || data.length % 3 !== 0) {
    throw new Error(
      `PNG: the palette (PLTE at byte ${start}) has ${data.length} bytes; 1 to 256 RGB triples are allowed`,
    );
  }
  return data;
}
