/** Ops whose places are data: gather, rows of a cache, top-k, and the ban on repeated n-grams. */
import {
  banRepeatedKernel,
  elementsGrid,
  gatherKernel,
  topKMergeKernel,
  topKPartialKernel,
  topKThreads,
  updateRowsKernel,
} from '../../kernels/indexing.ts';
import { linearGrid } from '../../kernels/source.ts';
import { apply, applyOne } from '../apply.ts';
import { OpError } from '../errors.ts';
import { attribute, type OpDefinition } from '../op.ts';
import { formatShape, sizeOf } from '../shape.ts';
import type { Tensor } from '../tensor.ts';
import { embeddingGradient } from './embedding-gradient.ts';
import { expectDType, expectIntegers, expectRank, expectShape, onlyShard } from './support.ts';

export const gatherOp: OpDefinition = {
  name: 'gather',
  summary: 'rows of a table [rows, width] by i32 ids; the table may be row-sharded',
  infer: ([table, ids]) => {
    expectRank('gather', 'table', table, 2);
    expectDType('gather', 'ids', ids, 'i32');
    return [{ shape: [...ids.shape, table.shape[1]], dtype: table.dtype === 'f16' ? 'f32' : table.dtype }];
  },
  vjp: ({ inputs: [table, ids], cotangents: [g] }) => [g && embeddingGradient(g, ids, table.shape[0]), null],
  lowering: {
    kind: 'kernel',
    lower: (context) => {
      const [table, ids] = context.inputs;
      const width = table.shape[1];
      const vector = width % 4 === 0;
      const columns = vector ? width / 4 : width;
      const count = sizeOf(ids.shape) * columns;
      const idsMemory = context.input(1);
      const out = context.output(0);
      for (const { memory, firstRow, rows } of context.shards(0)) {
        context.dispatch({
          source: gatherKernel({ type: table.dtype, vector }),
          parameters: { count, columns, firstRow, tableRows: rows },
          operands: [memory, idsMemory, out],
          grid: elementsGrid(count),
        });
      }
    },
  },
};

/** Rows `ids` (i32, any shape) of `table` [rows, width]: [...ids, width]. Ids outside the table leave their rows undefined: check them on the host. */
export function gather(table: Tensor, ids: Tensor): Tensor {
  return applyOne(gatherOp, [table, ids]);
}

export const updateRowsOp: OpDefinition = {
  name: 'updateRows',
  summary:
    'writes rows [B, T, width] into a cache [≥ B, capacity, width] from slot position[b] on; in place where the cache is donated',
  infer: ([cache, rows, position], attributes) => {
    expectRank('updateRows', 'cache', cache, 3);
    expectRank('updateRows', 'rows', rows, 3);
    const [all, capacity, width] = cache.shape;
    const [batch] = rows.shape;
    const first = attribute<number>(attributes, 'first');
    if (!(Number.isInteger(first) && first >= 0 && first + batch <= all))
      throw new OpError('updateRows', `${batch} batch rows from ${first} on are not within the ${all} of the cache`);
    expectShape('updateRows', 'rows', rows, [batch, rows.shape[1], width]);
    expectIntegers('updateRows', 'position', position, [batch]);
    if (rows.shape[1] > capacity)
      throw new OpError('updateRows', `${rows.shape[1]} rows do not fit into the capacity of ${capacity}`);
    if (cache.dtype !== rows.dtype || cache.dtype === 'f16') {
      throw new OpError(
        'updateRows',
        `cache (${cache.dtype}) and rows (${rows.dtype}) must have the same 32-bit dtype`,
      );
    }
    return [cache];
  },
  vjp: { none: 'it is for generation only' },
  lowering: {
    kind: 'kernel',
    lower: (context) => {
      const [cache, rows] = context.inputs;
      const [, capacity, width] = cache.shape;
      const rowsMemory = context.input(1);
      const position = context.input(2);
      const count = sizeOf(rows.shape);
      context.dispatch({
        source: updateRowsKernel(),
        parameters: {
          count,
          rowWords: rows.shape[1] * width,
          cacheWords: capacity * width,
          width,
          first: attribute<number>(context.attributes, 'first'),
        },
        operands: [rowsMemory, position, onlyShard('updateRows', 'the cache', context.inPlace(0, 0)).memory],
        grid: elementsGrid(count),
      });
    },
  },
};

/**
 * `cache` [all, capacity, width] with `rows` [B, T, width] written from slot position[b] (i32 [B]) on, into its batch rows `first` … `first` + B − 1; what would lie
 * past the capacity is dropped.
 */
export function updateRows(cache: Tensor, rows: Tensor, position: Tensor, { first = 0 } = {}): Tensor {
  return applyOne(updateRowsOp, [cache, rows, position], { first });
}

/** Lists of at most this length fit into a thread's private memory. */
const maxTopK = 64;

export const topKOp: OpDefinition = {
  name: 'topK',
  summary: 'the k largest of every row and their places, largest first; of equal values the first wins',
  infer: ([x], attributes) => {
    const k = attribute<number>(attributes, 'k');
    expectRank('topK', 'x', x, 2);
    if (!Number.isInteger(k) || k < 1 || k > Math.min(maxTopK, x.shape[1])) {
      throw new OpError(
        'topK',
        `k = ${k} must lie between 1 and ${Math.min(maxTopK, x.shape[1])} for ${formatShape(x.shape)}`,
      );
    }
    return [
      { shape: [x.shape[0], k], dtype: 'f32' },
      { shape: [x.shape[0], k], dtype: 'i32' },
    ];
  },
  vjp: { none: 'places are no differentiable values' },
  lowering: {
    kind: 'kernel',
    lower: (context) => {
      const k = attribute<number>(context.attributes, 'k');
      const [x] = context.inputs;
      const [rows, columns] = x.shape;
      const values = context.scratch(rows * topKThreads * k * 4);
      const indices = context.scratch(rows * topKThreads * k * 4);
      context.dispatch({
        source: topKPartialKernel({ k, type: x.dtype }),
        parameters: { rows, columns },
        operands: [context.input(0), values, indices],
        grid: linearGrid(rows),
      });
      context.dispatch({
        source: topKMergeKernel({ k }),
        parameters: { rows },
        operands: [values, indices, context.output(0), context.output(1)],
        grid: elementsGrid(rows),
      });
    },
  },
};

/** The k largest values of every row of x [R, N] and their columns (i32), both [R, k], largest first; a value that is no number has column −1. k ≤ 64. */
export function topK(x: Tensor, k: number): { values: Tensor; indices: Tensor } {
  const [values, indices] = apply(topKOp, [x], { k });
  return { values, indices };
}

/** The column of the largest value of every row of x [R, N]: i32 [R]. The first of equal ones; −1 in a row of NaN. */
export function argmax(x: Tensor): Tensor {
  return topK(x, 1).indices.reshape([x.shape[0]]);
}

/** What banned logits become: finite, so that sums with it stay ordered. */
export const bannedLogit = -3.0e38;

export const banRepeatedOp: OpDefinition = {
  name: 'banRepeated',
  summary: 'logits with every token banned that would repeat an n-gram of the history',
  infer: ([logits, history, bounds, newest], attributes) => {
    const n = attribute<number>(attributes, 'n');
    expectRank('banRepeated', 'logits', logits, 2);
    expectRank('banRepeated', 'history', history, 2);
    expectDType('banRepeated', 'logits', logits, 'f32');
    expectIntegers('banRepeated', 'history', history, [logits.shape[0], history.shape[1]]);
    expectIntegers('banRepeated', 'bounds', bounds, [logits.shape[0], 2]);
    if (newest) expectIntegers('banRepeated', 'newest', newest, [logits.shape[0]]);
    if (!Number.isInteger(n) || n < 1) throw new OpError('banRepeated', `n-grams of ${n} tokens make no sense`);
    return [logits];
  },
  vjp: { none: 'it is for generation only' },
  lowering: {
    kind: 'kernel',
    lower: (context) => {
      const n = attribute<number>(context.attributes, 'n');
      const [logits, history, , newest] = context.inputs;
      const count = sizeOf(history.shape);
      const operands = [context.input(1), context.input(2), ...(newest ? [context.input(3)] : [])];
      context.dispatch({
        source: banRepeatedKernel({ n, newest: newest !== undefined }),
        parameters: { count, capacity: history.shape[1], columns: logits.shape[1] },
        operands: [...operands, onlyShard('banRepeated', 'the tensor of logits', context.inPlace(0, 0)).memory],
        grid: elementsGrid(count),
      });
    },
  },
};

/**
 * Logits [B, V] where every token is banned that would complete an n-gram already in slots bounds[b] of history (i32 [B, capacity]). With `newest` (i32 [B]) that
 * is the token of the last of these slots, whatever the history has there.
 */
export function banRepeated(logits: Tensor, history: Tensor, bounds: Tensor, n: number, newest?: Tensor): Tensor {
  return applyOne(banRepeatedOp, [logits, history, bounds, ...(newest ? [newest] : [])], { n });
}
