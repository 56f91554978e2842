/** Cross-entropy with a quantised matrix, in float64. */
import { quantizedCrossEntropyOp } from '../ops/quantized-cross-entropy.ts';
import { crossEntropyReference } from './cross-entropy.ts';
import type { OpReference } from './op-reference.ts';
import { dequantized, matrixInputs } from './quantized.ts';
import { input, integers } from './support.ts';

export const quantizedCrossEntropyReference: OpReference = {
  op: quantizedCrossEntropyOp,
  values: ([hidden, words, scales, labels], attributes, outputs) =>
    crossEntropyReference.values([hidden, dequantized(hidden.shape[1], words, scales), labels], attributes, outputs),
  cases: [
    {
      inputs: [input([5, 32]), ...matrixInputs(12, 32, { bits: 8, group: 32 }), integers([5], [0, 11, -100, 3, 3])],
    },
  ],
};
