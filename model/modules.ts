/** The small pieces that vision tower, resampler and decoder share. */
import { type AttentionOptions, dropout, gelu, quickGelu, relu, remat, type Tensor } from '../engine/index.ts';
import type { Activation } from './config.ts';
import type { Affine } from './parameters.ts';
import { times, type Weight } from './weight.ts';

/** Hears intermediate results by name; the golden checks and curious users pass one. */
export type Tap = (name: string, value: Tensor) => void;

export const noTap: Tap = () => {};

/** x·Wᵀ + b with W [out, in]. */
export function linear(x: Tensor, { weight, bias }: Affine<Tensor, Weight>): Tensor {
  return times(x, weight).add(bias);
}

export function norm(x: Tensor, { weight, bias }: Affine, epsilon: number): Tensor {
  return x.layerNorm(weight, bias, epsilon);
}

export const activations: Record<Activation, (x: Tensor) => Tensor> = { gelu, quick_gelu: quickGelu, relu };

/** Probabilities of dropout, and the key of the step (i32 [2]: seed and step). */
export interface DropoutRates {
  readonly hidden: number;
  readonly attention: number;
  readonly key: Tensor;
}

/** What differs between training and use: dropout, and whether layers are computed again in the backward pass. */
export interface Mode {
  readonly dropout?: DropoutRates;
  readonly remat?: boolean;
}

/** The places of dropout in one trace of the model: each draws from a stream of its own. */
export class Dropouts {
  readonly #rates: DropoutRates | undefined;
  #next = 0;

  constructor({ dropout }: Mode = {}) {
    this.#rates = dropout;
  }

  /** On what is added to the residual stream. */
  hidden(x: Tensor): Tensor {
    return this.#rates ? dropout(x, this.#rates.key, this.#rates.hidden, this.#next++) : x;
  }

  /** On attention weights. */
  attention(): AttentionOptions['dropout'] {
    return this.#rates && { rate: this.#rates.attention, key: this.#rates.key, stream: this.#next++ };
  }
}

/** One layer after another; with `mode.remat` only what goes into each is kept for the backward pass. */
export function stack<Layer>(
  x: Tensor,
  layers: readonly Layer[],
  { remat: again = false }: Mode,
  layer: (x: Tensor, layer: Layer, index: number) => Tensor,
): Tensor {
  const run = again ? (remat(layer) as typeof layer) : layer;
  return layers.reduce((value, own, index) => run(value, own, index), x);
}
