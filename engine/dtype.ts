/** Element types of tensors, and how many bytes they take in a buffer. */
import { OpError } from './errors.ts';

/** `f16` is a storage format: two values in a u32, widened on load by `unpack2x16float`, so no device feature is needed. */
export type DType = 'f32' | 'f16' | 'i32' | 'u32';

/** What a tensor's elements are uploaded from; f16 takes its bit patterns as 16-bit integers. */
export type HostData = Float32Array | Uint16Array | Int32Array | Uint32Array;

const bytesPerElement: Record<DType, number> = { f32: 4, f16: 2, i32: 4, u32: 4 };

/** Bytes of `count` elements, without padding. */
export function byteLength(dtype: DType, count: number): number {
  return bytesPerElement[dtype] * count;
}

/** Buffers come in multiples of 16 bytes, so that kernels may read and write whole vec4s at the end. */
export function paddedByteLength(dtype: DType, count: number): number {
  return Math.max(16, Math.ceil(byteLength(dtype, count) / 16) * 16);
}

/** The typed array in which elements of `dtype` come back from the device. */
export function hostArrayOf(dtype: DType, buffer: ArrayBuffer, count: number): HostData {
  switch (dtype) {
    case 'f32':
      return new Float32Array(buffer, 0, count);
    case 'f16':
      return new Uint16Array(buffer, 0, count);
    case 'i32':
      return new Int32Array(buffer, 0, count);
    case 'u32':
      return new Uint32Array(buffer, 0, count);
  }
}

/** The dtype that a typed array is uploaded as; throws for any other kind of array. */
export function dtypeOf(data: HostData): DType {
  if (data instanceof Float32Array) return 'f32';
  if (data instanceof Uint16Array) return 'f16';
  if (data instanceof Int32Array) return 'i32';
  if (data instanceof Uint32Array) return 'u32';
  const given = Object.prototype.toString.call(data).slice('[object '.length, -1);
  throw new OpError('tensor', `data must be Float32Array, Uint16Array (f16), Int32Array or Uint32Array, not ${given}`);
}
