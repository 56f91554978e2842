/** Attention of one position over a KV cache. */
import {
  decodeAttentionKernel,
  decodeGrid,
  decodeQuads,
  decodeScoresGrid,
  decodeScoresKernel,
  decodeSubgroupKernel,
  decodeValuesGrid,
  decodeValuesKernel,
} from '../../kernels/attention-decode.ts';
import { apply } from '../apply.ts';
import { OpError } from '../errors.ts';
import type { Abstract } from '../graph.ts';
import type { LowerContext } from '../lower.ts';
import type { OpDefinition } from '../op.ts';
import { formatShape } from '../shape.ts';
import type { Tensor } from '../tensor.ts';
import { headDimOf, headPadding, padHeads, unpadHeads } from './attention.ts';
import { updateRows } from './indexing.ts';
import { expectDType, expectIntegers, expectRank, expectShape, f32Of, onlyShard } from './support.ts';
import { reshape } from './view.ts';

/** Axes of a cache: layers, keys and values, rows, slots, width. */
export type CacheShape = readonly [layers: number, parts: number, rows: number, capacity: number, width: number];

export interface DecodeAttributes {
  heads: number;
  scale: number;
  layer: number;
}

function expectPosition(op: string, name: string, x: Abstract): void {
  expectRank(op, name, x, 3);
  expectDType(op, name, x, 'f32');
  expectShape(op, name, x, [x.shape[0], 1, x.shape[2]]);
}

function expectCache(op: string, cache: Abstract, width: number, layer: number): CacheShape {
  expectRank(op, 'cache', cache, 5);
  const [layers, , rows, capacity] = cache.shape;
  expectShape(op, 'cache', cache, [layers, 2, rows, capacity, width]);
  if (!(Number.isInteger(layer) && layer >= 0 && layer < layers))
    throw new OpError(op, `layer ${layer} is none of the ${layers} layers of the cache ${formatShape(cache.shape)}`);
  return cache.shape as unknown as CacheShape;
}

/** Elements before the keys (part 0) or values (part 1) of a layer. */
export function partStart([, parts, rows, capacity, width]: CacheShape, layer: number, part: number): number {
  return (layer * parts + part) * rows * capacity * width;
}

/** Checks all but key and value; `source` may be missing. */
function checkCache(
  op: string,
  q: Abstract,
  [cache, bounds, source]: readonly Abstract[],
  { heads, layer }: DecodeAttributes,
): void {
  expectPosition(op, 'q', q);
  const [batch, , width] = q.shape;
  const [, , rows, capacity] = expectCache(op, cache, width, layer);
  headDimOf(op, width, heads);
  expectIntegers(op, 'bounds', bounds, [batch, 2]);
  if (source) {
    expectIntegers(op, 'source', source, [batch, capacity]);
  } else if (rows !== batch) {
    throw new OpError(
      op,
      `cache ${formatShape(cache.shape)} has not the ${batch} rows of the queries; give source rows`,
    );
  }
  if (rows < batch)
    throw new OpError(op, `cache ${formatShape(cache.shape)} has no row for each of ${batch} positions`);
}

function lower(context: LowerContext): void {
  const { heads, scale, layer } = context.attributes as unknown as DecodeAttributes;
  const [q, , , { shape, dtype: type }, ...rest] = context.inputs;
  const [batch, , width] = q.shape;
  const cacheShape = shape as unknown as CacheShape;
  const [, , , capacity] = cacheShape;
  const headDim = width / heads;
  const [query, key, value] = [0, 1, 2].map((i) => context.input(i));
  const places = [...rest.keys()].map((i) => context.input(4 + i));
  const cache = onlyShard('appendAttention', 'the cache', context.inPlace(3, 1)).memory;
  const out = context.output(0);
  const options = { indirect: places.length > 1, type };
  const [keys, values] = [0, 1].map((part) => partStart(cacheShape, layer, part) / 4);
  const parameters = { batch, capacity, heads, quads: headDim / 4, stride4: width / 4, keys, values, scale };
  const flops = 4 * batch * capacity * width;
  const { software, subgroupLanes: lanes } = context.traits;
  if (!software || lanes > 0) {
    const operands = [query, key, value, cache, ...places, out];
    const source = software
      ? decodeSubgroupKernel({ ...options, lanes, quads: Math.ceil(headDim / 4 / lanes) })
      : decodeAttentionKernel(options);
    context.dispatch({ source, parameters, operands, grid: decodeGrid(batch, heads), flops });
    return;
  }
  const scores = context.scratch(batch * heads * capacity * 4);
  context.dispatch({
    source: decodeScoresKernel(options),
    parameters,
    operands: [query, key, cache, ...places, scores],
    grid: decodeScoresGrid(batch, heads, capacity),
    flops: flops / 2,
  });
  context.dispatch({
    source: decodeValuesKernel({ ...options, own: decodeQuads(headDim) }),
    parameters,
    operands: [scores, value, cache, ...places, out],
    grid: decodeValuesGrid(batch, heads, headDim),
    flops: flops / 2,
  });
}

export const appendAttentionOp: OpDefinition = {
  name: 'appendAttention',
  summary: 'writes key and value of one position into a KV cache, in place where it is donated, and attends over it',
  infer: ([q, key, value, ...cache], attributes) => {
    checkCache('appendAttention', q, cache, attributes as unknown as DecodeAttributes);
    for (const [name, x] of Object.entries({ key, value })) {
      expectPosition('appendAttention', name, x);
      expectShape('appendAttention', name, x, q.shape);
    }
    return [f32Of(q.shape), cache[0]];
  },
  vjp: { none: 'it is for generation only' },
  lowering: { kind: 'kernel', lower },
};

/** What a cache holds. `width` is that of keys and values, H·d. */
export interface CacheExtent {
  readonly layers: number;
  readonly rows: number;
  readonly capacity: number;
  readonly width: number;
  readonly heads: number;
}

/** Shape of a KV cache: [layers, keys and values, rows, capacity, width], the width such that each head takes a multiple of 4. */
export function cacheShape({ layers, rows, capacity, width, heads }: CacheExtent): number[] {
  return [layers, 2, rows, capacity, width + heads * headPadding(width, heads)];
}

/**
 * A KV cache (see {@link cacheShape}) with keys and values [B, T, H·d] of one layer written from slot position[b] (i32 [B]) on, in place where it is donated. A
 * cache of several rows for each of the B has them in the first.
 */
export function fillCache(
  cache: Tensor,
  { key, value }: { readonly key: Tensor; readonly value: Tensor },
  position: Tensor,
  { heads, layer }: { heads: number; layer: number },
): Tensor {
  const [layers, parts, rows, capacity, width] = cache.shape;
  const [batch] = key.shape;
  const parted = reshape(cache, [layers * parts * batch, (rows / batch) * capacity, width]);
  const filled = [key, value].reduce(
    (into, own, part) => updateRows(into, padHeads(own, heads), position, { first: (layer * parts + part) * batch }),
    parted,
  );
  return reshape(filled, cache.shape);
}

/**
 * Attention of one position q [B, 1, H·d] over the keys and values that a KV cache (see {@link cacheShape}) holds of a layer. The cache takes the position's own
 * key and value [B, 1, H·d] in: those of row b are written into slot bounds[b, 1] − 1 of its row b, in place where it is donated. bounds i32 [B, 2] tells first
 * slot and end of every row; a row whose bounds are empty or end past the capacity writes nothing. With `source` i32 [B, capacity], key j of row b lies in
 * row source[b, j] (beams that share a prefix), but for the last. Scale 1/√d. Result [B, 1, H·d], and the cache.
 */
export function appendAttention(
  q: Tensor,
  key: Tensor,
  value: Tensor,
  cache: Tensor,
  bounds: Tensor,
  { heads, layer, source }: { heads: number; layer: number; source?: Tensor },
): { out: Tensor; cache: Tensor } {
  const width = q.shape[q.rank - 1];
  const positions = [q, key, value].map((x) => padHeads(x, heads));
  const attributes = { heads, layer, scale: 1 / Math.sqrt(width / heads) };
  const operands = [...positions, cache, bounds, ...(source ? [source] : [])];
  const [out, written] = apply(appendAttentionOp, operands, attributes);
  return { out: unpadHeads(out, heads, width), cache: written };
}
