/** Attention in float64, row by row. */
import { type AttentionAttributes, attentionOp, optionalOperands } from '../ops/attention.ts';
import { philox } from '../random.ts';
import { keepFactor, keyOf } from './dropout.ts';
import type { OpReference, ReferenceArray } from './op-reference.ts';
import { input, integers, zerosLike } from './support.ts';

/** What the weights of one query row count after dropout; see `dropWeight` of the kernels. */
export function weightFactors(
  key: ReferenceArray | undefined,
  { rate = 0, stream = 0 }: AttentionAttributes,
  query: number,
  row: number,
): (j: number) => number {
  if (!key) return () => 1;
  return (j) => keepFactor(philox([Math.floor(j / 4), query, row, stream], keyOf(key))[j % 4], rate);
}

export function span(from: number, to: number): number[] {
  return Array.from({ length: Math.max(0, to - from) }, (_, i) => from + i);
}

/** One row of attention in float64: the output and log Σ exp. Keys are given as positions of their first element. */
function attendRow(
  q: Float64Array,
  k: Float64Array,
  v: Float64Array,
  keys: readonly number[],
  scale: number,
  factor: (i: number) => number = () => 1,
): { out: Float64Array; lse: number } {
  const scores = keys.map((at) => q.reduce((sum, value, c) => sum + value * k[at + c], 0) * scale);
  const largest = Math.max(...scores);
  const weights = scores.map((score) => Math.exp(score - largest));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const out = new Float64Array(q.length);
  for (const [i, at] of keys.entries())
    for (let c = 0; c < q.length; c++) out[c] += (weights[i] / total) * factor(i) * v[at + c];
  return { out, lse: largest + Math.log(total) };
}

export const attentionReference: OpReference = {
  op: attentionOp,
  values: ([q, k, v, ...rest], attributes, [out, lse]) => {
    const own = attributes as unknown as AttentionAttributes;
    const { heads, causal, scale } = own;
    const { bounds, key } = optionalOperands(rest, own);
    const [batch, queries, width] = q.shape;
    const keys = k.shape[1];
    const headDim = width / heads;
    const result = zerosLike(out.shape);
    const sums = zerosLike(lse.shape);
    for (let b = 0; b < batch; b++) {
      for (let h = 0; h < heads; h++) {
        for (let i = 0; i < queries; i++) {
          const limit = Math.min(bounds ? bounds.data[b * 2 + 1] : keys, causal ? i + keys - queries + 1 : keys);
          const seen = span(bounds ? bounds.data[b * 2] : 0, limit);
          const at = seen.map((j) => (b * keys + j) * width + h * headDim);
          const base = (b * queries + i) * width + h * headDim;
          const factor = weightFactors(key, own, i, b * heads + h);
          const row = attendRow(q.data.subarray(base, base + headDim), k.data, v.data, at, scale, (n) =>
            factor(seen[n]),
          );
          result.set(row.out, base);
          sums[(b * heads + h) * queries + i] = row.lse;
        }
      }
    }
    return [result, sums];
  },
  cases: [
    {
      inputs: [input([1, 5, 16]), input([1, 5, 16]), input([1, 5, 16])],
      attributes: { heads: 1, causal: false, scale: 0.25 },
    },
    {
      inputs: [input([2, 7, 64]), input([2, 19, 64]), input([2, 19, 64])],
      attributes: { heads: 2, causal: false, scale: 0.2 },
    },
    {
      inputs: [input([1, 70, 40]), input([1, 70, 40]), input([1, 70, 40])],
      attributes: { heads: 2, causal: true, scale: 0.3 },
    },
    {
      inputs: [input([2, 3, 64]), input([2, 21, 64]), input([2, 21, 64])],
      attributes: { heads: 1, causal: true, scale: 0.125 },
    },
    {
      inputs: [input([3, 4, 32]), input([3, 18, 32]), input([3, 18, 32]), integers([3, 2], [0, 18, 5, 18, 0, 6])],
      attributes: { heads: 2, causal: false, scale: 0.3 },
    },
    {
      inputs: [input([2, 9, 16]), input([2, 9, 16]), input([2, 9, 16]), integers([2, 2], [0, 9, 0, 9])],
      attributes: { heads: 4, causal: true, scale: 0.5 },
    },
    {
      inputs: [input([2, 7, 32]), input([2, 9, 32]), input([2, 9, 32]), integers([2], [5, 17])],
      attributes: { heads: 2, causal: true, scale: 0.3, rate: 0.3, stream: 4 },
    },
    {
      inputs: [
        input([2, 6, 16]),
        input([2, 6, 16]),
        input([2, 6, 16]),
        integers([2, 2], [0, 6, 2, 6]),
        integers([2], [-5, 1]),
      ],
      attributes: { heads: 1, causal: false, scale: 0.5, rate: 0.2, stream: 0 },
    },
    {
      inputs: [input([1, 2, 128]), input([1, 5, 128]), input([1, 5, 128])],
      attributes: { heads: 1, causal: false, scale: 0.1 },
    },
  ],
};
