/** The image-to-text projection: a linear layer, then attention from learned queries over the tokens and the queries themselves. */
import { attention, concat, type Tensor } from '../engine/index.ts';
import type { TextConfig } from './config.ts';
import { Dropouts, linear } from './modules.ts';
import type { ResamplerParameters } from './parameters.ts';
import type { Weight } from './weight.ts';

/** Vision features [n, tokens, hidden] to image vectors [n, latents, D]. No norm, no residual, no feed-forward. */
export function resample(
  parameters: ResamplerParameters<Tensor, Weight>,
  config: TextConfig,
  features: Tensor,
  dropouts = new Dropouts(),
): Tensor {
  const { dense, latent_query: latents, x_attn: attn } = parameters;
  const [n] = features.shape;
  const [count, width] = latents.shape;
  const queries = latents.cast('f32').reshape([1, count, width]).broadcastTo([n, count, width]);
  const keys = concat([linear(features, dense), queries], 1);
  const attended = attention(linear(queries, attn.q_proj), linear(keys, attn.k_proj), linear(keys, attn.v_proj), {
    heads: config.attentionHeads,
    dropout: dropouts.attention(),
  });
  return linear(attended, attn.out_proj);
}
