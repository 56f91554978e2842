/** The models of the works: their configurations and what goes in. */
import { parseConfig } from '../model/config.ts';
import type { Kosmos2Config } from '../model/index.ts';
import type { Json } from '../train/config/fields.ts';
import { randomIds, randomValues } from './data.ts';
import type { ForwardWork, TrainingWork } from './works.ts';

/** `small` is the model of the goals: 23.5 M parameters, of which 16.6 M are the embedding. */
export function forwardConfig(size: ForwardWork['size']): Kosmos2Config {
  const tiny = size === 'tiny';
  const [width, layers, heads] = tiny ? [32, 1, 2] : [256, 4, 4];
  return parseConfig({
    latent_query_num: tiny ? 4 : 64,
    text_config: {
      vocab_size: tiny ? 300 : 65037,
      embed_dim: width,
      layers,
      ffn_dim: 4 * width,
      attention_heads: heads,
      max_position_embeddings: 128,
    },
    vision_config: {
      hidden_size: width,
      intermediate_size: 4 * width,
      num_hidden_layers: layers,
      num_attention_heads: heads,
      image_size: tiny ? 28 : 224,
      patch_size: 14,
    },
  });
}

export interface ForwardInput {
  /** [1, 3, size, size]. */
  readonly pixels: Float32Array;
  /** With `slots.count` image slots from place `slots.first` on. */
  readonly ids: Int32Array;
  readonly slots: { readonly first: number; readonly count: number };
}

/** The slots of one picture, two tokens before them and nine behind: 75 tokens for 64 latents. */
export function forwardInput({ vision, text, latentQueryNum }: Kosmos2Config): ForwardInput {
  const first = 2;
  return {
    pixels: randomValues('pixels', vision.channels * vision.imageSize ** 2, 1.5),
    // without the pad token, which would shift positions
    ids: randomIds('prompt', latentQueryNum + 11, text.vocabSize - 4).map((id) => id + 4),
    slots: { first, count: latentQueryNum },
  };
}

/** The decoder of a training work as part of a KOSMOS-2 whose other parts are not used. */
export function trainingConfig({ layers, width, heads, length, vocabulary }: TrainingWork): Kosmos2Config {
  return decoderConfig({
    vocab_size: vocabulary,
    embed_dim: width,
    layers,
    ffn_dim: 4 * width,
    attention_heads: heads,
    max_position_embeddings: length + 2,
  });
}

/** A decoder, as part of a KOSMOS-2 whose other parts are as small as can be. */
export function decoderConfig(textConfig: Json): Kosmos2Config {
  return parseConfig({
    latent_query_num: 1,
    text_config: textConfig,
    vision_config: { hidden_size: 4, intermediate_size: 4, num_hidden_layers: 1, num_attention_heads: 1 },
  });
}

/** A `config.json` with a name for people. */
export interface Model {
  readonly name: string;
  readonly json: Json;
}

/** A model like the published one at a width that any device holds; `width` a multiple of 64. */
export function smallerModel(width: number, layers: number, vocabulary: number, imageSize = 224): Model {
  const heads = width / 64;
  const json = {
    model_type: 'kosmos-2',
    latent_query_num: imageSize < 224 ? 4 : 64,
    text_config: {
      vocab_size: vocabulary,
      embed_dim: width,
      layers,
      ffn_dim: 4 * width,
      attention_heads: heads,
      max_position_embeddings: 256,
    },
    vision_config: {
      hidden_size: width,
      intermediate_size: 4 * width,
      num_hidden_layers: layers,
      num_attention_heads: heads,
      image_size: imageSize,
    },
  };
  return { name: `${width} wide, ${layers} + ${layers} layers, vocabulary ${vocabulary}`, json };
}

/** What every engine's AdamW is set to. */
export const trainingSettings = {
  learningRate: 1e-3,
  betas: [0.9, 0.98],
  epsilon: 1e-6,
  weightDecay: 0.01,
} as const;

/** Losses that `outputs` of a training work holds: of the fresh parameters, and after each of two steps. */
export const comparedLosses = 3;
