/** Sums and maxima over axes in float64. */
import type { OpDefinition } from '../op.ts';
import { maxOp, type ReduceAttributes, sumOp, sumSquaresOp } from '../ops/reduce.ts';
import { sizeOf } from '../shape.ts';
import type { OpCase, OpReference } from './op-reference.ts';
import { input } from './support.ts';

const cases: OpCase[] = [
  { inputs: [input([7])], attributes: { start: 0, end: 1 } },
  { inputs: [input([3, 5, 4])], attributes: { start: 1, end: 2 } },
  { inputs: [input([6, 3])], attributes: { start: 0, end: 1 } },
  { inputs: [input([2, 300])], attributes: { start: 1, end: 2 } },
  { inputs: [input([3, 130, 3])], attributes: { start: 0, end: 2 } },
  { inputs: [input([150, 8])], attributes: { start: 0, end: 1 } },
  { inputs: [input([2, 77, 12])], attributes: { start: 1, end: 2 } },
  { inputs: [input([5003])], attributes: { start: 0, end: 1 } },
];

/** A reduction that begins with `first` and takes one value after the other. */
function reference(op: OpDefinition, first: number, take: (sum: number, value: number) => number): OpReference {
  return {
    op,
    values: ([x], attributes, [{ shape }]) => {
      const { start, end } = attributes as unknown as ReduceAttributes;
      const inner = sizeOf(x.shape.slice(end));
      const length = sizeOf(x.shape.slice(start, end));
      const out = new Float64Array(sizeOf(shape)).fill(first);
      for (let i = 0; i < x.data.length; i++) {
        const at = Math.floor(i / (inner * length)) * inner + (i % inner);
        out[at] = take(out[at], x.data[i]);
      }
      return [out];
    },
    cases,
  };
}

export const sumReference = reference(sumOp, 0, (sum, value) => sum + value);
export const sumSquaresReference = reference(sumSquaresOp, 0, (sum, value) => sum + value * value);
export const maxReference = reference(maxOp, -Infinity, Math.max);
