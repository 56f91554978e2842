/** Attention of one position over a KV cache. */
import {
  decodeAttentionKernel,
  decodeGrid,
  decodeQuads,
  decodeScoresGrid,
  decodeScoresKernel,
  decodeValuesGrid,
  decodeValuesKernel,
} from '../../kernels/attention-decode.ts';
import { apply } from '../apply.ts';
import { OpError } from '../errors.ts';
import type { Abstract } from '../graph.ts';
import type { LowerContext } from '../lower.ts';
import { attribute, type OpDefinition, type ReferenceArray } from '../op.ts';
import { formatShape } from '../shape.ts';
import type { Tensor } from '../tensor.ts';
import { attentionOp, headDimOf, padHeads, unpadHeads } from './attention.ts';
import { expectDType, expectRank, expectShape, f32Of, input, integers, onlyShard } from './support.ts';

interface DecodeAttributes {
  heads: number;
  scale: number;
}

function expectPosition(op: string, name: string, x: Abstract): void {
  expectRank(op, name, x, 3);
  expectDType(op, name, x, 'f32');
  expectShape(op, name, x, [x.shape[0], 1, x.shape[2]]);
}

/** Checks all but key and value; `source` may be missing. */
function checkCache(
  op: string,
  q: Abstract,
  [k, v, bounds, source]: readonly Abstract[],
  { heads }: DecodeAttributes,
): void {
  expectPosition(op, 'q', q);
  const [batch, , width] = q.shape;
  expectRank(op, 'k', k, 3);
  expectShape(op, 'v', v, k.shape);
  if (k.dtype !== v.dtype) throw new OpError(op, `dtypes ${k.dtype} and ${v.dtype} of the caches differ`);
  if (k.shape[2] !== width)
    throw new OpError(op, `query ${formatShape(q.shape)} and cache ${formatShape(k.shape)} differ in width`);
  headDimOf(op, width, heads);
  expectShape(op, 'bounds', bounds, [batch, 2]);
  expectDType(op, 'bounds', bounds, 'i32');
  if (source) {
    expectShape(op, 'source', source, [batch, k.shape[1]]);
    expectDType(op, 'source', source, 'i32');
  } else if (k.shape[0] !== batch) {
    throw new OpError(op, `cache ${formatShape(k.shape)} has not the ${batch} rows of the queries; give source rows`);
  }
}

/** The cache with the rows that each batch row reads; `source` may be missing. */
function read(cache: ReferenceArray, source?: ReferenceArray): ReferenceArray {
  if (!source) return cache;
  const [, capacity, width] = cache.shape;
  const rows = Array.from(source.data, (owner, at) => owner * capacity + (at % capacity));
  const data = Float64Array.from(rows.flatMap((row) => [...cache.data.subarray(row * width, (row + 1) * width)]));
  return { shape: [...source.shape, width], data };
}

/** The cache with row b of `rows` [B, 1, width] in slot bounds[b, 1] − 1 of its row b, but for rows whose bounds are empty or end past the capacity. */
function appended({ shape, data }: ReferenceArray, rows: ReferenceArray, bounds: ReferenceArray): ReferenceArray {
  const [, capacity, width] = shape;
  const out = data.slice();
  for (let b = 0; b < rows.shape[0]; b++) {
    const [start, end] = bounds.data.subarray(b * 2, b * 2 + 2);
    if (start < end && end <= capacity)
      out.set(rows.data.subarray(b * width, (b + 1) * width), (b * capacity + end - 1) * width);
  }
  return { shape, data: out };
}

function lower(context: LowerContext): void {
  const { heads, scale } = context.attributes as unknown as DecodeAttributes;
  const [q, , , cache, , ...rest] = context.inputs;
  const [batch, , width] = q.shape;
  const [, capacity] = cache.shape;
  const headDim = width / heads;
  const [keys, values] = [1, 2].map((i) => [
    context.input(i),
    onlyShard('appendAttention', 'the cache', context.inPlace(2 + i, i)).memory,
  ]);
  const places = rest.map((_, i) => context.input(5 + i));
  const [query, out] = [context.input(0), context.output(0)];
  const options = { indirect: places.length > 1, type: cache.dtype };
  const parameters = { batch, capacity, heads, quads: headDim / 4, stride4: width / 4, scale };
  const flops = 4 * batch * capacity * width;
  if (!context.traits.software) {
    const operands = [query, ...keys, ...values, ...places, out];
    const source = decodeAttentionKernel(options);
    context.dispatch({ source, parameters, operands, grid: decodeGrid(batch, heads), flops });
    return;
  }
  const scores = context.scratch(batch * heads * capacity * 4);
  context.dispatch({
    source: decodeScoresKernel(options),
    parameters,
    operands: [query, ...keys, ...places, scores],
    grid: decodeScoresGrid(batch, heads, capacity),
    flops: flops / 2,
  });
  context.dispatch({
    source: decodeValuesKernel({ ...options, own: decodeQuads(headDim) }),
    parameters,
    operands: [scores, ...values, ...places, out],
    grid: decodeValuesGrid(batch, heads, headDim),
    flops: flops / 2,
  });
}

export const appendAttentionOp: OpDefinition = {
  name: 'appendAttention',
  summary: 'writes key and value of one position into a KV cache, in place where it is donated, and attends over it',
  infer: ([q, key, value, ...cache], attributes) => {
    checkCache('appendAttention', q, cache, attributes as unknown as DecodeAttributes);
    const [k] = cache;
    for (const [name, x] of Object.entries({ key, value })) {
      expectPosition('appendAttention', name, x);
      expectShape('appendAttention', name, x, q.shape);
    }
    if (k.shape[0] < q.shape[0])
      throw new OpError(
        'appendAttention',
        `cache ${formatShape(k.shape)} has no row for each of ${q.shape[0]} positions`,
      );
    return [f32Of(q.shape), k, k];
  },
  vjp: { none: 'it is for generation only' },
  reference: ([q, key, value, k, v, bounds, source], attributes, [out]) => {
    const keys = appended(k, key, bounds);
    const values = appended(v, value, bounds);
    const lse = f32Of([q.shape[0], attribute(attributes, 'heads'), 1]);
    const inputs = [q, read(keys, source), read(values, source), bounds];
    const [result] = attentionOp.reference(inputs, { ...attributes, causal: false }, [out, lse]);
    return [result, keys.data, values.data];
  },
  lowering: { kind: 'kernel', lower },
  cases: [
    {
      inputs: [
        ...[input([1, 1, 32]), input([1, 1, 32]), input([1, 1, 32])],
        ...[input([1, 40, 32]), input([1, 40, 32]), integers([1, 2], [0, 37])],
      ],
      attributes: { heads: 2, scale: 0.25 },
    },
    {
      inputs: [
        ...[input([3, 1, 64]), input([3, 1, 64]), input([3, 1, 64])],
        ...[input([3, 90, 64]), input([3, 90, 64]), integers([3, 2], [0, 1, 4, 90, 2, 71])],
      ],
      attributes: { heads: 1, scale: 0.125 },
    },
    {
      inputs: [
        ...[input([2, 1, 40]), input([2, 1, 40]), input([2, 1, 40])],
        ...[input([3, 6, 40]), input([3, 6, 40]), integers([2, 2], [0, 5, 0, 5])],
        integers([2, 6], [0, 0, 2, 1, 0, 0, 0, 0, 1, 2, 1, 0]),
      ],
      attributes: { heads: 2, scale: 0.3 },
    },
    {
      inputs: [
        ...[input([2, 1, 128]), input([2, 1, 128]), input([2, 1, 128])],
        ...[input([2, 90, 128]), input([2, 90, 128]), integers([2, 2], [3, 90, 4, 4])],
      ],
      attributes: { heads: 1, scale: 0.1 },
    },
    {
      inputs: [
        ...[input([2, 1, 24]), input([2, 1, 24]), input([2, 1, 24])],
        ...[input([2, 600, 24]), input([2, 600, 24]), integers([2, 2], [5, 597, 250, 250])],
      ],
      attributes: { heads: 2, scale: 0.3 },
    },
  ],
};

/**
 * Attention of one position q [B, 1, H·d] over a KV cache [rows, capacity, H·d] that takes the position's own key and value [B, 1, H·d] in: those
 * of row b are written into slot bounds[b, 1] − 1 of cache row b, in place where the caches are donated. bounds i32 [B, 2] tells first slot and end
 * of every row; a row whose bounds are empty or end past the capacity writes nothing. With `source` i32 [B, capacity], key j of row b lies in cache
 * row source[b, j] (beams that share a prefix), but for the last. Scale 1/√d. A head dimension that is no multiple of 4 costs copies.
 */
export function appendAttention(
  q: Tensor,
  key: Tensor,
  value: Tensor,
  cache: { readonly keys: Tensor; readonly values: Tensor },
  bounds: Tensor,
  { heads, source }: { heads: number; source?: Tensor },
): { out: Tensor; keys: Tensor; values: Tensor } {
  const width = q.shape[q.rank - 1];
  const operands = [q, key, value, cache.keys, cache.values].map((x) => padHeads(x, heads));
  const attributes = { heads, scale: 1 / Math.sqrt(width / heads) };
  const results = apply(appendAttentionOp, [...operands, bounds, ...(source ? [source] : [])], attributes);
  const [out, keys, values] = results.map((x) => unpadHeads(x, heads, width));
  return { out, keys, values };
}
