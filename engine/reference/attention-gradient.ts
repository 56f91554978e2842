/** The gradient of attention in float64, weight by weight. */
import type { AttentionAttributes } from '../ops/attention.ts';
import { attentionGradientOp } from '../ops/attention-gradient.ts';
import type { Shape } from '../shape.ts';
import { queryRows } from './attention.ts';
import type { CaseInput, OpCase, OpReference } from './op-reference.ts';
import { input, integers, zerosLike } from './support.ts';

function dotAt(a: Float64Array, at: number, b: Float64Array, bt: number, length: number): number {
  let sum = 0;
  for (let c = 0; c < length; c++) sum += a[at + c] * b[bt + c];
  return sum;
}

function addScaled(to: Float64Array, at: number, from: Float64Array, ft: number, length: number, factor: number): void {
  for (let c = 0; c < length; c++) to[at + c] += factor * from[ft + c];
}

/** A case by the shapes of q and k, the range of log Σ exp, and the operands behind the fixed ones. */
function gradientCase(
  q: Shape,
  k: Shape,
  [low, high]: readonly [number, number],
  attributes: AttentionAttributes,
  rest: readonly CaseInput[] = [],
): OpCase {
  const sums = input([q[0], attributes.heads, q[1]], low, high);
  return { inputs: [input(q), input(k), input(k), input(q), sums, input(q), ...rest], attributes: { ...attributes } };
}

export const attentionGradientReference: OpReference = {
  op: attentionGradientOp,
  values: ([q, k, v, out, lse, g, ...rest], attributes) => {
    const own = attributes as unknown as AttentionAttributes;
    const { heads, scale } = own;
    const headDim = q.shape[2] / heads;
    const [dq, dk, dv] = [q, k, v].map(({ shape }) => zerosLike(shape));
    for (const { at, row, seen } of queryRows(q, k, rest, own)) {
      const delta = dotAt(g.data, at, out.data, at, headDim);
      for (const { at: kt, kept } of seen) {
        const weight = Math.exp(dotAt(q.data, at, k.data, kt, headDim) * scale - lse.data[row]);
        const d = weight * (kept * dotAt(g.data, at, v.data, kt, headDim) - delta) * scale;
        addScaled(dq, at, k.data, kt, headDim, d);
        addScaled(dk, kt, q.data, at, headDim, d);
        addScaled(dv, kt, g.data, at, headDim, weight * kept);
      }
    }
    return [dq, dk, dv];
  },
  cases: [
    gradientCase([1, 5, 16], [1, 5, 16], [1, 3], { heads: 2, causal: false, scale: 0.2 }),
    gradientCase([2, 3, 32], [2, 21, 32], [3, 4], { heads: 1, causal: true, scale: 0.1 }),
    gradientCase([2, 70, 16], [2, 70, 16], [3, 4], { heads: 1, causal: true, scale: 0.1 }, [
      integers([2, 2], [0, 70, 4, 66]),
    ]),
    gradientCase([2, 5, 16], [2, 9, 16], [1, 3], { heads: 2, causal: true, scale: 0.2, rate: 0.3, stream: 1 }, [
      integers([2], [3, 8]),
    ]),
    gradientCase([2, 4, 16], [2, 4, 16], [1, 3], { heads: 1, causal: false, scale: 0.2, rate: 0.5, stream: 9 }, [
      integers([2, 2], [0, 4, 1, 3]),
      integers([2], [3, 8]),
    ]),
  ],
};
