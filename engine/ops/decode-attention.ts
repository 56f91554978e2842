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
import { apply, applyOne } from '../apply.ts';
import { OpError } from '../errors.ts';
import type { Abstract } from '../graph.ts';
import type { LowerContext } from '../lower.ts';
import type { Memory } from '../memory.ts';
import type { OpDefinition, ReferenceArray } from '../op.ts';
import { formatShape } from '../shape.ts';
import type { Tensor } from '../tensor.ts';
import { attendRow, headDimOf, padHeads, span, unpadHeads } from './attention.ts';
import { cast } from './elementwise.ts';
import { updateRows } from './indexing.ts';
import { expectDType, expectRank, expectShape, f32Of, input, integers, onlyShard, zerosLike } from './support.ts';
import { reshape, slice } from './view.ts';

interface DecodeAttributes {
  heads: number;
  scale: number;
}

const forGeneration = { none: 'it is for generation only' };

function expectPosition(op: string, name: string, x: Abstract): void {
  expectRank(op, name, x, 3);
  expectDType(op, name, x, 'f32');
  expectShape(op, name, x, [x.shape[0], 1, x.shape[2]]);
}

/** Checks all that both ops have; `source` may be missing. */
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

function attendReference(
  [q, k, v, bounds, source]: readonly ReferenceArray[],
  { heads, scale }: DecodeAttributes,
): Float64Array {
  const [batch, , width] = q.shape;
  const capacity = k.shape[1];
  const headDim = width / heads;
  const out = zerosLike(q.shape);
  for (let b = 0; b < batch; b++) {
    const ownerOf = (j: number) => (source ? source.data[b * capacity + j] : b);
    for (let h = 0; h < heads; h++) {
      const keys = span(bounds.data[b * 2], bounds.data[b * 2 + 1]);
      const at = keys.map((j) => (ownerOf(j) * capacity + j) * width + h * headDim);
      const base = b * width + h * headDim;
      out.set(attendRow(q.data.subarray(base, base + headDim), k.data, v.data, at, scale).out, base);
    }
  }
  return out;
}

/** The dispatches of either op: over the caches, after what is to go into them where there is that. */
function emit(context: LowerContext, cache: Abstract, caches: readonly Memory[][], places: readonly Memory[]): void {
  const { heads, scale } = context.attributes as unknown as DecodeAttributes;
  const [{ shape }] = context.inputs;
  const [batch, , width] = shape;
  const [, capacity] = cache.shape;
  const headDim = width / heads;
  const [keys, values] = caches;
  const options = { indirect: places.length > 1, append: keys.length > 1, type: cache.dtype };
  const parameters = { batch, capacity, heads, quads: headDim / 4, stride4: width / 4, scale };
  const flops = 4 * batch * capacity * width;
  const q = context.input(0);
  const out = context.output(0);
  if (!context.traits.software) {
    const operands = [q, ...keys, ...values, ...places, out];
    context.dispatch({
      source: decodeAttentionKernel(options),
      parameters,
      operands,
      grid: decodeGrid(batch, heads),
      flops,
    });
    return;
  }
  const scores = context.scratch(batch * heads * capacity * 4);
  context.dispatch({
    source: decodeScoresKernel(options),
    parameters,
    operands: [q, ...keys, ...places, scores],
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

export const decodeAttentionOp: OpDefinition = {
  name: 'decodeAttention',
  summary: 'attention of one position over a KV cache, the keys split over threads',
  infer: ([q, ...cache], attributes) => {
    checkCache('decodeAttention', q, cache, attributes as unknown as DecodeAttributes);
    return [f32Of(q.shape)];
  },
  vjp: forGeneration,
  reference: (inputs, attributes) => [attendReference(inputs, attributes as unknown as DecodeAttributes)],
  lowering: {
    kind: 'kernel',
    lower: (context) => {
      const [, k, , ...places] = context.inputs;
      const caches = [[context.input(1)], [context.input(2)]];
      emit(
        context,
        k,
        caches,
        places.map((_, i) => context.input(3 + i)),
      );
    },
  },
  cases: [
    {
      inputs: [input([1, 1, 32]), input([1, 40, 32]), input([1, 40, 32]), integers([1, 2], [0, 37])],
      attributes: { heads: 2, scale: 0.25 },
    },
    {
      inputs: [input([3, 1, 64]), input([3, 9, 64]), input([3, 9, 64]), integers([3, 2], [0, 9, 4, 8, 2, 3])],
      attributes: { heads: 1, scale: 0.125 },
    },
    {
      inputs: [
        input([2, 1, 40]),
        input([3, 6, 40]),
        input([3, 6, 40]),
        integers([2, 2], [0, 5, 0, 5]),
        integers([2, 6], [0, 0, 2, 1, 0, 0, 0, 0, 1, 2, 1, 0]),
      ],
      attributes: { heads: 2, scale: 0.3 },
    },
    {
      inputs: [input([2, 1, 128]), input([2, 90, 128]), input([2, 90, 128]), integers([2, 2], [3, 90, 4, 4])],
      attributes: { heads: 1, scale: 0.1 },
    },
  ],
};

/**
 * Attention of one position q [B, 1, H·d] over caches k, v [rows, capacity, H·d]; bounds i32 [B, 2] tells first slot and end of every row. With
 * `source` i32 [B, capacity], key j of row b lies in cache row source[b, j] (beams that share a prefix). Scale 1/√d.
 */
export function decodeAttention(
  q: Tensor,
  k: Tensor,
  v: Tensor,
  bounds: Tensor,
  { heads, source }: { heads: number; source?: Tensor },
): Tensor {
  const attributes = { heads, scale: 1 / Math.sqrt(q.shape[2] / heads) };
  const padded = [q, k, v].map((x) => padHeads(x, heads));
  const out = applyOne(decodeAttentionOp, [...padded, bounds, ...(source ? [source] : [])], attributes);
  return unpadHeads(out, heads, q.shape[2]);
}

/** The cache with row b of `rows` [B, 1, width] in slot bounds[b, 1] − 1 of its row b, but for rows whose bounds are empty or end past the capacity. */
function appended(cache: ReferenceArray, rows: ReferenceArray, bounds: ReferenceArray): Float64Array {
  const [, capacity, width] = cache.shape;
  const out = cache.data.slice();
  for (let b = 0; b < rows.shape[0]; b++) {
    const [start, end] = bounds.data.subarray(b * 2, b * 2 + 2);
    if (start < end && end <= capacity)
      out.set(rows.data.subarray(b * width, (b + 1) * width), (b * capacity + end - 1) * width);
  }
  return out;
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
  vjp: forGeneration,
  reference: ([q, key, value, k, v, bounds, ...source], attributes) => {
    const keys = { shape: k.shape, data: appended(k, key, bounds) };
    const values = { shape: v.shape, data: appended(v, value, bounds) };
    const out = attendReference([q, keys, values, bounds, ...source], attributes as unknown as DecodeAttributes);
    return [out, keys.data, values.data];
  },
  lowering: {
    kind: 'kernel',
    lower: (context) => {
      const [, , , k, , ...rest] = context.inputs;
      const own = [context.input(1), context.input(2)];
      const places = rest.map((_, i) => context.input(5 + i));
      const caches = own.map((memory, i) => [
        memory,
        onlyShard('appendAttention', 'the cache', context.inPlace(3 + i, 1 + i)).memory,
      ]);
      emit(context, k, caches, places);
    },
  },
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
        ...[input([2, 1, 24]), input([2, 1, 24]), input([2, 1, 24])],
        ...[input([2, 600, 24]), input([2, 600, 24]), integers([2, 2], [5, 597, 250, 250])],
      ],
      attributes: { heads: 2, scale: 0.3 },
    },
  ],
};

/**
 * As {@link decodeAttention}, for a position whose own key and value [B, 1, H·d] are not in the cache yet: those of row b are written into slot
 * bounds[b, 1] − 1 of cache row b, in place where the caches are donated. A row whose bounds are empty or end past the capacity writes nothing.
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
  const { keys, values } = cache;
  if (Number.isInteger(width / heads) && (width / heads) % 4 !== 0) {
    // the kernel wants padded caches, and what is kept is not padded
    const position = reshape(cast(cast(slice(bounds, 1, 1, 2), 'f32').sub(1), 'i32'), [q.shape[0]]);
    const written = { keys: updateRows(keys, key, position), values: updateRows(values, value, position) };
    return { out: decodeAttention(q, written.keys, written.values, bounds, { heads, source }), ...written };
  }
  const operands = [q, key, value, keys, values, bounds, ...(source ? [source] : [])];
  const [out, ...written] = apply(appendAttentionOp, operands, { heads, scale: 1 / Math.sqrt(width / heads) });
  return { out, keys: written[0], values: written[1] };
}
