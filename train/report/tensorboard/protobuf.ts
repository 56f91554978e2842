/** Fields of protocol buffers as bytes (protobuf.dev, «Encoding»): each is its number and wire type, then the value. */

/** Wire types. */
const VARINT = 0;
const FIXED_64 = 1;
const LENGTH = 2;
const FIXED_32 = 5;

/** Fields one after the other: a message. */
export function message(...fields: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(fields.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const field of fields) {
    bytes.set(field, at);
    at += field.length;
  }
  return bytes;
}

/** An integer from 0 to 2⁵³ − 1. */
export function integerField(number: number, value: number): Uint8Array {
  return Uint8Array.of(...tag(number, VARINT), ...varint(value));
}

export function doubleField(number: number, value: number): Uint8Array {
  return message(
    tag(number, FIXED_64),
    littleEndian(8, (view) => view.setFloat64(0, value, true)),
  );
}

export function floatField(number: number, value: number): Uint8Array {
  return message(
    tag(number, FIXED_32),
    littleEndian(4, (view) => view.setFloat32(0, value, true)),
  );
}

/** A text, bytes, or a message. */
export function bytesField(number: number, value: string | Uint8Array): Uint8Array {
  const bytes = typeof value === 'string' ? new TextEncoder().encode(value) : value;
  return message(tag(number, LENGTH), varint(bytes.length), bytes);
}

function tag(number: number, wireType: number): Uint8Array {
  return varint(number * 8 + wireType);
}

/** Seven bits a byte, the lowest first; the highest bit says that more follow. */
function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  bytes.push(rest);
  return Uint8Array.from(bytes);
}

function littleEndian(length: number, write: (view: DataView) => void): Uint8Array {
  const bytes = new Uint8Array(length);
  write(new DataView(bytes.buffer));
  return bytes;
}
