/** The small pieces that vision tower, resampler and decoder share. */
import { gelu, quickGelu, relu, type Tensor } from '../engine/index.ts';
import type { Activation } from './config.ts';
import type { Affine } from './parameters.ts';

/** Hears intermediate results by name; the golden checks and curious users pass one. */
export type Tap = (name: string, value: Tensor) => void;

export const noTap: Tap = () => {};

/** x·Wᵀ + b with W [out, in]. */
export function linear(x: Tensor, { weight, bias }: Affine): Tensor {
  return x.matmul(weight, { transposeB: true }).add(bias);
}

export function norm(x: Tensor, { weight, bias }: Affine, epsilon: number): Tensor {
  return x.layerNorm(weight, bias, epsilon);
}

export const activations: Record<Activation, (x: Tensor) => Tensor> = { gelu, quick_gelu: quickGelu, relu };
