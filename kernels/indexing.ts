/**
 * Kernels that address rows by numbers that are themselves data: gather, writing rows into a cache, padding, top-k, and the ban on
 * repeated n-grams. One thread per element or row part; no workgroup memory.
 */
import {
  type ElementType,
  type Grid,
  type KernelSource,
  kernelSource,
  linearGrid,
  linearWorkgroup,
  lowest,
  range,
  u32,
} from './source.ts';

const workgroup = 64;

export function elementsGrid(count: number): Grid {
  return linearGrid(Math.ceil(count / workgroup));
}

/**
 * out[r] = table[ids[r]] for rows of `columns` elements. The table may be one shard of a taller one: rows outside
 * firstRow … firstRow + tableRows − 1 are left alone, another dispatch writes them. Parameters: count (of vec4s or elements), columns,
 * firstRow, tableRows.
 */
export function gatherKernel({ type, vector }: { type: ElementType; vector: boolean }): KernelSource {
  const raw = type !== 'f16';
  return kernelSource({
    name: 'gather',
    parameters: u32('count', 'columns', 'firstRow', 'tableRows'),
    buffers: [
      { name: 'table', type, vector, raw },
      { name: 'ids', type: 'i32' },
      { name: 'out', type: type === 'f16' ? 'f32' : type, vector, write: true, raw },
    ],
    workgroupSize: [workgroup],
    body: [
      `let i = ${linearWorkgroup} * ${workgroup}u + lane;`,
      'if (i >= p.count) { return; }',
      'let row = i / p.columns;',
      // an id below firstRow wraps to a huge number and is out of this shard too
      'let local_row = u32(ids[row]) - p.firstRow;',
      'if (local_row >= p.tableRows) { return; }',
      'let at = local_row * p.columns + i % p.columns;',
      'store_out(i, load_table(at));',
    ].join('\n'),
  });
}

/**
 * Writes rows [batch, count, width] into a cache [batch, capacity, width] from slot position[b] on, in place. Elements are moved as
 * 32-bit words. Parameters: count (words in all), rowWords (count·width), cacheWords (capacity·width), width.
 */
export function updateRowsKernel(): KernelSource {
  return kernelSource({
    name: 'update rows',
    parameters: u32('count', 'rowWords', 'cacheWords', 'width', 'first'),
    buffers: [
      { name: 'rows', type: 'u32' },
      { name: 'position', type: 'i32' },
      { name: 'cache', type: 'u32', write: true },
    ],
    workgroupSize: [workgroup],
    body: [
      `let i = ${linearWorkgroup} * ${workgroup}u + lane;`,
      'if (i >= p.count) { return; }',
      'let batch = i / p.rowWords;',
      'let at = i % p.rowWords + u32(position[batch]) * p.width;',
      // a position past the capacity writes nothing rather than into the next batch row
      'if (at < p.cacheWords) { cache[(p.first + batch) * p.cacheWords + at] = rows[i]; }',
    ].join('\n'),
  });
}

/** Embeds [outer, extent, inner] in zeros [outer, padded, inner], starting at slot `before`. Parameters: count (of out), extent, padded, inner, before. */
export function padKernel({ type }: { type: ElementType }): KernelSource {
  return kernelSource({
    name: 'pad',
    parameters: u32('count', 'extent', 'padded', 'inner', 'before'),
    buffers: [
      { name: 'x', type },
      { name: 'out', type: 'f32', write: true },
    ],
    workgroupSize: [workgroup],
    body: [
      `let i = ${linearWorkgroup} * ${workgroup}u + lane;`,
      'if (i >= p.count) { return; }',
      'let slot = (i / p.inner) % p.padded - p.before;',
      'let outer = i / (p.inner * p.padded);',
      'var value = 0.0;',
      'if (slot < p.extent) { value = load_x((outer * p.extent + slot) * p.inner + i % p.inner); }',
      'store_out(i, value);',
    ].join('\n'),
  });
}

/** Threads that scan one row in the first pass of top-k. */
export const topKThreads = 64;

/**
 * Inserts (v, at) into the thread's list of the best `k`, largest first; of equal values the lower index wins. A place without an index is empty: anything comes
 * before it, −∞ and NaN too.
 */
function insertFunction(k: number): string[] {
  return [
    `var<private> values: array<f32, ${k}>;`,
    `var<private> indices: array<u32, ${k}>;`,
    'fn before(v: f32, at: u32, w: f32, other: u32) -> bool {',
    'return at != 0xffffffffu && (other == 0xffffffffu || v > w || (v == w && at < other));',
    '}',
    'fn insert(v: f32, at: u32) {',
    `if (!before(v, at, values[${k - 1}], indices[${k - 1}])) { return; }`,
    `var slot = ${k - 1}u;`,
    'while (slot > 0u && before(v, at, values[slot - 1u], indices[slot - 1u])) {',
    'values[slot] = values[slot - 1u];',
    'indices[slot] = indices[slot - 1u];',
    'slot--;',
    '}',
    'values[slot] = v;',
    'indices[slot] = at;',
    '}',
  ];
}

const clearList = (k: number) =>
  `for (var i = 0u; i < ${k}u; i++) { values[i] = ${lowest} * 1.1; indices[i] = 0xffffffffu; }`;

/** First pass: each of {@link topKThreads} threads keeps the best k of every 64th element. Parameters: rows, columns. */
export function topKPartialKernel({ k, type }: { k: number; type: ElementType }): KernelSource {
  return kernelSource({
    name: `topk ${k} partial`,
    parameters: u32('rows', 'columns'),
    buffers: [
      { name: 'x', type },
      { name: 'bestValues', type: 'f32', write: true },
      { name: 'bestIndices', type: 'u32', write: true },
    ],
    declarations: insertFunction(k),
    workgroupSize: [topKThreads],
    body: [
      `let row = ${linearWorkgroup};`,
      'if (row >= p.rows) { return; }',
      clearList(k),
      `for (var c = lane; c < p.columns; c += ${topKThreads}u) { insert(load_x(row * p.columns + c), c); }`,
      `let to = (row * ${topKThreads}u + lane) * ${k}u;`,
      `for (var i = 0u; i < ${k}u; i++) { bestValues[to + i] = values[i]; bestIndices[to + i] = indices[i]; }`,
    ].join('\n'),
  });
}

/** Second pass: one thread a row merges the lists. What is not a number has place −1. Parameters: rows. */
export function topKMergeKernel({ k }: { k: number }): KernelSource {
  return kernelSource({
    name: `topk ${k} merge`,
    parameters: u32('rows'),
    buffers: [
      { name: 'bestValues', type: 'f32' },
      { name: 'bestIndices', type: 'u32' },
      { name: 'out', type: 'f32', write: true },
      { name: 'index', type: 'i32', write: true },
    ],
    declarations: insertFunction(k),
    workgroupSize: [workgroup],
    body: [
      `let row = ${linearWorkgroup} * ${workgroup}u + lane;`,
      'if (row >= p.rows) { return; }',
      clearList(k),
      `for (var c = 0u; c < ${topKThreads * k}u; c++) { let at = row * ${topKThreads * k}u + c; insert(bestValues[at], bestIndices[at]); }`,
      `for (var i = 0u; i < ${k}u; i++) {
out[row * ${k}u + i] = values[i];
let isNumber = (bitcast<u32>(values[i]) & 0x7fffffffu) <= 0x7f800000u;
index[row * ${k}u + i] = select(-1, i32(indices[i]), isNumber);
}`,
    ].join('\n'),
  });
}

/**
 * Bans, in place, every token that would complete an n-gram already present: with history h of row b in slots start ≤ i < end, token
 * h[i+n−1] gets the lowest value wherever h[i … i+n−2] equals the last n−1 tokens. One thread per (row, i). Parameters: count, capacity,
 * columns (vocabulary).
 */
export function banRepeatedKernel({ n, newest }: { n: number; newest: boolean }): KernelSource {
  return kernelSource({
    name: `ban repeated ${n}-grams`,
    parameters: u32('count', 'capacity', 'columns'),
    buffers: [
      { name: 'history', type: 'i32' },
      { name: 'bounds', type: 'i32' },
      ...(newest ? [{ name: 'newest', type: 'i32' } as const] : []),
      { name: 'logits', type: 'f32', write: true },
    ],
    workgroupSize: [workgroup],
    body: [
      `let i = ${linearWorkgroup} * ${workgroup}u + lane;`,
      'if (i >= p.count) { return; }',
      'let batch = i / p.capacity;',
      'let at = i % p.capacity;',
      'let start = u32(bounds[batch * 2u]);',
      'let end = u32(bounds[batch * 2u + 1u]);',
      `if (at < start || at + ${n}u > end) { return; }`,
      'let base = batch * p.capacity;',
      `let last = ${newest ? 'newest[batch]' : 'history[base + end - 1u]'};`,
      ...range(n - 1).map((k) => {
        const tail = k === n - 2 ? 'last' : `history[base + end - ${n - 1 - k}u]`;
        return `if (history[base + at + ${k}u] != ${tail}) { return; }`;
      }),
      `let token = select(history[base + at + ${n - 1}u], last, at + ${n}u == end);`,
      `logits[batch * p.columns + u32(token)] = ${lowest};`,
    ].join('\n'),
  });
}
