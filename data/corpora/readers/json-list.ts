/** A JSON file that is one list of objects, member by member, so that its size does not matter. */
import type { FileSource } from '../../../engine/runtime/index.ts';
import { parseRow } from '../../grit/json-row.ts';
import { joined } from '../../grit/lines.ts';
import { Unusable } from '../problems.ts';
import { CUT_OFF, type DataRecord, NO_JSON_OBJECT, type Place, TOO_LONG } from './record.ts';

const PIECE = 1 << 20;
/** Bytes of a member that are held; a longer one is passed over. */
const LONGEST = 1 << 24;

/** A member of the list as it stands in the file; `isWhole` is false for one that the file ends in. */
interface Member {
  readonly bytes: Uint8Array | null;
  readonly length: number;
  readonly isWhole: boolean;
  /** The byte behind the comma after it; null where the list ends. */
  readonly end: number | null;
}

export async function* readJsonList(path: string, file: FileSource, from: Place): AsyncGenerator<DataRecord> {
  const start = from.offset > 0 ? from.offset : await listStart(file);
  if (start === null) {
    const content = new Unusable('file that is no JSON list');
    yield { where: path, number: 0, content, size: 0, next: null };
    return;
  }
  let { number } = from;
  for await (const member of members(file, start)) {
    yield {
      where: `${path} [${number}]`,
      number,
      content: contentOf(member),
      size: member.length,
      next: member.end === null ? null : { offset: member.end, number: number + 1 },
    };
    number++;
  }
}

function contentOf({ bytes, length, isWhole }: Member): DataRecord['content'] {
  if (bytes === null) return new Unusable(TOO_LONG, `${length} bytes`);
  return parseRow(new TextDecoder().decode(bytes)) ?? new Unusable(isWhole ? NO_JSON_OBJECT : CUT_OFF);
}

/** The byte behind the list's opening bracket; null where the file holds something else. */
async function listStart(file: FileSource): Promise<number | null> {
  const bytes = await file.read(0, Math.min(PIECE, file.size));
  const bom = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
  const at = bytes.findIndex((byte, index) => index >= bom && !isBlank(byte));
  return at >= 0 && bytes[at] === OPENING_BRACKET ? at + 1 : null;
}

async function* members(file: FileSource, start: number): AsyncGenerator<Member> {
  const scan = new MemberScan();
  let held: Uint8Array[] = [];
  let length = 0;
  const hold = (bytes: Uint8Array) => {
    length += bytes.length;
    if (length <= LONGEST) held.push(bytes);
    else held = [];
  };
  const take = (isWhole: boolean, end: number | null): Member => {
    const member = { bytes: length <= LONGEST ? joined(held, length) : null, length, isWhole, end };
    held = [];
    length = 0;
    return member;
  };
  for (let at = start; at < file.size; at += PIECE) {
    const piece = await file.read(at, Math.min(PIECE, file.size - at));
    let from = 0;
    for (let end = scan.next(piece, from); end >= 0; end = scan.next(piece, from)) {
      hold(piece.subarray(from, end));
      const member = take(true, scan.isClosed ? null : at + end + 1);
      if (!member.bytes?.every(isBlank)) yield member;
      if (scan.isClosed) return;
      from = end + 1;
    }
    hold(piece.subarray(from));
  }
  yield take(false, null);
}

const OPENING_BRACKET = 0x5b;

/** Follows brackets and strings through the bytes of a list. UTF-8 has no byte of a longer character that looks like one of them. */
class MemberScan {
  /** Open brackets; the list's own is one. */
  #depth = 1;
  #inString = false;
  /** Whether the bytes so far end with a backslash that is not itself behind one. */
  #isEscaped = false;

  get isClosed(): boolean {
    return this.#depth === 0;
  }

  /** Where the next comma of the list itself or its closing bracket is, from `from` on; -1 where there is none in this piece. */
  next(bytes: Uint8Array, from: number): number {
    for (let at = from; at < bytes.length; at++) {
      if (this.#inString) {
        at = this.#behindString(bytes, at);
        if (at === bytes.length) return -1;
      }
      switch (bytes[at]) {
        case 0x22: // "
          this.#inString = true;
          break;
        case OPENING_BRACKET:
        case 0x7b: // {
          this.#depth++;
          break;
        case 0x5d: // ]
        case 0x7d: // }
          if (--this.#depth === 0) return at;
          break;
        case 0x2c: // ,
          if (this.#depth === 1) return at;
      }
    }
    return -1;
  }

  /** The byte behind the string that `at` lies in; the end of the piece where it goes on. */
  #behindString(bytes: Uint8Array, from: number): number {
    for (let at = from; at < bytes.length; at++) {
      const byte = bytes[at];
      if (this.#isEscaped) this.#isEscaped = false;
      else if (byte === 0x5c) this.#isEscaped = true;
      else if (byte === 0x22) {
        this.#inString = false;
        return at + 1;
      }
    }
    return bytes.length;
  }
}

function isBlank(byte: number): boolean {
  return byte === 0x20 || (byte >= 0x09 && byte <= 0x0d);
}
