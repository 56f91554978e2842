/** Views in float64: the elements that a layout sees. */
import { attribute } from '../op.ts';
import { broadcastOp, permute, reshapeOp, sliceOp, transposeOp, window } from '../ops/view.ts';
import { contiguousLayout } from '../shape.ts';
import type { OpReference } from './op-reference.ts';
import { broadcastValues, input, readLayout } from './support.ts';

export const reshapeReference: OpReference = {
  op: reshapeOp,
  values: ([x]) => [x.data.slice()],
  cases: [
    { inputs: [input([2, 6])], attributes: { shape: [3, 4] } },
    { inputs: [input([5])], attributes: { shape: [1, 5, 1] } },
  ],
};

export const transposeReference: OpReference = {
  op: transposeOp,
  values: ([x], attributes) => [
    readLayout(x.data, permute(contiguousLayout(x.shape), attribute<number[]>(attributes, 'axes'))),
  ],
  cases: [
    { inputs: [input([3, 5])], attributes: { axes: [1, 0] } },
    { inputs: [input([2, 3, 4, 5])], attributes: { axes: [0, 2, 1, 3] } },
    { inputs: [input([2, 3, 2, 3, 2, 2])], attributes: { axes: [0, 2, 4, 1, 3, 5] } },
  ],
};

export const sliceReference: OpReference = {
  op: sliceOp,
  values: ([x], attributes, [{ shape }]) => [
    readLayout(x.data, window(contiguousLayout(x.shape), attribute<number[]>(attributes, 'start'), shape)),
  ],
  cases: [
    { inputs: [input([4, 6])], attributes: { start: [1, 2], shape: [2, 3] } },
    { inputs: [input([3, 8])], attributes: { start: [0, 4], shape: [3, 4] } },
    { inputs: [input([2, 5, 4])], attributes: { start: [0, 2, 0], shape: [2, 1, 4] } },
  ],
};

export const broadcastReference: OpReference = {
  op: broadcastOp,
  values: ([x], _, [{ shape }]) => {
    return [broadcastValues(x, shape)];
  },
  cases: [
    { inputs: [input([4])], attributes: { shape: [3, 4] } },
    { inputs: [input([2, 1, 3])], attributes: { shape: [2, 5, 3] } },
  ],
};
