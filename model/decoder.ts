/** The MAGNETO decoder: sub-LayerNorm blocks over token embeddings in which image vectors take the place of image slots. */
import { appendAttention, attention, fillCache, gather, type Tensor, where } from '../engine/index.ts';
import type { TextConfig } from './config.ts';
import { activations, Dropouts, linear, type Mode, norm, noTap, stack, type Tap } from './modules.ts';
import type { DecoderLayer, DecoderParameters } from './parameters.ts';
import { rowsOf, times, type Weight } from './weight.ts';

/** One batch of rows, as tensors. */
export interface DecoderInput {
  /** i32 [B, T]. */
  readonly ids: Tensor;
  /** i32 [B, T], rows of the position table. */
  readonly positionIds: Tensor;
  /** i32 [B, 2]: first slot and end of the keys that exist in each row. */
  readonly bounds: Tensor;
  /** What takes the place of image slots, or null. */
  readonly images: {
    /** f32 [n, L, D]. */
    readonly vectors: Tensor;
    /** f32 [B, T, 1], 1 on the slots. */
    readonly mask: Tensor;
    /** i32 [B, T]: which of the n·L vectors stands at a slot (0 elsewhere). */
    readonly index: Tensor;
  } | null;
}

/**
 * Keys and values of all layers, of so many in each tensor (see `cacheShape` of the engine) as a binding holds: a step takes and gives a tensor or two instead of
 * two for each layer.
 */
export type KeyValueCache = readonly Tensor[];

/** The cache in the course of a step. */
class Caches {
  readonly #tensors: Tensor[];

  constructor(cache: KeyValueCache) {
    this.#tensors = [...cache];
  }

  get all(): KeyValueCache {
    return this.#tensors;
  }

  /** The tensor that holds a layer, and as which of its own. */
  of(layer: number): { cache: Tensor; place: number } {
    const { each, at } = this.#find(layer);
    return { cache: this.#tensors[at], place: layer % each };
  }

  /** Puts a tensor in the place of the one that holds a layer. */
  replace(layer: number, cache: Tensor): void {
    this.#tensors[this.#find(layer).at] = cache;
  }

  /** All tensors but the last hold equally many layers. */
  #find(layer: number): { each: number; at: number } {
    const [each] = this.#tensors[0].shape;
    return { each, at: Math.floor(layer / each) };
  }
}

/** (token or image vector)·√D + position: the input of the first layer, [B, T, D]. */
export function embed(
  parameters: DecoderParameters<Tensor, Weight>,
  config: TextConfig,
  positionTable: Tensor,
  { ids, positionIds, images }: DecoderInput,
): Tensor {
  let x = rowsOf(parameters.embed_tokens.weight, ids, config.embedDim);
  if (images) {
    const { vectors, mask, index } = images;
    x = where(mask, gather(vectors.reshape([-1, config.embedDim]), index), x);
  }
  const scaled = config.scaleEmbedding ? x.mul(Math.sqrt(config.embedDim)) : x;
  return scaled.add(gather(positionTable, positionIds));
}

type Attend = (query: Tensor, key: Tensor, value: Tensor) => Tensor;

/** One block; `attend` does the attention, over the sequence or over a cache. */
export function block(
  x: Tensor,
  layer: DecoderLayer<Tensor, Weight>,
  config: TextConfig,
  attend: Attend,
  dropouts = new Dropouts(),
): Tensor {
  const { self_attn: attn, ffn } = layer;
  const epsilon = config.layerNormEps;
  const h = norm(x, layer.self_attn_layer_norm, epsilon);
  const attended = attend(linear(h, attn.q_proj), linear(h, attn.k_proj), linear(h, attn.v_proj));
  const residual = dropouts.hidden(linear(norm(attended, attn.inner_attn_ln, epsilon), attn.out_proj)).add(x);
  const inner = activations[config.activation](linear(norm(residual, layer.final_layer_norm, epsilon), ffn.fc1));
  return dropouts.hidden(linear(norm(inner, ffn.ffn_layernorm, epsilon), ffn.fc2)).add(residual);
}

/** The final LayerNorm. */
export function finish(parameters: DecoderParameters<Tensor, Weight>, config: TextConfig, x: Tensor): Tensor {
  return norm(x, parameters.layer_norm, config.layerNormEps);
}

/** Logits [..., vocabulary] by the tied embedding. */
export function head(parameters: DecoderParameters<Tensor, Weight>, x: Tensor): Tensor {
  return times(x, parameters.embed_tokens.weight);
}

/** All positions at once: hidden states [B, T, D] after the final LayerNorm. */
export function decode(
  parameters: DecoderParameters<Tensor, Weight>,
  config: TextConfig,
  positionTable: Tensor,
  input: DecoderInput,
  tap: Tap = noTap,
  mode: Mode = {},
  dropouts = new Dropouts(mode),
): Tensor {
  const embedded = dropouts.hidden(embed(parameters, config, positionTable, input));
  tap('text.embeddings', embedded);
  const options = { heads: config.attentionHeads, causal: true, bounds: input.bounds };
  const x = stack(embedded, parameters.layers, mode, (inner, layer, i) => {
    const attend: Attend = (query, key, value) =>
      attention(query, key, value, { ...options, dropout: dropouts.attention() });
    const result = block(inner, layer, config, attend, dropouts);
    tap(`text.layer.${i}`, result);
    return result;
  });
  const normalised = finish(parameters, config, x);
  tap('text.layer_norm', normalised);
  return normalised;
}

/** Runs the prompts and fills the cache from slot 0 on. The hidden state of the last column, [B, D], and the cache. */
export function prefill(
  parameters: DecoderParameters<Tensor, Weight>,
  config: TextConfig,
  positionTable: Tensor,
  input: DecoderInput,
  cache: KeyValueCache,
  slots: Tensor,
): { last: Tensor; cache: KeyValueCache } {
  const [batch, length] = input.ids.shape;
  const heads = config.attentionHeads;
  const caches = new Caches(cache);
  let x = embed(parameters, config, positionTable, input);
  for (const [i, layer] of parameters.layers.entries()) {
    x = block(x, layer, config, (query, key, value) => {
      // a prompt fills the first of its rows in a cache that has several for each (its beams)
      const { cache: whole, place } = caches.of(i);
      caches.replace(i, fillCache(whole, { key, value }, slots, { heads, layer: place }));
      return attention(query, key, value, { heads, causal: true, bounds: input.bounds });
    });
  }
  const last = x.slice(1, length - 1, length).reshape([batch, config.embedDim]);
  return { last: finish(parameters, config, last), cache: caches.all };
}

/** One token per row: ids and positionIds [B, 1]; its slot is the last of its bounds. With `source` [B, capacity] rows read each other's caches. */
export function decodeStep(
  parameters: DecoderParameters<Tensor, Weight>,
  config: TextConfig,
  positionTable: Tensor,
  input: DecoderInput,
  cache: KeyValueCache,
  source?: Tensor,
): { last: Tensor; cache: KeyValueCache } {
  const [batch] = input.ids.shape;
  const caches = new Caches(cache);
  let x = embed(parameters, config, positionTable, input);
  for (const [i, layer] of parameters.layers.entries()) {
    x = block(x, layer, config, (query, key, value) => {
      const { cache: whole, place } = caches.of(i);
      const options = { heads: config.attentionHeads, layer: place, source };
      const attended = appendAttention(query, key, value, whole, input.bounds, options);
      caches.replace(i, attended.cache);
      return attended.out;
    });
  }
  return { last: finish(parameters, config, x.reshape([batch, config.embedDim])), cache: caches.all };
}
