/** The RIFF container of a WebP file (RFC 9649): sizes, completeness, the picture's bitstream. */

export interface WebpContents {
  /** Size of the whole picture. */
  width: number;
  height: number;
  /** A file with one still picture: the file itself, or the first frame of an animation in a container of its own. */
  still: Uint8Array;
  /** Where that picture lies in the whole one, in pixels; (0, 0) except for animations. */
  left: number;
  top: number;
}

interface Chunk {
  type: string;
  start: number;
  data: Uint8Array;
}

const BITSTREAMS = ['VP8 ', 'VP8L'];

/**
 * Reads the chunk structure and checks that nothing is missing.
 *
 * `checkSize` is called with every size that the file declares: the canvas and the picture in it.
 */
export function readWebp(
  bytes: Uint8Array,
  checkSize: (width: number, height: number) => void,
  warnings: string[],
): WebpContents {
  const declared = bytes.length < 12 ? 0 : viewOf(bytes).getUint32(4, true) + 8;
  if (bytes.length < 12 || declared > bytes.length) {
    throw new Error(`WebP: the file says it is ${declared} bytes long and has ${bytes.length}; it is truncated`);
  }
  const chunks = readChunks(bytes.subarray(0, declared), 12);
  const canvas = chunks.find(({ type }) => type === 'VP8X');
  const canvasSize = canvas ? readCanvas(canvas) : null;
  if (canvasSize) checkSize(canvasSize.width, canvasSize.height);

  const bitstream = chunks.find(({ type }) => BITSTREAMS.includes(type));
  if (bitstream) {
    const size = readBitstreamSize(bitstream);
    checkSize(size.width, size.height);
    return { ...size, still: bytes.subarray(0, declared), left: 0, top: 0 };
  }
  const firstFrame = chunks.find(({ type }) => type === 'ANMF');
  if (!firstFrame || !canvasSize) throw new Error('WebP: there is no picture in the file; it is damaged');
  warnings.push('WebP: this is an animation; its first frame is used');
  return { ...canvasSize, ...readFrame(firstFrame, checkSize) };
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function uint24(bytes: Uint8Array, at: number): number {
  return bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16);
}

function readChunks(bytes: Uint8Array, from: number): Chunk[] {
  const chunks: Chunk[] = [];
  let position = from;
  while (position + 8 <= bytes.length) {
    const type = String.fromCharCode(...bytes.subarray(position, position + 4));
    const length = viewOf(bytes).getUint32(position + 4, true);
    const start = position + 8;
    if (start + length > bytes.length) {
      throw new Error(
        `WebP: chunk ${JSON.stringify(type)} at byte ${position} goes past the end; the file is truncated`,
      );
    }
    chunks.push({ type, start: position, data: bytes.subarray(start, start + length) });
    position = start + length + (length % 2);
  }
  return chunks;
}

function readCanvas({ data }: Chunk): { width: number; height: number } {
  if (data.length < 10) throw new Error('WebP: the extended header (VP8X) is too short; the file is damaged');
  return { width: uint24(data, 4) + 1, height: uint24(data, 7) + 1 };
}

/** The size in the first bytes of a lossy (RFC 6386, 9.1) or lossless (RFC 9649, 3.4) bitstream. */
function readBitstreamSize({ type, data }: Chunk): { width: number; height: number } {
  const start = type === 'VP8L' ? data.subarray(0, 5) : data.subarray(0, 10);
  if (type === 'VP8L' && start.length === 5 && start[0] === 0x2f) {
    const sizes = viewOf(start).getUint32(1, true);
    return { width: (sizes & 0x3fff) + 1, height: ((sizes >>> 14) & 0x3fff) + 1 };
  }
  if (type === 'VP8 ' && start.length === 10 && start[3] === 0x9d && start[4] === 0x01 && start[5] === 0x2a) {
    return { width: (start[6] | (start[7] << 8)) & 0x3fff, height: (start[8] | (start[9] << 8)) & 0x3fff };
  }
  throw new Error('WebP: the picture does not start as it should; the file is damaged');
}

/** The first frame of an animation as a still file. Its alpha is left out: only the colours are wanted. */
function readFrame(
  frame: Chunk,
  checkSize: (width: number, height: number) => void,
): { still: Uint8Array; left: number; top: number } {
  const bitstream = readChunks(frame.data, 16).find(({ type }) => BITSTREAMS.includes(type));
  if (!bitstream) throw new Error('WebP: the first frame of the animation has no picture; the file is damaged');
  const size = readBitstreamSize(bitstream);
  checkSize(size.width, size.height);
  const padded = bitstream.data.length + (bitstream.data.length % 2);
  const still = new Uint8Array(20 + padded);
  const view = viewOf(still);
  still.set(new TextEncoder().encode('RIFF'), 0);
  view.setUint32(4, 12 + padded, true);
  still.set(new TextEncoder().encode(`WEBP${bitstream.type}`), 8);
  view.setUint32(16, bitstream.data.length, true);
  still.set(bitstream.data, 20);
  return { still, left: 2 * uint24(frame.data, 0), top: 2 * uint24(frame.data, 3) };
}
