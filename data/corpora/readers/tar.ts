/** Tar archives (POSIX ustar with pax and GNU long names), entry by entry from any header on. */
import type { FileSource } from '../../../engine/runtime/index.ts';

const BLOCK = 512;
/** Bytes of a header of long names that are held. */
const LONGEST_EXTENSION = 1 << 20;

export interface TarEntry {
  readonly name: string;
  /** Where its header starts, those with its long name before it included. */
  readonly offset: number;
  /** Where its content is. */
  readonly start: number;
  readonly size: number;
  /** Where the next header is. */
  readonly end: number;
}

/** The archive ends in the middle of an entry, or what should be a header is none. */
export class TarError extends Error {
  /** Name of the entry, where it is known. */
  readonly entry: string | null;

  constructor(message: string, entry: string | null = null) {
    super(message);
    this.entry = entry;
  }
}

/** Regular files. @throws TarError where the archive is damaged or cut */
export async function* tarEntries(file: FileSource, from: number): AsyncGenerator<TarEntry> {
  let offset = from;
  let long: { name?: string; size?: number } = {};
  for (let at = from; at < file.size; ) {
    if (at + BLOCK > file.size) throw new TarError(`the file ends in the middle of the header at ${at}`);
    const header = await file.read(at, BLOCK);
    if (header.every((byte) => byte === 0)) return;
    const { name, size, type } = readHeader(header, at);
    const start = at + BLOCK;
    const length = long.size ?? size;
    const end = start + Math.ceil(length / BLOCK) * BLOCK;
    if (start + length > file.size) throw new TarError('the file ends in the middle of it', long.name ?? name);
    if (isExtension(type)) {
      if (length > LONGEST_EXTENSION) throw new TarError(`a header at ${at} claims ${length} bytes of names`);
      long = { ...long, ...readExtension(type, await file.read(start, length)) };
    } else {
      if (type === '0' || type === '') yield { name: long.name ?? name, offset, start, size: length, end };
      long = {};
      offset = end;
    }
    at = end;
  }
}

function readHeader(header: Uint8Array, at: number): { name: string; size: number; type: string } {
  const sum = header.reduce((total, byte, index) => total + (index >= 148 && index < 156 ? 0x20 : byte), 0);
  if (sum !== octal(header, 148, 8)) throw new TarError(`there is no tar header at ${at}`);
  const prefix = text(header, 257, 5) === 'ustar' ? text(header, 345, 155) : '';
  const name = text(header, 0, 100);
  return { name: prefix ? `${prefix}/${name}` : name, size: sizeOf(header), type: text(header, 156, 1) };
}

/** Octal digits, or from 8 GiB on a number of 8 bytes whose first bit is set. */
function sizeOf(header: Uint8Array): number {
  if (header[124]! < 0x80) return octal(header, 124, 12);
  return header.subarray(128, 136).reduce((size, byte) => size * 256 + byte, 0);
}

function octal(header: Uint8Array, at: number, length: number): number {
  return Number.parseInt(text(header, at, length).trim() || '0', 8);
}

function text(bytes: Uint8Array, at: number, length: number): string {
  const field = bytes.subarray(at, at + length);
  const end = field.indexOf(0);
  return new TextDecoder().decode(end < 0 ? field : field.subarray(0, end));
}

/** Pax headers for the next entry or for all, and GNU's long names and links. */
function isExtension(type: string): boolean {
  return ['x', 'g', 'L', 'K'].includes(type);
}

function readExtension(type: string, bytes: Uint8Array): { name?: string; size?: number } {
  if (type === 'L') return { name: text(bytes, 0, bytes.length) };
  if (type !== 'x') return {};
  const found: { name?: string; size?: number } = {};
  for (let at = 0; at < bytes.length; ) {
    const length = Number.parseInt(text(bytes, at, 20), 10);
    if (!(length > 0)) break;
    const [, key, value] = /^\d+ ([^=]+)=(.*)\n$/s.exec(text(bytes, at, length)) ?? [];
    if (key === 'path') found.name = value;
    if (key === 'size') found.size = Number(value);
    at += length;
  }
  return found;
}
