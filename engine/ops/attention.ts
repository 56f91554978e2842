/** Scaled dot-product attention without a T×T matrix, over whole sequences. */
import { attentionGrid, attentionKernel } from '../../kernels/attention.ts';
import { dropThreshold } from '../../kernels/random.ts';
import type { Staging } from '../../kernels/row-stream.ts';
import { apply } from '../apply.ts';
import type { DeviceTraits } from '../device.ts';
import { OpError } from '../errors.ts';
import type { OpDefinition, ReferenceArray } from '../op.ts';
import { philox } from '../random.ts';
import type { Tensor } from '../tensor.ts';
import { attentionGradientOp } from './attention-gradient.ts';
import { checkRate, keepFactor, keyOf } from './dropout.ts';
import { cast } from './elementwise.ts';
import { pad } from './pad.ts';
import { expectIntegers, expectRank, expectShape, f32Of, input, integers, zerosLike } from './support.ts';
import { reshape, slice } from './view.ts';

export interface AttentionAttributes {
  heads: number;
  causal: boolean;
  scale: number;
  /** Probability that a weight is dropped, and the stream of its random numbers; without them nothing is. */
  rate?: number;
  stream?: number;
}

/** The operands behind the fixed ones: bounds i32 [B, 2], and with dropout the key i32 [2]. */
export function optionalOperands<T>(rest: readonly T[], { rate = 0 }: AttentionAttributes): { bounds?: T; key?: T } {
  const key = rate > 0 ? rest[rest.length - 1] : undefined;
  return { bounds: rest.length > (rate > 0 ? 1 : 0) ? rest[0] : undefined, key };
}

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

/** Parameters of the kernels with dropout. */
export function dropoutParametersOf({ rate = 0, stream = 0 }: AttentionAttributes): Record<string, number> {
  return rate > 0 ? { stream, threshold: dropThreshold(rate), keepScale: 1 / (1 - rate) } : {};
}

/** The vector of one head may not be longer: q and the output live in registers. */
const maxHeadDim = 128;

export function headDimOf(op: string, width: number, heads: number): number {
  const headDim = width / heads;
  if (!Number.isInteger(headDim) || headDim % 4 !== 0 || headDim > maxHeadDim) {
    throw new OpError(
      op,
      `${heads} heads over width ${width}: the head dimension must be a multiple of 4 and at most ${maxHeadDim}`,
    );
  }
  return headDim;
}

export function stagingFor({ software, subgroupLanes }: DeviceTraits): Staging {
  return software ? subgroupLanes : 'workgroup';
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

export function span(from: number, to: number): number[] {
  return Array.from({ length: Math.max(0, to - from) }, (_, i) => from + i);
}

export const attentionOp: OpDefinition = {
  name: 'attention',
  summary: 'softmax(scale·Q·Kᵀ)·V by heads, causal or over given key ranges; also log Σ exp of every row',
  infer: ([q, k, v, ...rest], attributes) => {
    const own = attributes as unknown as AttentionAttributes;
    const { heads, causal, rate = 0, stream = 0 } = own;
    const { bounds, key } = optionalOperands(rest, own);
    checkRate('attention', { rate, stream });
    if (key) expectIntegers('attention', 'key', key, [2]);
    for (const [name, x] of Object.entries({ q, k, v })) expectRank('attention', name, x, 3);
    const [batch, queries, width] = q.shape;
    headDimOf('attention', width, heads);
    expectShape('attention', 'k', k, [batch, k.shape[1], width]);
    expectShape('attention', 'v', v, k.shape);
    if (q.dtype !== k.dtype || q.dtype !== v.dtype)
      throw new OpError('attention', `dtypes ${q.dtype}, ${k.dtype} and ${v.dtype} differ`);
    if (causal && k.shape[1] < queries)
      throw new OpError('attention', `causal attention of ${queries} queries needs as many keys, got ${k.shape[1]}`);
    if (bounds) expectIntegers('attention', 'bounds', bounds, [batch, 2]);
    return [f32Of(q.shape), f32Of([batch, heads, queries])];
  },
  vjp: ({ inputs, outputs, attributes, cotangents: [g, ofLogSum] }) => {
    if (ofLogSum) throw new OpError('attention', 'the log-sum-exp cannot be differentiated');
    if (!g) return inputs.map(() => null);
    const [q, k, v, ...rest] = inputs;
    const exact = [q, k, v].map((x) => (x.dtype === 'f16' ? cast(x, 'f32') : x));
    const gradients = apply(attentionGradientOp, [...exact, ...outputs, g, ...rest], attributes);
    return [...gradients, ...rest.map(() => null)];
  },
  reference: ([q, k, v, ...rest], attributes, [out, lse]) => {
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
  lowering: {
    kind: 'kernel',
    lower: (context) => {
      const own = context.attributes as unknown as AttentionAttributes;
      const { heads, causal, scale } = own;
      const [q, k, , ...rest] = context.inputs;
      const { bounds, key } = optionalOperands(rest, own);
      const [batch, queries, width] = q.shape;
      const keys = k.shape[1];
      const staging = stagingFor(context.traits);
      context.dispatch({
        source: attentionKernel({
          headDim: width / heads,
          causal,
          bounded: bounds !== undefined,
          type: q.dtype,
          staging,
          dropout: key !== undefined,
        }),
        parameters: { queries, keys, heads, stride4: width / 4, scale, ...dropoutParametersOf(own) },
        operands: [...context.inputs.map((_, i) => context.input(i)), context.output(0), context.output(1)],
        grid: attentionGrid(staging, queries, heads, batch),
        flops: (4 * batch * queries * keys * width) / (causal ? 2 : 1),
      });
    },
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

export interface AttentionOptions {
  heads: number;
  /** Query i sees keys up to i + Tk − Tq. */
  causal?: boolean;
  /** Default 1/√(head dimension). */
  scale?: number;
  /** i32 [B, 2]: first key and end of the keys of every batch row; for padded batches. Query rows without any key give zeros. */
  bounds?: Tensor;
  /** Drops weights at random, as `dropout` drops elements. */
  dropout?: { readonly rate: number; readonly key: Tensor; readonly stream: number };
}

/** Zeros that fill heads up to the multiple of 4 that the kernels take; they change no score. */
export function headPadding(width: number, heads: number): number {
  const headDim = width / heads;
  return Number.isInteger(headDim) ? (4 - (headDim % 4)) % 4 : 0;
}

export function padHeads(x: Tensor, heads: number): Tensor {
  const [batch, length, width] = x.shape;
  const extra = x.rank === 3 ? headPadding(width, heads) : 0;
  if (extra === 0) return x;
  return reshape(pad(reshape(x, [batch, length, heads, width / heads]), 3, 0, extra), [
    batch,
    length,
    width + heads * extra,
  ]);
}

export function unpadHeads(x: Tensor, heads: number, width: number): Tensor {
  const [batch, length, padded] = x.shape;
  if (padded === width) return x;
  return reshape(slice(reshape(x, [batch, length, heads, padded / heads]), 3, 0, width / heads), [
    batch,
    length,
    width,
  ]);
}

/** Attention of q [B, Tq, H·d] over k and v [B, Tk, H·d]: [B, Tq, H·d]. A head dimension that is no multiple of 4 costs copies. */
export function attention(
  q: Tensor,
  k: Tensor,
  v: Tensor,
  { heads, causal = false, scale, bounds, dropout }: AttentionOptions,
): Tensor {
  const width = q.shape[q.rank - 1];
  const attributes: AttentionAttributes = { heads, causal, scale: scale ?? 1 / Math.sqrt(width / heads) };
  const rest = bounds ? [bounds] : [];
  if (dropout && dropout.rate > 0) {
    Object.assign(attributes, { rate: dropout.rate, stream: dropout.stream });
    rest.push(dropout.key);
  }
  const padded = [q, k, v].map((x) => padHeads(x, heads));
  return unpadHeads(apply(attentionOp, [...padded, ...rest], { ...attributes })[0], heads, width);
}
