/** A reader of TensorBoard's event files, written from the definitions of TFRecord and protocol buffers alone, sharing nothing with the writer. */

export interface ReadEvent {
  wallTime: number;
  step: number;
  version?: string;
  restart?: boolean;
  values: ReadValue[];
}

export interface ReadValue {
  tag: string;
  scalar?: number;
  image?: { height: number; width: number; colorspace: number; png: Uint8Array };
}

/** Numbers as they stand for varint and the fixed widths, bytes for the rest. */
type Fields = Map<number, (number | Uint8Array)[]>;

/** @throws Error where a length or a check is wrong */
export function readEvents(file: Uint8Array): ReadEvent[] {
  const events: ReadEvent[] = [];
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  for (let at = 0; at < file.length; ) {
    const length = Number(view.getBigUint64(at, true));
    expectCheck(view.getUint32(at + 8, true), file.subarray(at, at + 8));
    const data = file.subarray(at + 12, at + 12 + length);
    expectCheck(view.getUint32(at + 12 + length, true), data);
    events.push(eventOf(fieldsOf(data)));
    at += length + 16;
  }
  return events;
}

/** CRC-32C bit by bit: the remainder of the bits, lowest first, by the polynomial 0x1EDC6F41 read backwards. */
export function slowCrc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    for (let bit = 0; bit < 8; bit++) {
      const out = (crc & 1) ^ ((byte >> bit) & 1);
      crc >>>= 1;
      if (out === 1) crc = (crc ^ 0x82f63b78) >>> 0;
    }
  }
  return ~crc >>> 0;
}

function expectCheck(masked: number, bytes: Uint8Array): void {
  const rotated = (masked - 0xa282ead8 + 2 ** 32) % 2 ** 32;
  const crc = ((rotated >>> 17) | (rotated << 15)) >>> 0;
  if (crc !== slowCrc32c(bytes))
    throw new Error(`check ${crc} of ${bytes.length} bytes should be ${slowCrc32c(bytes)}`);
}

function fieldsOf(bytes: Uint8Array): Fields {
  const fields: Fields = new Map();
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  const skip = (length: number) => {
    at += length;
    return at - length;
  };
  const varint = () => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes[at++]!;
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return Number(value);
    }
  };
  const read: Record<number, () => number | Uint8Array> = {
    0: varint,
    1: () => view.getFloat64(skip(8), true),
    2: () => {
      const length = varint();
      return bytes.subarray(skip(length), at);
    },
    5: () => view.getFloat32(skip(4), true),
  };
  while (at < bytes.length) {
    const key = varint();
    const value = read[key % 8]!();
    fields.set(Math.floor(key / 8), [...(fields.get(Math.floor(key / 8)) ?? []), value]);
  }
  if (at !== bytes.length) throw new Error('a field reaches beyond its message');
  return fields;
}

const text = (value: unknown) => new TextDecoder().decode(value as Uint8Array);

function eventOf(fields: Fields): ReadEvent {
  const [summary] = (fields.get(5) ?? []) as Uint8Array[];
  const [session] = (fields.get(7) ?? []) as Uint8Array[];
  const values = summary ? ((fieldsOf(summary).get(1) ?? []) as Uint8Array[]).map(readValue) : [];
  return {
    wallTime: fields.get(1)![0] as number,
    step: (fields.get(2)?.[0] ?? 0) as number,
    ...(fields.has(3) && { version: text(fields.get(3)![0]) }),
    ...(session && { restart: fieldsOf(session).get(1)![0] === 1 }),
    values,
  };
}

function readValue(bytes: Uint8Array): ReadValue {
  const fields = fieldsOf(bytes);
  const tag = text(fields.get(1)![0]);
  if (fields.has(2)) return { tag, scalar: fields.get(2)![0] as number };
  const image = fieldsOf(fields.get(4)![0] as Uint8Array);
  const [height, width, colorspace] = [1, 2, 3].map((number) => image.get(number)![0] as number);
  return {
    tag,
    image: { height: height!, width: width!, colorspace: colorspace!, png: image.get(4)![0] as Uint8Array },
  };
}
