/** Padding and concatenation in float64. */
import { attribute } from '../op.ts';
import { concatOp, type PadAttributes, padOp } from '../ops/pad.ts';
import { sizeOf } from '../shape.ts';
import type { OpReference } from './op-reference.ts';
import { input, zerosLike } from './support.ts';

export const padReference: OpReference = {
  op: padOp,
  values: ([x], attributes, [{ shape }]) => {
    const { axis, before } = attributes as unknown as PadAttributes;
    const inner = sizeOf(shape.slice(axis + 1));
    const out = zerosLike(shape);
    for (let i = 0; i < x.data.length; i++) {
      const slot = Math.floor(i / inner) % x.shape[axis];
      const outer = Math.floor(i / (inner * x.shape[axis]));
      out[(outer * shape[axis] + slot + before) * inner + (i % inner)] = x.data[i];
    }
    return [out];
  },
  cases: [
    { inputs: [input([5])], attributes: { axis: 0, before: 2, after: 1 } },
    { inputs: [input([2, 3, 4])], attributes: { axis: 1, before: 0, after: 2 } },
    { inputs: [input([3, 4])], attributes: { axis: 1, before: 4, after: 0 } },
  ],
};

export const concatReference: OpReference = {
  op: concatOp,
  values: (inputs, attributes, [{ shape }]) => {
    const axis = attribute<number>(attributes, 'axis');
    const inner = sizeOf(shape.slice(axis + 1));
    const out = zerosLike(shape);
    let start = 0;
    for (const { shape: own, data } of inputs) {
      const run = own[axis] * inner;
      for (let i = 0; i < data.length; i++)
        out[Math.floor(i / run) * shape[axis] * inner + start * inner + (i % run)] = data[i];
      start += own[axis];
    }
    return [out];
  },
  cases: [
    { inputs: [input([2, 3]), input([2, 5])], attributes: { axis: 1 } },
    { inputs: [input([2, 3, 4]), input([2, 1, 4])], attributes: { axis: 1 } },
    { inputs: [input([3, 4]), input([1, 4]), input([2, 4])], attributes: { axis: 0 } },
  ],
};
