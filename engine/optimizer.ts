/** AdamW over trees of parameters, with global-norm clipping: all on the device, nothing is read back. */
import { HostArray } from './compile.ts';
import { OpError } from './errors.ts';
import { adamwUpdate } from './ops/adamw.ts';
import { add, div, minimum, mul, sqrt } from './ops/elementwise.ts';
import { concat } from './ops/pad.ts';
import { sumSquares } from './ops/reduce.ts';
import { Tensor } from './tensor.ts';
import { leavesOf, mapTree } from './tree.ts';

export interface AdamWOptions {
  readonly learningRate: number;
  /** Counted from 1; for the bias correction. */
  readonly step: number;
  /** Default 0.9 and 0.98. */
  readonly betas?: readonly [number, number];
  /** Added after the bias correction. Default 1e-6. */
  readonly epsilon?: number;
  /** Decoupled, on every parameter. Default 0.01. */
  readonly weightDecay?: number;
}

/** First and second moments, trees like the parameters. */
export interface Moments<Params> {
  readonly first: Params;
  readonly second: Params;
}

/** The numbers of one step as data for the compiled step: computed here in float64, so that early bias corrections keep their digits. */
export function adamwSettings({
  learningRate,
  step,
  betas = [0.9, 0.98],
  epsilon = 1e-6,
  weightDecay = 0.01,
}: AdamWOptions): HostArray {
  if (!Number.isInteger(step) || step < 1) throw new OpError('adamw', `steps count from 1, got ${step}`);
  const [beta1, beta2] = betas;
  return new HostArray(
    Float32Array.of(learningRate, beta1, beta2, epsilon, weightDecay, 1 - beta1 ** step, 1 - beta2 ** step, 1),
  );
}

function tensorsOf(tree: unknown): Tensor[] {
  return leavesOf(tree).filter((leaf) => leaf instanceof Tensor);
}

/** The tensors of a tree by their paths in it: trees of equal form may have their keys in another order. */
function byPath(tree: unknown, what: string): (path: string) => Tensor {
  const tensors = new Map<string, Tensor>();
  mapTree(tree, (leaf, path) => {
    if (leaf instanceof Tensor) tensors.set(path, leaf);
    return leaf;
  });
  return (path) => {
    const found = tensors.get(path);
    if (!found) throw new OpError('adamw', `the ${what} have no tensor for the parameter ${path || '(whole)'}`);
    return found;
  };
}

/** √Σ g² over all leaves: a scalar. */
export function globalNorm(gradients: unknown): Tensor {
  const squares = tensorsOf(gradients).map((gradient) => sumSquares(gradient));
  if (squares.length === 0) throw new OpError('globalNorm', 'there are no gradients');
  return sqrt(squares.reduce((total, part) => add(total, part)));
}

/** min(1, limit/(norm + 1e-6)): the factor that keeps the global norm within the limit. */
export function clipFactor(norm: Tensor, limit: number): Tensor {
  return minimum(div(limit, add(norm, 1e-6)), 1);
}

export interface AdamWUpdateOptions {
  /** A scalar on all gradients, such as {@link clipFactor}; a negative one leaves parameters and moments as they are. */
  readonly factor?: Tensor;
  /** What decays: every parameter, or those of two dimensions. Default `all`. */
  readonly decay?: 'all' | 'matrices';
}

/**
 * Parameters and moments after one step, given gradients like them and the settings of {@link adamwSettings}. With parameters and moments
 * donated, everything happens in their buffers.
 */
export function adamw<Params>(
  parameters: Params,
  gradients: Params,
  moments: Moments<Params>,
  settings: Tensor,
  { factor, decay = 'all' }: AdamWUpdateOptions = {},
): { parameters: Params; moments: Moments<Params> } {
  const own = factor ? concat([settings.slice(0, 0, 7), factor.reshape([1])], 0) : settings;
  const withoutDecay = () => concat([own.slice(0, 0, 4), mul(own.slice(0, 4, 5), 0), own.slice(0, 5, 8)], 0);
  const gradientAt = byPath(gradients, 'gradients');
  const firstAt = byPath(moments.first, 'first moments');
  const secondAt = byPath(moments.second, 'second moments');
  const updated = new Map<string, readonly [Tensor, Tensor, Tensor]>();
  mapTree(parameters, (leaf, path) => {
    if (!(leaf instanceof Tensor)) return leaf;
    const settingsOfLeaf = decay === 'matrices' && leaf.rank !== 2 ? withoutDecay() : own;
    updated.set(path, adamwUpdate(leaf, firstAt(path), secondAt(path), gradientAt(path), settingsOfLeaf));
    return leaf;
  });
  const rebuild = (which: 0 | 1 | 2): Params => mapTree(parameters, (leaf, path) => updated.get(path)?.[which] ?? leaf);
  return { parameters: rebuild(0), moments: { first: rebuild(1), second: rebuild(2) } };
}
