/** Attention over a key-value cache in float64. */
import { attribute } from '../op.ts';
import { appendAttentionOp, type CacheShape, type DecodeAttributes, partStart } from '../ops/decode-attention.ts';
import { f32Of } from '../ops/support.ts';
import { attentionReference } from './attention.ts';
import type { OpReference, ReferenceArray } from './op-reference.ts';
import { input, integers } from './support.ts';

/** Keys or values with the rows that each batch row reads; `source` may be missing. */
function read(part: ReferenceArray, source?: ReferenceArray): ReferenceArray {
  if (!source) return part;
  const [, capacity, width] = part.shape;
  const rows = Array.from(source.data, (owner, at) => owner * capacity + (at % capacity));
  const data = Float64Array.from(rows.flatMap((row) => [...part.data.subarray(row * width, (row + 1) * width)]));
  return { shape: [...source.shape, width], data };
}

/** Keys or values with row b of `rows` [B, 1, width] in slot bounds[b, 1] − 1 of their row b, but for rows whose bounds are empty or end past the capacity. */
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

export const appendAttentionReference: OpReference = {
  op: appendAttentionOp,
  values: ([q, key, value, cache, bounds, source], attributes, [out]) => {
    const { layer, ...rest } = attributes as unknown as DecodeAttributes;
    const shape = cache.shape as unknown as CacheShape;
    const [, , rows, capacity, width] = shape;
    const after = cache.data.slice();
    const [keys, values] = [key, value].map((own, part) => {
      const start = partStart(shape, layer, part);
      const data = cache.data.subarray(start, start + rows * capacity * width);
      const written = appended({ shape: [rows, capacity, width], data }, own, bounds);
      after.set(written.data, start);
      return read(written, source);
    });
    const lse = f32Of([q.shape[0], attribute(attributes, 'heads'), 1]);
    const [result] = attentionReference.values([q, keys, values, bounds], { ...rest, causal: false }, [out, lse]);
    return [result, after];
  },
  cases: [
    {
      inputs: [
        ...[input([1, 1, 32]), input([1, 1, 32]), input([1, 1, 32])],
        ...[input([1, 2, 1, 40, 32]), integers([1, 2], [0, 37])],
      ],
      attributes: { heads: 2, scale: 0.25, layer: 0 },
    },
    {
      inputs: [
        ...[input([3, 1, 64]), input([3, 1, 64]), input([3, 1, 64])],
        ...[input([2, 2, 3, 90, 64]), integers([3, 2], [0, 1, 4, 90, 2, 71])],
      ],
      attributes: { heads: 1, scale: 0.125, layer: 1 },
    },
    {
      inputs: [
        ...[input([2, 1, 40]), input([2, 1, 40]), input([2, 1, 40])],
        ...[input([3, 2, 3, 6, 40]), integers([2, 2], [0, 5, 0, 5])],
        integers([2, 6], [0, 0, 2, 1, 0, 0, 0, 0, 1, 2, 1, 0]),
      ],
      attributes: { heads: 2, scale: 0.3, layer: 1 },
    },
    {
      inputs: [
        ...[input([2, 1, 128]), input([2, 1, 128]), input([2, 1, 128])],
        ...[input([1, 2, 2, 90, 128]), integers([2, 2], [3, 90, 4, 4])],
      ],
      attributes: { heads: 1, scale: 0.1, layer: 0 },
    },
    {
      inputs: [
        ...[input([2, 1, 24]), input([2, 1, 24]), input([2, 1, 24])],
        ...[input([2, 2, 2, 600, 24]), integers([2, 2], [5, 597, 250, 250])],
      ],
      attributes: { heads: 2, scale: 0.3, layer: 0 },
    },
  ],
};
