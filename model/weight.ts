/** A matrix of weights [out, in] as it lies on the device: plain, or of int4 or int8 for use. */
import {
  crossEntropy,
  gather,
  type QuantizedMatrix,
  quantizedCrossEntropy,
  quantizedGather,
  quantizedMatmul,
  Tensor,
} from '../engine/index.ts';

export type Weight = Tensor | QuantizedMatrix;

/** x·Wᵀ: [..., in] to f32 [..., out]. */
export function times(x: Tensor, weight: Weight): Tensor {
  return weight instanceof Tensor ? x.matmul(weight, { transposeB: true }) : quantizedMatmul(x, weight);
}

/** Rows `ids` (i32) of a table whose rows have `width` elements: f32 [...ids, width]. */
export function rowsOf(weight: Weight, ids: Tensor, width: number): Tensor {
  return weight instanceof Tensor ? gather(weight, ids) : quantizedGather(weight, ids, width);
}

/** −log softmax(hidden·Wᵀ)[label] of every row, 0 where the label is negative. */
export function labelLosses(hidden: Tensor, weight: Weight, labels: Tensor): Tensor {
  return weight instanceof Tensor
    ? crossEntropy(hidden, weight, labels)
    : quantizedCrossEntropy(hidden, weight, labels);
}
