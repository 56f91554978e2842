/** The references of all ops. */
import type { OpDefinition } from '../op.ts';
import { adamwReference } from './adamw.ts';
import { attentionReference } from './attention.ts';
import { attentionGradientReference } from './attention-gradient.ts';
import { crossEntropyGradientReference, crossEntropyReference } from './cross-entropy.ts';
import { appendAttentionReference } from './decode-attention.ts';
import { dropoutReference } from './dropout.ts';
import { castReference, elementwiseReferences } from './elementwise.ts';
import { embeddingGradientReference } from './embedding-gradient.ts';
import { banRepeatedReference, gatherReference, topKReference, updateRowsReference } from './indexing.ts';
import { layerNormGradientReference } from './layer-norm-gradient.ts';
import { matmulReference } from './matmul.ts';
import { l2NormalizeReference, layerNormReference, logSoftmaxReference, softmaxReference } from './normalize.ts';
import type { OpReference } from './op-reference.ts';
import { concatReference, padReference } from './pad.ts';
import { quantizedGatherReference, quantizedMatmulReference } from './quantized.ts';
import { quantizedCrossEntropyReference } from './quantized-cross-entropy.ts';
import { maxReference, sumReference, sumSquaresReference } from './reduce.ts';
import { broadcastReference, reshapeReference, sliceReference, transposeReference } from './view.ts';

/** In the order of `opDefinitions`. */
export const opReferences: readonly OpReference[] = [
  ...elementwiseReferences,
  castReference,
  dropoutReference,
  reshapeReference,
  transposeReference,
  sliceReference,
  broadcastReference,
  padReference,
  concatReference,
  sumReference,
  sumSquaresReference,
  maxReference,
  matmulReference,
  quantizedMatmulReference,
  attentionReference,
  attentionGradientReference,
  appendAttentionReference,
  layerNormReference,
  layerNormGradientReference,
  l2NormalizeReference,
  softmaxReference,
  logSoftmaxReference,
  gatherReference,
  quantizedGatherReference,
  updateRowsReference,
  topKReference,
  banRepeatedReference,
  embeddingGradientReference,
  crossEntropyReference,
  crossEntropyGradientReference,
  quantizedCrossEntropyReference,
  adamwReference,
];

const byOp: ReadonlyMap<OpDefinition, OpReference> = new Map(
  opReferences.map((reference) => [reference.op, reference]),
);

/** @throws Error for an op that is none of the engine's */
export function referenceOf(op: OpDefinition): OpReference {
  const reference = byOp.get(op);
  if (!reference) throw new Error(`the op ${op.name} has no reference`);
  return reference;
}
