/** Attention in float64, row by row. */
import { type AttentionAttributes, attentionOp, optionalOperands } from '../ops/attention.ts';
import { philox } from '../random.ts';
import { keepFactor, keyOf } from './dropout.ts';
import type { OpReference, ReferenceArray } from './op-reference.ts';
import { input, integers, zerosLike } from './support.ts';

/** One query of one head. */
interface QueryRow {
  /** Where its vector begins in q, and in the output. */
  readonly at: number;
  /** Its place among the log Σ exp. */
  readonly row: number;
  /** The keys that it sees: where each begins in k and v, and what its weight counts after dropout: 1 without, else 0 or 1/(1 − rate). */
  readonly seen: readonly { readonly at: number; readonly kept: number }[];
}

/** All queries of all heads, given q [B, T, heads·headDim], k and the operands behind the fixed ones. */
export function* queryRows(
  q: ReferenceArray,
  k: ReferenceArray,
  rest: readonly ReferenceArray[],
  attributes: AttentionAttributes,
): Generator<QueryRow> {
  const { heads, causal } = attributes;
  const { bounds, key } = optionalOperands(rest, attributes);
  const [batch, queries, width] = q.shape;
  const keys = k.shape[1];
  const headDim = width / heads;
  for (let b = 0; b < batch; b++) {
    const [start, end] = bounds ? bounds.data.subarray(b * 2, b * 2 + 2) : [0, keys];
    for (let h = 0; h < heads; h++) {
      for (let i = 0; i < queries; i++) {
        const limit = causal ? Math.min(end, i + keys - queries + 1) : Math.min(end, keys);
        const kept = weightFactors(key, attributes, i, b * heads + h);
        const seen = Array.from({ length: Math.max(0, limit - start) }, (_, n) => ({
          at: (b * keys + start + n) * width + h * headDim,
          kept: kept(start + n),
        }));
        yield { at: (b * queries + i) * width + h * headDim, row: (b * heads + h) * queries + i, seen };
      }
    }
  }
}

/** What the weights of one query count after dropout; see `dropWeight` of the kernels. */
function weightFactors(
  key: ReferenceArray | undefined,
  { rate = 0, stream = 0 }: AttentionAttributes,
  query: number,
  row: number,
): (j: number) => number {
  if (!key) return () => 1;
  return (j) => keepFactor(philox([Math.floor(j / 4), query, row, stream], keyOf(key))[j % 4], rate);
}

/** The output for one query, and log Σ exp of its scores. */
function attendRow(
  q: Float64Array,
  k: Float64Array,
  v: Float64Array,
  seen: QueryRow['seen'],
  scale: number,
): { out: Float64Array; lse: number } {
  const scores = seen.map(({ at }) => q.reduce((sum, value, c) => sum + value * k[at + c], 0) * scale);
  const largest = Math.max(...scores);
  const weights = scores.map((score) => Math.exp(score - largest));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const out = new Float64Array(q.length);
  for (const [i, { at, kept }] of seen.entries())
    for (let c = 0; c < q.length; c++) out[c] += (weights[i] / total) * kept * v[at + c];
  return { out, lse: largest + Math.log(total) };
}

export const attentionReference: OpReference = {
  op: attentionOp,
  values: ([q, k, v, ...rest], attributes, [out, lse]) => {
    const own = attributes as unknown as AttentionAttributes;
    const headDim = q.shape[2] / own.heads;
    const result = zerosLike(out.shape);
    const sums = zerosLike(lse.shape);
    for (const { at, row, seen } of queryRows(q, k, rest, own)) {
      const attended = attendRow(q.data.subarray(at, at + headDim), k.data, v.data, seen, own.scale);
      result.set(attended.out, at);
      sums[row] = attended.lse;
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
