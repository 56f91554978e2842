/** Elements of files as numbers. Bytes are little endian, as are all machines that run WebGPU. */
import { DTYPE_BYTES, type SafetensorsDtype } from './header.ts';

/**
 * F32, F16 and BF16 widened exactly, subnormals, infinities and the bits of NaN included; F64 rounded to the nearest. The
 * result may share memory with `bytes` when these are F32 and aligned.
 */
export function toFloat32(bytes: Uint8Array<ArrayBuffer>, dtype: SafetensorsDtype): Float32Array<ArrayBuffer> {
  checkWhole(bytes, dtype);
  switch (dtype) {
    case 'F32':
      return new Float32Array(aligned(bytes, 4), alignedOffset(bytes, 4), bytes.length / 4);
    case 'BF16':
      return bfloat16ToFloat32(words(bytes));
    case 'F16':
      return float16ToFloat32(words(bytes));
    case 'F64':
      return Float32Array.from(new Float64Array(aligned(bytes, 8), alignedOffset(bytes, 8), bytes.length / 8));
    default:
      throw new Error(`cannot take ${dtype} as floating-point numbers (F64, F32, F16 and BF16 are known)`);
  }
}

/** Any dtype but F8 as exact JavaScript numbers. Throws at integers beyond 2^53. */
export function toNumbers(bytes: Uint8Array<ArrayBuffer>, dtype: SafetensorsDtype): number[] {
  checkWhole(bytes, dtype);
  const count = bytes.length / DTYPE_BYTES[dtype];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const each = (read: (offset: number) => number) =>
    Array.from({ length: count }, (_, i) => read(i * DTYPE_BYTES[dtype]));
  switch (dtype) {
    case 'F64':
      return each((offset) => view.getFloat64(offset, true));
    case 'F32':
    case 'F16':
    case 'BF16':
      return Array.from(toFloat32(bytes, dtype));
    case 'I64':
      return each((offset) => safe(view.getBigInt64(offset, true)));
    case 'U64':
      return each((offset) => safe(view.getBigUint64(offset, true)));
    case 'I32':
      return each((offset) => view.getInt32(offset, true));
    case 'U32':
      return each((offset) => view.getUint32(offset, true));
    case 'I16':
      return each((offset) => view.getInt16(offset, true));
    case 'U16':
      return each((offset) => view.getUint16(offset, true));
    case 'I8':
      return each((offset) => view.getInt8(offset));
    case 'U8':
    case 'BOOL':
      return Array.from(bytes);
    default:
      throw new Error(`cannot take ${dtype} as numbers`);
  }
}

/** IEEE 754 binary16, rounded to the nearest, ties to even; beyond 65,504 infinity, NaN stays NaN. */
export function toFloat16Bits(values: Float32Array): Uint16Array<ArrayBuffer> {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const halves = new Uint16Array(values.length);
  for (let i = 0; i < bits.length; i++) halves[i] = float16Bits(bits[i]!);
  return halves;
}

function float16Bits(float: number): number {
  const sign = (float >>> 16) & 0x8000;
  const size = float & 0x7fff_ffff;
  if (size > 0x7f80_0000) return sign | 0x7e00 | ((size >>> 13) & 0x3ff);
  // From 65,520 on, half way to the next step, everything rounds to infinity.
  if (size >= 0x477f_f000) return sign | 0x7c00;
  // Normal from 2^-14 on: the exponent's bias goes from 127 to 15, and 13 bits of the fraction are rounded away.
  if (size >= 0x3880_0000) return sign | ((size - (112 << 23) + 0xfff + ((size >>> 13) & 1)) >>> 13);
  // Up to 2^-25, half of the smallest step, everything rounds to zero.
  if (size <= 0x3300_0000) return sign;
  // Subnormal: the fraction with its leading one, in steps of 2^-24.
  const fraction = (size & 0x7f_ffff) | 0x80_0000;
  const shift = 126 - (size >>> 23);
  const steps = fraction >>> shift;
  const rest = fraction & ((1 << shift) - 1);
  const half = 1 << (shift - 1);
  return sign | (rest > half || (rest === half && steps & 1) ? steps + 1 : steps);
}

/** The upper half of a float32. */
function bfloat16ToFloat32(halves: Uint16Array): Float32Array<ArrayBuffer> {
  const bits = new Uint32Array(halves.length);
  for (let i = 0; i < halves.length; i++) bits[i] = halves[i]! << 16;
  return new Float32Array(bits.buffer);
}

/** Shifting the bits into a float of 2^-112 the size and multiplying is exact, for subnormals too. */
function float16ToFloat32(halves: Uint16Array): Float32Array<ArrayBuffer> {
  const values = new Float32Array(halves.length);
  const bits = new Uint32Array(values.buffer);
  for (let i = 0; i < halves.length; i++) {
    const half = halves[i]!;
    const size = (half & 0x7fff) << 13;
    if (size >= 0x7c00 << 13) {
      bits[i] = 0x7f80_0000 | size;
    } else {
      bits[i] = size;
      values[i]! *= 2 ** 112;
    }
    bits[i]! |= (half & 0x8000) << 16;
  }
  return values;
}

function words(bytes: Uint8Array<ArrayBuffer>): Uint16Array<ArrayBuffer> {
  return new Uint16Array(aligned(bytes, 2), alignedOffset(bytes, 2), bytes.length / 2);
}

/** The memory behind `bytes`, or a copy of them where a view of elements could not begin there. */
function aligned(bytes: Uint8Array<ArrayBuffer>, size: number): ArrayBuffer {
  return bytes.byteOffset % size === 0 ? bytes.buffer : bytes.slice().buffer;
}

function alignedOffset(bytes: Uint8Array, size: number): number {
  return bytes.byteOffset % size === 0 ? bytes.byteOffset : 0;
}

function checkWhole(bytes: Uint8Array, dtype: SafetensorsDtype): void {
  if (bytes.length % DTYPE_BYTES[dtype] !== 0) {
    throw new Error(`${bytes.length} bytes are not a whole number of ${dtype} elements`);
  }
}

function safe(value: bigint): number {
  if (!Number.isSafeInteger(Number(value)))
    throw new Error(`the integer ${value} is beyond the exact JavaScript numbers`);
  return Number(value);
}
