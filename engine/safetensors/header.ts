/**
 * The head of a safetensors file: 8 bytes of length (unsigned, little endian), then a JSON object of that many bytes that
 * gives each tensor's dtype, shape and byte range within what follows. The format asks that the ranges cover the rest of the
 * file without holes, so that a file holds nothing else; all of that is checked before anything is read.
 * https://github.com/huggingface/safetensors#format
 */

/** Bytes of one element. Elements of less than a byte exist in the format but in no checkpoint that is read here. */
export const DTYPE_BYTES = {
  F64: 8,
  F32: 4,
  F16: 2,
  BF16: 2,
  F8_E4M3: 1,
  F8_E5M2: 1,
  I64: 8,
  I32: 4,
  I16: 2,
  I8: 1,
  U64: 8,
  U32: 4,
  U16: 2,
  U8: 1,
  BOOL: 1,
} as const;

export type SafetensorsDtype = keyof typeof DTYPE_BYTES;

export interface TensorRecord {
  dtype: SafetensorsDtype;
  shape: number[];
  /** Of the first byte, from the start of the file. */
  offset: number;
  /** Bytes. */
  length: number;
}

export interface SafetensorsHeader {
  tensors: Map<string, TensorRecord>;
  metadata: Map<string, string>;
}

/** The format's own limit on the header, against files that would fill the memory. */
export const LARGEST_HEADER = 100_000_000;

const LENGTH_BYTES = 8;

/** Reads the length field. Throws where no header of that length can follow in a file of `fileSize` bytes. */
export function headerLength(file: string, field: Uint8Array, fileSize: number): number {
  const length = new DataView(field.buffer, field.byteOffset, LENGTH_BYTES).getBigUint64(0, true);
  if (length > LARGEST_HEADER) {
    throw new Error(
      `${file}: its header claims ${length} bytes, more than the ${LARGEST_HEADER} allowed: no safetensors file`,
    );
  }
  if (Number(length) > fileSize - LENGTH_BYTES) {
    throw new Error(
      `${file}: its header claims ${length} bytes, but the file has ${fileSize}: it is cut or no safetensors file`,
    );
  }
  return Number(length);
}

/** Decodes and validates the header of a file of `fileSize` bytes. Every error names the file and, where it is one's, the tensor. */
export function parseHeader(file: string, header: Uint8Array, fileSize: number): SafetensorsHeader {
  const entries = parseObject(file, header);
  const dataStart = LENGTH_BYTES + header.length;
  const tensors = new Map<string, TensorRecord>();
  let metadata = new Map<string, string>();
  for (const [name, entry] of Object.entries(entries)) {
    if (name === '__metadata__') metadata = parseMetadata(file, entry);
    else tensors.set(name, parseTensor(file, name, entry, dataStart, fileSize));
  }
  checkCoverage(file, tensors, dataStart, fileSize);
  return { tensors, metadata };
}

function parseObject(file: string, header: Uint8Array): object {
  let value: unknown;
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(header);
    value = JSON.parse(text);
  } catch (error) {
    throw new Error(`${file}: its header is not JSON (${error instanceof Error ? error.message : error})`, {
      cause: error,
    });
  }
  if (!isObject(value)) throw new Error(`${file}: its header is JSON, but not an object`);
  const repeated = repeatedKey(text);
  if (repeated !== null) throw new Error(`${file}: its header has the key ${shown(repeated)} twice`);
  return value;
}

/** The first key that stands twice in one object of a valid JSON text, which JSON.parse takes for one; null if none does. */
export function repeatedKey(json: string): string | null {
  const open: Set<string>[] = [];
  for (let at = 0; at < json.length; at++) {
    const character = json[at];
    if (character === '{' || character === '[') open.push(new Set());
    else if (character === '}' || character === ']') open.pop();
    else if (character === '"') {
      const end = endOfString(json, at);
      if (isFollowedByColon(json, end)) {
        const key: string = JSON.parse(json.slice(at, end));
        if (open.at(-1)!.has(key)) return key;
        open.at(-1)!.add(key);
      }
      at = end - 1;
    }
  }
  return null;
}

/** Index behind the closing quote of the string that opens at `start`: the first one with an even number of backslashes before. */
function endOfString(json: string, start: number): number {
  for (let quote = json.indexOf('"', start + 1); ; quote = json.indexOf('"', quote + 1)) {
    let backslashes = 0;
    while (json[quote - 1 - backslashes] === '\\') backslashes++;
    if (backslashes % 2 === 0) return quote + 1;
  }
}

function isFollowedByColon(json: string, start: number): boolean {
  let at = start;
  while (' \t\r\n'.includes(json[at] ?? ':')) at++;
  return json[at] === ':';
}

function parseMetadata(file: string, value: unknown): Map<string, string> {
  if (!isObject(value)) throw new Error(`${file}: its __metadata__ is not an object of strings`);
  for (const [key, text] of Object.entries(value)) {
    if (typeof text !== 'string') throw new Error(`${file}: its __metadata__ has ${shown(key)}, which is no string`);
  }
  return new Map(Object.entries(value as Record<string, string>));
}

function parseTensor(file: string, name: string, entry: unknown, dataStart: number, fileSize: number): TensorRecord {
  const fail = (what: string): never => {
    throw new Error(`${file}: tensor ${shown(name)} ${what}`);
  };
  if (!isObject(entry)) return fail('is described by something that is not an object');
  const { dtype, shape, data_offsets: range } = entry as Record<string, unknown>;
  if (typeof dtype !== 'string' || !Object.hasOwn(DTYPE_BYTES, dtype)) {
    return fail(`has the unknown dtype ${shown(dtype)} (known: ${Object.keys(DTYPE_BYTES).join(', ')})`);
  }
  if (!isListOfCounts(shape)) return fail(`has the shape ${shown(shape)}: not a list of whole numbers from 0`);
  if (!isListOfCounts(range) || range.length !== 2 || range[0]! > range[1]!) {
    return fail(`has the data_offsets ${shown(range)}: not a pair of whole numbers that rises`);
  }
  const [begin, end] = range as [number, number];
  const needed = byteLength(dtype as SafetensorsDtype, shape);
  if (needed === null) return fail(`has the shape ${shown(shape)}, which holds more bytes than can be counted`);
  if (end > fileSize - dataStart) {
    return fail(
      `ends at byte ${end} of the data, of which the file has ${fileSize - dataStart}: the file is cut or lies`,
    );
  }
  if (end - begin !== needed) {
    return fail(`has ${end - begin} bytes, but ${dtype} of shape ${shown(shape)} takes ${needed}`);
  }
  return { dtype: dtype as SafetensorsDtype, shape, offset: dataStart + begin, length: needed };
}

/** Bytes of a tensor, or null beyond 2^53. */
export function byteLength(dtype: SafetensorsDtype, shape: readonly number[]): number | null {
  let bytes: number = DTYPE_BYTES[dtype];
  for (const size of shape) {
    bytes *= size;
    if (!Number.isSafeInteger(bytes)) return null;
  }
  return bytes;
}

function checkCoverage(file: string, tensors: Map<string, TensorRecord>, dataStart: number, fileSize: number): void {
  const ordered = [...tensors].sort(([, a], [, b]) => a.offset - b.offset || a.length - b.length);
  let covered = dataStart;
  let before = '';
  for (const [name, { offset, length }] of ordered) {
    if (offset < covered) {
      throw new Error(`${file}: the tensors ${shown(before)} and ${shown(name)} overlap`);
    }
    if (offset > covered) {
      throw new Error(`${file}: ${offset - covered} bytes before tensor ${shown(name)} belong to no tensor`);
    }
    covered = offset + length;
    before = name;
  }
  if (covered !== fileSize) throw new Error(`${file}: ${fileSize - covered} bytes at its end belong to no tensor`);
}

/** A value from the file in an error: short, whatever the file holds. */
function shown(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (Array.isArray(value)) {
    const items = value.slice(0, 8).map((item) => (typeof item === 'object' ? '…' : shown(item)));
    return `[${items}${value.length > 8 ? ',…' : ''}]`;
  }
  if (typeof value === 'object' && value !== null) return 'an object';
  const text = JSON.stringify(value);
  return text.length > 120 ? `${text.slice(0, 120)}…` : text;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isListOfCounts(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((item) => Number.isSafeInteger(item) && item >= 0);
}
