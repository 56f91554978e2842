/** LayerNorm, L2 normalisation and softmax in float64. */
import { attribute } from '../op.ts';
import { l2NormalizeOp, layerNormOp, logSoftmaxOp, softmaxOp } from '../ops/normalize.ts';
import type { OpCase, OpReference, ReferenceArray } from './op-reference.ts';
import { input, rowsOf } from './support.ts';

function byRow({ shape, data }: ReferenceArray, transform: (row: Float64Array) => ArrayLike<number>): Float64Array[] {
  const width = shape[shape.length - 1];
  const out = new Float64Array(data.length);
  for (const [i, row] of rowsOf({ shape, data }, width).entries()) out.set(transform(row), i * width);
  return [out];
}

function logSumExp(row: Float64Array): number {
  const largest = Math.max(...row);
  return largest + Math.log(row.reduce((total, value) => total + Math.exp(value - largest), 0));
}

export const layerNormReference: OpReference = {
  op: layerNormOp,
  values: ([x, weight, bias], attributes) =>
    byRow(x, (row) => {
      const average = row.reduce((total, value) => total + value, 0) / row.length;
      const variance = row.reduce((total, value) => total + (value - average) ** 2, 0) / row.length;
      const scale = 1 / Math.sqrt(variance + attribute<number>(attributes, 'epsilon'));
      return row.map((value, c) => (value - average) * scale * weight.data[c] + bias.data[c]);
    }),
  cases: [
    { inputs: [input([3, 8]), input([8], 0.5, 1.5), input([8])], attributes: { epsilon: 1e-5 } },
    { inputs: [input([2, 3, 75]), input([75], 0.5, 1.5), input([75])], attributes: { epsilon: 1e-5 } },
    { inputs: [input([2, 300], 10, 11), input([300], 0.5, 1.5), input([300])], attributes: { epsilon: 1e-5 } },
    { inputs: [input([2, 16], -0.002, 0.002), input([16], 0.5, 1.5), input([16])], attributes: { epsilon: 1e-5 } },
  ],
};

export const l2NormalizeReference: OpReference = {
  op: l2NormalizeOp,
  values: ([x], attributes) =>
    byRow(x, (row) => {
      const norm = Math.sqrt(row.reduce((total, value) => total + value * value, 0));
      return row.map((value) => value / Math.max(norm, attribute<number>(attributes, 'epsilon')));
    }),
  cases: [
    { inputs: [input([4, 12])], attributes: { epsilon: 1e-12 } },
    { inputs: [input([2, 2, 30])], attributes: { epsilon: 1e-12 } },
    { inputs: [input([3, 4], -0.1, 0.1)], attributes: { epsilon: 5 } },
  ],
};

const softmaxCases: OpCase[] = [
  [3, 8],
  [2, 3, 21],
  [2, 260],
].map((shape) => ({ inputs: [input(shape, -5, 5)] }));

export const softmaxReference: OpReference = {
  op: softmaxOp,
  values: ([x]) => byRow(x, (row) => row.map((value) => Math.exp(value - logSumExp(row)))),
  cases: softmaxCases,
};

export const logSoftmaxReference: OpReference = {
  op: logSoftmaxOp,
  values: ([x]) => byRow(x, (row) => row.map((value) => value - logSumExp(row))),
  cases: softmaxCases,
};
