/** Dropout in float64, by the same random words. */
import { dropThreshold } from '../../kernels/random.ts';
import { type DropoutAttributes, dropoutOp } from '../ops/dropout.ts';
import { philox } from '../random.ts';
import type { OpReference, ReferenceArray } from './op-reference.ts';
import { input, integers } from './support.ts';

/** What keeps an element: 1/(1 − rate), or 0 where its random word says so. */
export function keepFactor(word: number, rate: number): number {
  return word < dropThreshold(rate) ? 0 : 1 / (1 - rate);
}

export function keyOf({ data }: ReferenceArray): readonly [number, number] {
  return [data[0] >>> 0, data[1] >>> 0];
}

export const dropoutReference: OpReference = {
  op: dropoutOp,
  values: ([x, key], attributes) => {
    const { rate, stream } = attributes as unknown as DropoutAttributes;
    return [
      x.data.map((value, i) => value * keepFactor(philox([Math.floor(i / 4), stream, 0, 0], keyOf(key))[i % 4], rate)),
    ];
  },
  cases: [
    { inputs: [input([3, 5]), integers([2], [7, -3])], attributes: { rate: 0.4, stream: 2 } },
    { inputs: [input([130, 4]), integers([2], [1, 100])], attributes: { rate: 0.1, stream: 0 } },
  ],
};
