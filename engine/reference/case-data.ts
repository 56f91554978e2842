/** The cases of the references as data, and how far results lie from the values in float64. */
import type { HostData } from '../dtype.ts';
import { toFloat16Bits } from '../safetensors/convert.ts';
import { sizeOf } from '../shape.ts';
import type { CaseInput, ReferenceArray } from './op-reference.ts';

/** Stands for −∞ from here on; such values are compared by themselves. */
const infinite = 1e30;

/** The data of a case's operand, exact in float32; `random` gives numbers in [0, 1). */
export function caseData({ shape, low = -2, high = 2, values }: CaseInput, random: () => number): ReferenceArray {
  const data = values
    ? Float64Array.from(values)
    : Float64Array.from({ length: sizeOf(shape) }, () => Math.fround(low + (high - low) * random()));
  return { shape, data };
}

/** The same data as it is uploaded. */
export function hostData(dtype: CaseInput['dtype'], { data }: ReferenceArray): HostData {
  if (dtype === 'i32') return Int32Array.from(data);
  return dtype === 'f16' ? toFloat16Bits(Float32Array.from(data)) : Float32Array.from(data);
}

export interface Deviation {
  /** Relative to the largest value that is expected (or 1); NaN where a result is none. */
  readonly relative: number;
  readonly element: number;
}

/** The element that deviates most from `expected`, which is as long. */
export function worstDeviation(actual: HostData, expected: Float64Array): Deviation {
  const largest = expected.reduce(
    (max, value) => (Math.abs(value) < infinite ? Math.max(max, Math.abs(value)) : max),
    1,
  );
  let worst: Deviation = { relative: 0, element: 0 };
  for (let element = 0; element < expected.length; element++) {
    const size = Math.abs(expected[element]);
    const relative = Math.abs(actual[element] - expected[element]) / (size < infinite ? largest : size);
    if (!(relative <= worst.relative)) worst = { relative, element };
    if (Number.isNaN(relative)) break;
  }
  return worst;
}
