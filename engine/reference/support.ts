/** What the references share. */
import { broadcastLayout, contiguousLayout, type Layout, type Shape, sizeOf } from '../shape.ts';
import type { CaseInput, ReferenceArray } from './op-reference.ts';

export function input(shape: Shape, low = -2, high = 2): CaseInput {
  return { shape, low, high };
}

export function integers(shape: Shape, values: readonly number[]): CaseInput {
  return { shape, values, dtype: 'i32' };
}

export function zerosLike(shape: Shape): Float64Array {
  return new Float64Array(sizeOf(shape));
}

/** Rows of `columns` elements. */
export function rowsOf({ data }: ReferenceArray, columns: number): Float64Array[] {
  return Array.from({ length: data.length / columns }, (_, row) => data.subarray(row * columns, (row + 1) * columns));
}

/** The elements that a layout of `data` sees, row-major. */
export function readLayout(data: Float64Array, { shape, strides, offset }: Layout): Float64Array {
  const out = new Float64Array(sizeOf(shape));
  for (let i = 0; i < out.length; i++) {
    let at = offset;
    for (let axis = shape.length - 1, rest = i; axis >= 0; axis--) {
      at += (rest % shape[axis]) * strides[axis];
      rest = Math.floor(rest / shape[axis]);
    }
    out[i] = data[at];
  }
  return out;
}

/** The elements of an operand that is broadcast to `shape`. */
export function broadcastValues({ shape: own, data }: ReferenceArray, shape: Shape): Float64Array {
  return readLayout(data, broadcastLayout(contiguousLayout(own), shape));
}
