/** Cross-entropy of a head of int4 or int8, as `crossEntropy`, for scoring texts. */
import { applyOne } from '../apply.ts';
import type { OpDefinition } from '../op.ts';
import type { Tensor } from '../tensor.ts';
import { lowerLosses, mostColumns } from './cross-entropy.ts';
import { formOf, forUse, partsOf, type QuantizedMatrix, quantizedMatmulCall } from './quantized.ts';
import { expectDType, expectIntegers, expectRank, f32Of } from './support.ts';

const name = 'quantizedCrossEntropy';

export const quantizedCrossEntropyOp: OpDefinition = {
  name,
  summary: 'as `crossEntropy`, with a matrix of int4 or int8',
  infer: ([hidden, words, scales, labels]) => {
    expectRank(name, 'hidden', hidden, 2);
    expectDType(name, 'hidden', hidden, 'f32');
    formOf(name, hidden.shape[1], words, scales);
    expectIntegers(name, 'labels', labels, [hidden.shape[0]]);
    return [f32Of(labels.shape), f32Of(labels.shape)];
  },
  vjp: forUse,
  lowering: {
    kind: 'kernel',
    lower: (context) => {
      const [{ shape, dtype: aType }, words, scales] = context.inputs;
      const [M, K] = shape;
      const form = formOf(name, K, words, scales);
      const a = context.input(0);
      const parts = partsOf(context, 1, mostColumns(context.traits, M)).map((part) => ({
        part,
        firstColumn: part.firstRow,
        columns: part.rows,
      }));
      lowerLosses(context, context.input(3), parts, ({ part }, out) => {
        const product = { ...form, a, aType, part, out, M, K, outStride: part.rows, outColumn: 0 };
        context.dispatch(quantizedMatmulCall(context.traits, product));
      });
    },
  },
};

/** −log softmax(hidden·Wᵀ)[label] of every row, with W [V, D] quantised; else as `crossEntropy`. It has no gradient. */
export function quantizedCrossEntropy(hidden: Tensor, { words, scales }: QuantizedMatrix, labels: Tensor): Tensor {
  return applyOne(quantizedCrossEntropyOp, [hidden, words, scales, labels]);
}
