/** What a step costs, by formula: multiplications and additions (two for a multiply-add), and numbers kept. See `cost.md`. */
import { type Kosmos2Config, visionTokens } from '../../model/index.ts';
import type { TrainingWork } from '../works.ts';

/** Of a decoder with a feed-forward of four times its width, forward, over all tokens of a batch. */
function decoderForward({ layers: L, width: D, length: T, batch: B, vocabulary: V }: TrainingWork) {
  const tokens = B * T;
  return {
    matrices: 2 * 12 * L * D ** 2 * tokens,
    // a position sees half of the sequence on average
    attention: (4 * L * D * T * tokens) / 2,
    head: 2 * V * D * tokens,
  };
}

/**
 * Forward and backward: each product has two in the backward pass; attention computes its weights again for each of its three gradients; the head
 * computes its scores again, for they are never kept.
 */
export function trainingFlops(work: TrainingWork): number {
  const { matrices, attention, head } = decoderForward(work);
  return 3 * matrices + 5 * attention + 4 * head;
}

/** Parameters of that decoder: matrices, biases and norms of the layers, the embedding, the last norm. */
export function decoderParameters({ layers: L, width: D, vocabulary: V }: TrainingWork): number {
  return L * (12 * D ** 2 + 9 * D + 4 * D + 2 * D + 8 * D) + V * D + 2 * D;
}

/** Numbers of one layer's width that a token leaves behind for the backward pass, in all: what memory of intermediates is counted in. */
export function activationUnits({ layers, width, length, batch }: TrainingWork): number {
  return layers * width * length * batch;
}

/** Of the image encoder: patches, tower, and the resampler that makes latents of its tokens. */
export function encoderFlops({ vision, text, latentQueryNum: latents }: Kosmos2Config, images: number): number {
  const { hiddenSize: D, layers: L, channels, patchSize } = vision;
  const N = visionTokens(vision);
  const patches = 2 * (N - 1) * D * channels * patchSize ** 2;
  const tower = L * (2 * 12 * D ** 2 * N + 4 * D * N ** 2);
  const E = text.embedDim;
  const keys = N + latents;
  const resampler = 2 * N * D * E + 2 * 2 * E ** 2 * (latents + keys) + 4 * E * latents * keys;
  return images * (patches + tower + resampler);
}
