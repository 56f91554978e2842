/** All ops: their functions, and the list of their records. */
import type { OpDefinition } from '../op.ts';
import { adamwOp } from './adamw.ts';
import { attentionOp } from './attention.ts';
import { attentionGradientOp } from './attention-gradient.ts';
import { crossEntropyGradientOp, crossEntropyOp } from './cross-entropy.ts';
import { appendAttentionOp } from './decode-attention.ts';
import { dropoutOp } from './dropout.ts';
import { castOp, elementwiseOps } from './elementwise.ts';
import { embeddingGradientOp } from './embedding-gradient.ts';
import { banRepeatedOp, gatherOp, topKOp, updateRowsOp } from './indexing.ts';
import { layerNormGradientOp } from './layer-norm-gradient.ts';
import { matmulOp } from './matmul.ts';
import { l2NormalizeOp, layerNormOp, logSoftmaxOp, softmaxOp } from './normalize.ts';
import { concatOp, padOp } from './pad.ts';
import { quantizedGatherOp, quantizedMatmulOp } from './quantized.ts';
import { quantizedCrossEntropyOp } from './quantized-cross-entropy.ts';
import { maxOp, sumOp, sumSquaresOp } from './reduce.ts';
import { broadcastOp, reshapeOp, sliceOp, transposeOp } from './view.ts';

export { adamwUpdate } from './adamw.ts';
export { type AttentionOptions, attention } from './attention.ts';
export { crossEntropy } from './cross-entropy.ts';
export { appendAttention, type CacheExtent, cacheShape, fillCache } from './decode-attention.ts';
export { dropout } from './dropout.ts';
export * from './elementwise.ts';
export { embeddingGradient } from './embedding-gradient.ts';
export { argmax, bannedLogit, banRepeated, gather, topK, updateRows } from './indexing.ts';
export { matmul } from './matmul.ts';
export { l2Normalize, layerNorm, logSoftmax, softmax } from './normalize.ts';
export { concat, pad } from './pad.ts';
export { type QuantizedMatrix, quantizedGather, quantizedMatmul } from './quantized.ts';
export { quantizedCrossEntropy } from './quantized-cross-entropy.ts';
export { max, mean, sum, sumSquares } from './reduce.ts';
export { broadcastTo, reshape, slice, transpose } from './view.ts';

/** The records of all ops. */
export const opDefinitions: readonly OpDefinition[] = [
  ...Object.values(elementwiseOps),
  castOp,
  dropoutOp,
  reshapeOp,
  transposeOp,
  sliceOp,
  broadcastOp,
  padOp,
  concatOp,
  sumOp,
  sumSquaresOp,
  maxOp,
  matmulOp,
  quantizedMatmulOp,
  attentionOp,
  attentionGradientOp,
  appendAttentionOp,
  layerNormOp,
  layerNormGradientOp,
  l2NormalizeOp,
  softmaxOp,
  logSoftmaxOp,
  gatherOp,
  quantizedGatherOp,
  updateRowsOp,
  topKOp,
  banRepeatedOp,
  embeddingGradientOp,
  crossEntropyOp,
  crossEntropyGradientOp,
  quantizedCrossEntropyOp,
  adamwOp,
];
