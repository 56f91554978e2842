/** What a step costs, by formula: multiplications and additions (two for a multiply-add), and numbers kept. See `cost.md`. */
import { leavesOf } from '../../engine/index.ts';
import { sizeOf } from '../../engine/shape.ts';
import { type Kosmos2Config, parameterShapes, visionTokens } from '../../model/index.ts';
import type { ParameterShape } from '../../model/parameters.ts';
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

/** Numbers that a token leaves in a layer for the backward pass, in widths of the layer; attention adds one number for each head. */
const kept = { decoder: 21, tower: 16 };
/** Parts of the vocabulary that the loss walks over: at most so many columns, and so many bytes of logits. */
const logitColumns = 16384;
const logitBytes = 2 ** 26;

function logitsOf(tokens: number, vocabulary: number): number {
  return tokens * Math.min(vocabulary, logitColumns, logitBytes / 4 / tokens);
}

/**
 * Bytes that live in a step of that decoder: parameters and moments, what layers leave behind, all gradients (the embedding's in two parts), and logits of
 * one part of the vocabulary on their way forward and back.
 */
export function trainingBytes(work: TrainingWork): number {
  const { layers: L, width: D, heads: H, length: T, batch: B, vocabulary: V } = work;
  const P = decoderParameters(work);
  const tokens = B * T;
  return 12 * P + 4 * (tokens * L * (kept.decoder * D + H) + P + V * D + 2 * logitsOf(tokens, V));
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

/** A training step of KOSMOS-2: `rows` of `length` tokens in one group, the first `pictures` of them with a picture each. */
export interface KosmosStep {
  readonly config: Kosmos2Config;
  readonly pictures: number;
  readonly rows: number;
  readonly length: number;
  /** Layers are computed again in the backward pass. */
  readonly remat: boolean;
}

/** P, all parameters of the model. */
export function kosmosParameters(config: Kosmos2Config): number {
  return countOf(parameterShapes(config));
}

/** Numbers in a tree of shapes. */
function countOf(tree: unknown): number {
  const shapes = leavesOf(tree) as ParameterShape[];
  return shapes.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
}

/** Multiplications and additions of gradients and optimiser; what is above it in a plan are norms, activations and sums. */
export function kosmosStepFlops({ config, pictures, rows, length, remat }: KosmosStep): number {
  const { text, vision, latentQueryNum: latents } = config;
  const { embedDim: E, layers, vocabSize: vocabulary } = text;
  const decoder = decoderForward({ kind: 'training', layers, width: E, heads: 1, length, batch: rows, vocabulary });
  const { hiddenSize: D, layers: L, channels, patchSize } = vision;
  const N = visionTokens(vision);
  const tower = { matrices: L * 24 * D ** 2 * N * pictures, attention: L * 4 * D * N ** 2 * pictures };
  const patches = 2 * (N - 1) * D * channels * patchSize ** 2 * pictures;
  const keys = N + latents;
  const resampler = (2 * N * D * E + 4 * E ** 2 * (latents + keys)) * pictures;
  const resamplerAttention = 4 * E * latents * keys * pictures;
  // a layer that is computed again costs its forward pass once more, but for the last matrix (4 of 12 D²), whose result no gradient needs; and nobody
  // asks for the gradient of pixels
  const again = Number(remat);
  return (
    (3 + (again * 8) / 12) * (decoder.matrices + tower.matrices) +
    (5 + again) * (decoder.attention + tower.attention) +
    4 * decoder.head +
    2 * patches +
    3 * resampler +
    5 * resamplerAttention +
    optimiserFlops * kosmosParameters(config)
  );
}

/** Of AdamW with decay and the norm for clipping, for each parameter. */
const optimiserFlops = 13;

/** The same while one layer is computed again and differentiated. */
const oneLayer = { decoder: 28, tower: 24 };

/**
 * Bytes of intermediates: what layers leave behind, two gradients of the embedding (of its use as head, and as table) that come together at the end,
 * and the logits of one part of the vocabulary.
 */
export function kosmosIntermediates({ config, pictures, rows, length, remat }: KosmosStep): number {
  const { text, vision } = config;
  const tokens = rows * length;
  const patches = pictures * visionTokens(vision);
  const units = { decoder: tokens * text.embedDim, tower: patches * vision.hiddenSize };
  const sums = tokens * text.attentionHeads * text.layers + patches * vision.attentionHeads * vision.layers;
  const embedding = text.vocabSize * text.embedDim;
  const logits = logitsOf(tokens, text.vocabSize);
  const layers = remat
    ? units.decoder * text.layers +
      units.tower * vision.layers +
      Math.max(oneLayer.decoder * units.decoder, oneLayer.tower * units.tower)
    : kept.decoder * units.decoder * text.layers + kept.tower * units.tower * vision.layers + sums + logits;
  return 4 * (layers + embedding + Math.max(embedding, logits));
}

/** Bytes that live at once in a step: parameters, two moments and gradients in f32, and intermediates. */
export function kosmosPeak(step: KosmosStep): number {
  return 16 * kosmosParameters(step.config) + kosmosIntermediates(step);
}

/**
 * Bytes that live while the image encoder runs: its parameters, and of each picture the pixels, a layer of the tower at its widest, keys and values of the
 * resampler, and the vectors that come out.
 */
export function encoderBytes(config: Kosmos2Config, images: number): number {
  const { vision, text, latentQueryNum: latents } = config;
  const { vision_model: tower, image_to_text_projection: projection } = parameterShapes(config);
  const N = visionTokens(vision);
  const { hiddenSize: D, attentionHeads: H, channels, imageSize } = vision;
  const E = text.embedDim;
  const picture = channels * imageSize ** 2 + N * (6 * D + H) + 2 * (N + latents) * E + latents * E;
  return 4 * (countOf(tower) + countOf(projection) + images * picture);
}
