/** The MAGNETO decoder: sub-LayerNorm blocks over token embeddings in which image vectors take the place of image slots. */
import { appendAttention, attention, gather, type Tensor, updateRows, where } from '../engine/index.ts';
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

/** Keys and values of all layers, each [rows, capacity, D]. */
export interface KeyValueCache<T = Tensor> {
  readonly keys: readonly T[];
  readonly values: readonly T[];
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
  const keys: Tensor[] = [];
  const values: Tensor[] = [];
  // a prompt fills the first of its rows in a cache that has several for each (its beams)
  const store = (whole: Tensor, rows: Tensor) =>
    updateRows(whole.reshape([batch, (whole.shape[0] / batch) * whole.shape[1], config.embedDim]), rows, slots).reshape(
      whole.shape,
    );
  let x = embed(parameters, config, positionTable, input);
  const options = { heads: config.attentionHeads, causal: true, bounds: input.bounds };
  for (const [i, layer] of parameters.layers.entries()) {
    x = block(x, layer, config, (query, key, value) => {
      keys.push(store(cache.keys[i], key));
      values.push(store(cache.values[i], value));
      return attention(query, key, value, options);
    });
  }
  const last = x.slice(1, length - 1, length).reshape([batch, config.embedDim]);
  return { last: finish(parameters, config, last), cache: { keys, values } };
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
  const keys: Tensor[] = [];
  const values: Tensor[] = [];
  let x = embed(parameters, config, positionTable, input);
  for (const [i, layer] of parameters.layers.entries()) {
    x = block(x, layer, config, (query, key, value) => {
      const own = { keys: cache.keys[i], values: cache.values[i] };
      const written = appendAttention(query, key, value, own, input.bounds, { heads: config.attentionHeads, source });
      keys.push(written.keys);
      values.push(written.values);
      return written.out;
    });
  }
  return { last: finish(parameters, config, x.reshape([batch, config.embedDim])), cache: { keys, values } };
}
