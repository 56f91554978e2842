/** The entropy-coded bits between two markers of a JPEG file (ITU-T T.81, F.2.2). */
import type { HuffmanTable } from './tables.ts';

/** Zeros behind the data: more than one block can consume, so that reading needs no bounds check. */
const PADDING_BYTES = 512;
/** Bit positions stay within 31 bits. */
const MAX_SEGMENT_BYTES = 2 ** 27;

export class BitReader {
  /** Offset in the file of the marker that ends the current segment. */
  markerAt: number;
  readonly #file: Uint8Array;
  #data = new Uint8Array(PADDING_BYTES);
  #position = 0;
  #end = 0;

  /** @param start offset in `file` of the first entropy-coded byte */
  constructor(file: Uint8Array, start: number) {
    this.#file = file;
    this.markerAt = start;
    this.#load(start);
  }

  /** Goes on behind restart marker `number` (0 to 7). */
  restart(number: number): void {
    const found = this.#file[this.markerAt + 1];
    if (found !== 0xd0 + number) {
      throw new Error(
        `JPEG: restart marker ${number} is expected at byte ${this.markerAt}, 0xff${found.toString(16)} is there; the file is damaged`,
      );
    }
    this.#load(this.markerAt + 2);
  }

  /** Throws when more bits were read than there are. Call it at least once a block. */
  assertNotPastEnd(): void {
    if (this.#position > this.#end) {
      throw new Error(
        `JPEG: the data of a scan ends at byte ${this.markerAt}, before the picture is complete; the file is truncated or damaged`,
      );
    }
  }

  /** Whole bytes of the current segment that were not read. */
  unreadBytes(): number {
    return (this.#end - this.#position) >> 3;
  }

  /** Decodes one Huffman symbol. */
  symbol(table: HuffmanTable): number {
    const entry = table[this.#peek16()];
    if (entry === 0) this.#badCode();
    this.#position += entry >> 8;
    return entry & 255;
  }

  /** The next `count` bits (0 to 16) as an unsigned number. */
  bits(count: number): number {
    const value = this.#peek16() >> (16 - count);
    this.#position += count;
    return value;
  }

  /** The next `count` bits (1 to 16) as a signed number: T.81 F.2.2.1, EXTEND. */
  signed(count: number): number {
    const value = this.bits(count);
    return value < 1 << (count - 1) ? value - (1 << count) + 1 : value;
  }

  #peek16(): number {
    const data = this.#data;
    const byte = this.#position >> 3;
    return (((data[byte] << 16) | (data[byte + 1] << 8) | data[byte + 2]) >> (8 - (this.#position & 7))) & 0xffff;
  }

  #badCode(): never {
    this.assertNotPastEnd();
    throw new Error(`JPEG: there is a bad Huffman code before byte ${this.markerAt}; the file is damaged`);
  }

  /** Copies everything up to the next marker, without the zero bytes stuffed behind 0xff. */
  #load(start: number): void {
    const file = this.#file;
    const markerAt = findMarker(file, start);
    if (markerAt - start > MAX_SEGMENT_BYTES) throw new Error('JPEG: a scan of more than 128 MiB is not supported');
    const data = new Uint8Array(markerAt - start + PADDING_BYTES);
    let length = 0;
    let from = start;
    while (from < markerAt) {
      const stuffed = file.indexOf(0xff, from);
      const to = stuffed === -1 || stuffed >= markerAt ? markerAt : stuffed + 1;
      data.set(file.subarray(from, to), length);
      length += to - from;
      from = to;
      // Several 0xff in a row are fill bytes and count once.
      if (to < markerAt) {
        while (file[from] === 0xff) from++;
        from++;
      }
    }
    this.markerAt = markerAt;
    this.#data = data;
    this.#position = 0;
    this.#end = length * 8;
  }
}

/** Offset of the 0xff of the first marker at or behind `start`. */
function findMarker(file: Uint8Array, start: number): number {
  let at = file.indexOf(0xff, start);
  while (at !== -1) {
    let code = at + 1;
    while (file[code] === 0xff) code++;
    if (code >= file.length) break;
    if (file[code] !== 0) return code - 1;
    at = file.indexOf(0xff, code);
  }
  throw new Error('JPEG: the file ends in the middle of a scan, without an end marker; it is truncated');
}
