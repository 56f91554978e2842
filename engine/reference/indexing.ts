/** Gathering and updating rows, the largest values, and bans of n-grams, in float64. */
import { attribute } from '../op.ts';
import { bannedLogit, banRepeatedOp, gatherOp, topKOp, updateRowsOp } from '../ops/indexing.ts';
import type { OpReference } from './op-reference.ts';
import { input, integers, rowsOf, zerosLike } from './support.ts';

export const gatherReference: OpReference = {
  op: gatherOp,
  values: ([table, ids], _, [{ shape }]) => {
    const out = zerosLike(shape);
    const width = table.shape[1];
    for (const [i, id] of ids.data.entries()) out.set(table.data.subarray(id * width, (id + 1) * width), i * width);
    return [out];
  },
  cases: [
    { inputs: [input([6, 8]), integers([2, 3], [5, 0, 1, 1, 3, 2])] },
    { inputs: [input([4, 5]), integers([3], [2, 3, 0])] },
    { inputs: [{ ...input([10, 8]), shardBytes: 128 }, integers([5], [9, 0, 4, 3, 7])] },
    { inputs: [{ shape: [3, 2], values: [1, 2, 3, 4, 5, 6], dtype: 'i32' }, integers([2], [2, 0])] },
  ],
};

export const updateRowsReference: OpReference = {
  op: updateRowsOp,
  values: ([cache, rows, position], attributes) => {
    const [, capacity, width] = cache.shape;
    const [batch] = rows.shape;
    const first = attribute<number>(attributes, 'first');
    const out = cache.data.slice();
    const count = rows.shape[1] * width;
    for (let b = 0; b < batch; b++) {
      const room = (capacity - position.data[b]) * width;
      out.set(
        rows.data.subarray(b * count, b * count + Math.min(count, room)),
        ((first + b) * capacity + position.data[b]) * width,
      );
    }
    return [out];
  },
  cases: [
    { inputs: [input([2, 5, 4]), input([2, 2, 4]), integers([2], [1, 3])], attributes: { first: 0 } },
    { inputs: [input([5, 5, 4]), input([2, 2, 4]), integers([2], [1, 3])], attributes: { first: 2 } },
    {
      inputs: [integers([1, 4, 1], [9, 8, 7, 6]), integers([1, 1, 1], [5]), integers([1], [2])],
      attributes: { first: 0 },
    },
    { inputs: [input([1, 4, 3]), input([1, 2, 3]), integers([1], [3])], attributes: { first: 0 } },
  ],
};

export const topKReference: OpReference = {
  op: topKOp,
  values: ([x], attributes) => {
    const k = attribute<number>(attributes, 'k');
    const best = rowsOf(x, x.shape[1]).map((row) =>
      [...row.entries()].sort((a, b) => b[1] - a[1] || a[0] - b[0]).slice(0, k),
    );
    return [Float64Array.from(best.flat(), ([, value]) => value), Float64Array.from(best.flat(), ([at]) => at)];
  },
  cases: [
    { inputs: [input([2, 100])], attributes: { k: 1 } },
    { inputs: [input([3, 300])], attributes: { k: 5 } },
    { inputs: [{ shape: [1, 8], values: [1, 3, 3, 2, 0, 3, 1, 2] }], attributes: { k: 8 } },
  ],
};

export const banRepeatedReference: OpReference = {
  op: banRepeatedOp,
  values: ([logits, history, bounds, newest], attributes) => {
    const n = attribute<number>(attributes, 'n');
    const [rows, columns] = logits.shape;
    const capacity = history.shape[1];
    const out = logits.data.slice();
    for (let b = 0; b < rows; b++) {
      const tokens = [
        ...history.data.subarray(b * capacity + bounds.data[b * 2], b * capacity + bounds.data[b * 2 + 1]),
      ];
      if (newest) tokens[tokens.length - 1] = newest.data[b];
      const tail = tokens.slice(tokens.length - n + 1).join();
      for (let i = 0; i + n <= tokens.length; i++) {
        if (tokens.slice(i, i + n - 1).join() === tail) out[b * columns + tokens[i + n - 1]] = bannedLogit;
      }
    }
    return [out];
  },
  cases: [
    {
      inputs: [input([1, 6]), integers([1, 8], [1, 2, 3, 1, 2, 0, 0, 0]), integers([1, 2], [0, 5])],
      attributes: { n: 3 },
    },
    {
      inputs: [
        input([2, 5]),
        integers([2, 7], [0, 4, 1, 4, 2, 4, 0, 3, 3, 3, 1, 0, 3, 3]),
        integers([2, 2], [1, 6, 0, 7]),
      ],
      attributes: { n: 2 },
    },
    { inputs: [input([1, 4]), integers([1, 3], [2, 1, 2]), integers([1, 2], [0, 2])], attributes: { n: 3 } },
    {
      inputs: [
        input([2, 6]),
        integers([2, 6], [1, 2, 3, 1, 0, 0, 0, 5, 3, 3, 0, 0]),
        integers([2, 2], [0, 5, 1, 5]),
        integers([2], [2, 3]),
      ],
      attributes: { n: 3 },
    },
  ],
};
