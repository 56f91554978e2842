/** Lines of a text file of any size. */
import type { FileSource } from '../../engine/runtime/index.ts';

export interface Line {
  /** Without its end; empty when the line is too long. */
  text: string;
  /** Counted from 1. */
  number: number;
  /** Where its bytes are in the file, its end not counted. */
  offset: number;
  length: number;
  /** More bytes than are held at a time. */
  isTooLong: boolean;
}

/** Bytes of a line that are held; a longer line is passed over. */
const LONGEST_LINE = 16 * 1024 * 1024;
const PIECE = 1024 * 1024;
const LINE_FEED = 0x0a;

/**
 * The lines of a file in UTF-8, with no more than one line and one piece of the file in memory. Carriage returns at the ends and a
 * byte order mark are left out; bytes that are no UTF-8 become U+FFFD.
 */
export async function* readLines(file: FileSource, longest = LONGEST_LINE): AsyncGenerator<Line> {
  const decoder = new TextDecoder();
  let pending: Uint8Array[] = [];
  let held = 0;
  let number = 1;
  let lineStart = 0;

  const take = (end: number): Line => {
    const length = end - lineStart;
    const isTooLong = length > longest;
    const text = isTooLong ? '' : decoder.decode(joined(pending, held)).replace(/\r$/, '');
    const line = { text, number, offset: lineStart, length, isTooLong };
    pending = [];
    held = 0;
    number++;
    lineStart = end + 1;
    return line;
  };
  const hold = (bytes: Uint8Array, end: number) => {
    if (end - lineStart > longest) {
      pending = [];
      held = 0;
    } else {
      pending.push(bytes);
      held += bytes.length;
    }
  };

  for (let at = 0; at < file.size; at += PIECE) {
    const piece = await file.read(at, Math.min(PIECE, file.size - at));
    let from = 0;
    for (let end = piece.indexOf(LINE_FEED); end !== -1; end = piece.indexOf(LINE_FEED, from)) {
      hold(piece.subarray(from, end), at + end);
      yield take(at + end);
      from = end + 1;
    }
    if (from < piece.length) hold(piece.subarray(from), at + piece.length);
  }
  if (lineStart < file.size) yield take(file.size);
}

/** The pieces one behind the other. */
export function joined(pieces: readonly Uint8Array[], length: number): Uint8Array {
  if (pieces.length === 1) return pieces[0]!;
  const whole = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}
