/** Scaled dot-product attention without a T×T matrix, over whole sequences. */
import { attentionGrid, attentionKernel } from '../../kernels/attention.ts';
import { dropThreshold } from '../../kernels/random.ts';
import type { Staging } from '../../kernels/row-stream.ts';
import { apply } from '../apply.ts';
import type { DeviceTraits } from '../device.ts';
import { OpError } from '../errors.ts';
import type { OpDefinition } from '../op.ts';
import type { Tensor } from '../tensor.ts';
import { attentionGradientOp } from './attention-gradient.ts';
import { checkRate } from './dropout.ts';
import { cast } from './elementwise.ts';
import { pad } from './pad.ts';
import { expectIntegers, expectRank, expectShape, f32Of } from './support.ts';
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
