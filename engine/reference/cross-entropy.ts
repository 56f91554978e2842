/** Cross-entropy from hidden states, and its gradient, in float64. */
import { crossEntropyGradientOp, crossEntropyOp } from '../ops/cross-entropy.ts';
import type { OpReference, ReferenceArray } from './op-reference.ts';
import { input, integers, zerosLike } from './support.ts';

function logitsOf(hidden: ReferenceArray, weight: ReferenceArray, row: number): Float64Array {
  const width = hidden.shape[1];
  return Float64Array.from({ length: weight.shape[0] }, (_, column) => {
    let sum = 0;
    for (let k = 0; k < width; k++) sum += hidden.data[row * width + k] * weight.data[column * width + k];
    return sum;
  });
}

export const crossEntropyReference: OpReference = {
  op: crossEntropyOp,
  values: ([hidden, weight, labels]) => {
    const rows = hidden.shape[0];
    const losses = new Float64Array(rows);
    const sums = new Float64Array(rows);
    for (let row = 0; row < rows; row++) {
      const logits = logitsOf(hidden, weight, row);
      const largest = Math.max(...logits);
      sums[row] = largest + Math.log(logits.reduce((sum, value) => sum + Math.exp(value - largest), 0));
      losses[row] = labels.data[row] < 0 ? 0 : sums[row] - logits[labels.data[row]];
    }
    return [losses, sums];
  },
  cases: [
    { inputs: [input([5, 8]), input([12, 8]), integers([5], [0, 11, -100, 3, 3])] },
    { inputs: [input([3, 6]), input([21, 6]), integers([3], [20, 4, 7])] },
    { inputs: [input([2, 8]), { ...input([30, 8]), shardBytes: 256 }, integers([2], [29, 9])] },
  ],
};

export const crossEntropyGradientReference: OpReference = {
  op: crossEntropyGradientOp,
  values: ([hidden, weight, labels, lse, g]) => {
    const [rows, width] = hidden.shape;
    const dHidden = zerosLike(hidden.shape);
    const dWeight = zerosLike(weight.shape);
    for (let row = 0; row < rows; row++) {
      if (labels.data[row] < 0) continue;
      for (const [column, logit] of logitsOf(hidden, weight, row).entries()) {
        const d = (Math.exp(logit - lse.data[row]) - Number(column === labels.data[row])) * g.data[row];
        for (let k = 0; k < width; k++) {
          dHidden[row * width + k] += d * weight.data[column * width + k];
          dWeight[column * width + k] += d * hidden.data[row * width + k];
        }
      }
    }
    return [dHidden, dWeight];
  },
  cases: [
    { inputs: [input([5, 8]), input([12, 8]), integers([5], [0, 11, -100, 3, 3]), input([5], 4, 6), input([5])] },
    { inputs: [input([3, 6]), input([21, 6]), integers([3], [20, 4, 7]), input([3], 4, 6), input([3])] },
  ],
};
