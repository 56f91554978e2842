/**
 * Numbers as int4 or int8 in groups with one f16 scale each, on the host: number ≈ level · scale, with levels from −2^(bits−1) to 2^(bits−1) − 1.
 * The packing is that of `kernels/quantized.ts`.
 */
import type { QuantizedBits } from '../kernels/quantized.ts';
import { OpError } from './errors.ts';
import { toFloat16Bits, toFloat32 } from './safetensors/convert.ts';
import type { Shape } from './shape.ts';

export type { QuantizedBits } from '../kernels/quantized.ts';

export interface QuantizeForm {
  readonly bits: QuantizedBits;
  /** Elements that share a scale: a multiple of 8 that divides the rows. */
  readonly group: number;
}

/** Rows of `width` elements: [rows, width·bits/32] words and [rows, width/group] scales as f16 bits. */
export interface QuantizedRows {
  readonly words: Int32Array<ArrayBuffer>;
  readonly scales: Uint16Array<ArrayBuffer>;
}

export interface QuantizeResult extends QuantizedRows {
  /** Σ of the squared changes. */
  readonly squaredChanges: number;
}

/**
 * The level at which the largest number of a group is put. For int4 there are several, of which the one with the least squared error counts: to
 * cut the largest number off may pay, when the others gain by it.
 */
const reaches: Record<QuantizedBits, readonly number[]> = { 4: [7, 7.5, 8, 8.75, 9.5], 8: [127] };

/** Groups are made of words of eight int4. */
const groupStep = 8;

/** Bits and group of a matrix with rows of `width` elements, by the shapes of its words and scales; what does not fit, `checkForm` finds. */
export function storedForm(width: number, words: Shape, scales: Shape): QuantizeForm {
  return { bits: ((32 * words[1]) / width) as QuantizedBits, group: width / scales[1] };
}

/** @throws OpError where the group is none, or does not divide the rows */
export function checkForm(width: number, { bits, group }: QuantizeForm): void {
  if (bits !== 4 && bits !== 8) throw new OpError('quantize', `${bits} bits are not known; 4 and 8 are`);
  if (!Number.isInteger(group) || group < groupStep || group % groupStep !== 0)
    throw new OpError('quantize', `groups of ${group} elements: a multiple of ${groupStep} is expected`);
  if (width % group !== 0) throw new OpError('quantize', `groups of ${group} do not divide rows of ${width} elements`);
}

/**
 * The nearest levels of rows of `width` elements. Int8 is off by at most half a scale, where 127 scales are the largest magnitude of the group;
 * int4 by at most half a scale too, or, for numbers that it cuts off, by 2.5 of them.
 *
 * @throws OpError for a form that does not fit, and for infinite numbers and NaN
 */
export function quantizeRows(values: Float32Array, width: number, form: QuantizeForm): QuantizeResult {
  checkForm(width, form);
  const { bits, group } = form;
  const words = new Int32Array((values.length / 32) * bits);
  const scales = new Uint16Array(values.length / group);
  const largest = largestOfGroups(values, group);
  // the largest number goes to the side that has one level more
  const trials = reaches[bits].map((reach) => toFloat16Bits(largest.map((number) => -number / reach)));
  const factors = trials.map((halves) => toFloat32(new Uint8Array(halves.buffer), 'F16'));
  const stored = new Uint8Array(group);
  let squaredChanges = 0;
  for (let g = 0; g < scales.length; g++) {
    let least = Infinity;
    for (let trial = 0; trial < trials.length; trial++) {
      const error = storeLevels(values, g * group, factors[trial][g], bits, least, stored);
      if (error >= least) continue;
      least = error;
      scales[g] = trials[trial][g];
      pack(stored, bits, words, g * group);
    }
    squaredChanges += least;
  }
  return { words, scales, squaredChanges };
}

/** The numbers that quantised rows stand for. */
export function dequantizeRows({ words, scales }: QuantizedRows, { bits, group }: QuantizeForm): Float32Array {
  const factors = toFloat32(new Uint8Array(scales.buffer, scales.byteOffset, scales.byteLength), 'F16');
  return Float32Array.from(
    { length: scales.length * group },
    (_, i) => levelAt(words, bits, i) * factors[Math.floor(i / group)],
  );
}

/** The level of element `i` of packed words. */
export function levelAt(words: ArrayLike<number>, bits: QuantizedBits, i: number): number {
  const each = 32 / bits;
  const stored = (words[Math.floor(i / each)] >>> ((i % each) * bits)) & (2 ** bits - 1);
  return stored - 2 ** (bits - 1);
}

/** The number of the largest magnitude of each group. */
function largestOfGroups(values: Float32Array, group: number): Float32Array<ArrayBuffer> {
  const largest = new Float32Array(values.length / group);
  for (let g = 0; g < largest.length; g++) {
    const end = (g + 1) * group;
    for (let i = g * group; i < end; i++) {
      const number = values[i];
      if (!Number.isFinite(number)) throw new OpError('quantize', `${number} among the numbers`);
      if (Math.abs(number) > Math.abs(largest[g])) largest[g] = number;
    }
  }
  return largest;
}

/**
 * Fills `stored` with the levels, 2^(bits−1) added, of the group that begins at `first`, and gives their squared error; it ends early where that
 * reaches `limit`. A scale of 0 stands for zeros. Every weight of a model comes by here several times, hence no calls.
 */
function storeLevels(
  values: Float32Array,
  first: number,
  scale: number,
  bits: QuantizedBits,
  limit: number,
  stored: Uint8Array,
): number {
  const inverse = scale === 0 ? 0 : 1 / scale;
  const half = 1 << (bits - 1);
  const last = 2 * half - 1;
  let error = 0;
  for (let i = 0; i < stored.length && error < limit; i++) {
    const number = values[first + i];
    const place = number * inverse + half + 0.5;
    const level = place <= 0 ? 0 : place >= last ? last : place | 0;
    stored[i] = level;
    const off = number - (level - half) * scale;
    error += off * off;
  }
  return error;
}

/** Writes stored levels of the elements from `first` on, a multiple of 8, into their words. */
function pack(stored: Uint8Array, bits: QuantizedBits, words: Int32Array, first: number): void {
  const each = 32 / bits;
  for (let i = 0; i < stored.length; i += each) {
    let word = 0;
    for (let j = 0; j < each; j++) word |= stored[i + j] << (j * bits);
    words[(first + i) / each] = word;
  }
}
