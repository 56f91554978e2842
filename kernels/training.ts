/**
 * Kernels of the backward pass and the optimiser that are no matrix product: the gradient of an embedding table, cross-entropy over parts
 * of the vocabulary, AdamW. No atomics: every sum has one owner and one order, so two runs give the same bits.
 */
import { rowFrame, threads } from './rows.ts';
import { type KernelSource, kernelSource, linearWorkgroup, lowest, u32 } from './source.ts';

const elementIndex = [`let i = ${linearWorkgroup} * ${threads}u + lane;`, 'if (i >= p.count) { return; }'];

/** Sets a buffer to zero. Parameters: count (of vec4s). */
export function zeroKernel(): KernelSource {
  return kernelSource({
    name: 'zero',
    parameters: u32('count'),
    buffers: [{ name: 'out', type: 'f32', vector: true, write: true }],
    workgroupSize: [threads],
    body: [...elementIndex, 'store_out(i, vec4<f32>());'].join('\n'),
  });
}

/** The highest bit marks a token that is not the first of its id. */
const notFirst = '0x80000000u';

/**
 * Links equal ids: link[i] is the next place with the id of place i (or count), marked unless i is the first of its id. The sorted segments
 * of an embedding gradient, without a sort: count² comparisons at worst, spread over count threads. Parameters: count.
 */
export function linkEqualKernel(): KernelSource {
  return kernelSource({
    name: 'link equal ids',
    parameters: u32('count'),
    buffers: [
      { name: 'ids', type: 'i32' },
      { name: 'out', type: 'u32', write: true },
    ],
    workgroupSize: [threads],
    body: [
      ...elementIndex,
      'let id = ids[i];',
      'var next = i + 1u;',
      'while (next < p.count && ids[next] != id) { next++; }',
      'var before = 0u;',
      'while (before < i && ids[before] != id) { before++; }',
      `out[i] = next | select(${notFirst}, 0u, before == i);`,
    ].join('\n'),
  });
}

/**
 * Adds up the rows of g along each chain of equal ids, into row `id` of the table's gradient, of which `out` holds rows firstRow … firstRow + rows − 1.
 * Parameters: count (tokens · columns), columns, tokens, firstRow, rows.
 */
export function sumLinkedKernel(): KernelSource {
  return kernelSource({
    name: 'sum rows of equal ids',
    parameters: u32('count', 'columns', 'tokens', 'firstRow', 'rows'),
    buffers: [
      { name: 'g', type: 'f32' },
      { name: 'ids', type: 'i32' },
      { name: 'link', type: 'u32' },
      { name: 'out', type: 'f32', write: true },
    ],
    workgroupSize: [threads],
    body: [
      ...elementIndex,
      'let token = i / p.columns;',
      'let column = i % p.columns;',
      // rows before the window wrap round to large numbers
      'let row = u32(ids[token]) - p.firstRow;',
      `if ((link[token] & ${notFirst}) != 0u || row >= p.rows) { return; }`,
      'var sum = 0.0;',
      `for (var at = token; at < p.tokens; at = link[at] & ~${notFirst}) { sum += load_g(at * p.columns + column); }`,
      'store_out(row * p.columns + column, sum);',
    ].join('\n'),
  });
}

/**
 * Takes one part of the logits, columns firstColumn … firstColumn + columns − 1, into the running state of every row: maximum, Σ exp(x −
 * maximum), and the label's logit. The first part starts the state. Parameters: rows, columns, firstColumn.
 */
export function crossEntropyPartKernel({ cooperative, first }: { cooperative: boolean; first: boolean }): KernelSource {
  const frame = rowFrame(cooperative);
  const loop = (body: string) => `for (var c = ${frame.first}; c < p.columns; c += ${frame.step}) { ${body} }`;
  return kernelSource({
    name: `cross-entropy ${first ? 'first ' : ''}part ${cooperative ? 'workgroup' : 'thread'}`,
    parameters: u32('rows', 'columns', 'firstColumn'),
    buffers: [
      { name: 'x', type: 'f32' },
      { name: 'labels', type: 'i32' },
      { name: 'state', type: 'f32', vector: true, write: true },
    ],
    declarations: frame.declarations,
    workgroupSize: [threads],
    body: [
      ...frame.prologue,
      'let base = row * p.columns;',
      `var ownLargest = ${lowest};`,
      loop('ownLargest = max(ownLargest, load_x(base + c));'),
      `let largest = ${frame.join('ownLargest', 'max')};`,
      'var ownSum = 0.0;',
      loop('ownSum += exp(load_x(base + c) - largest);'),
      `let sum = ${frame.join('ownSum', '+')};`,
      // a label outside the vocabulary keeps the lowest logit: it is as good as impossible, and its loss says so
      first ? `let old = vec4<f32>(${lowest}, 0.0, ${lowest}, 0.0);` : 'let old = state[row];',
      'let m = max(old.x, largest);',
      'let label = u32(labels[row]) - p.firstColumn;',
      'var own = old.z;',
      'if (label < p.columns) { own = load_x(base + label); }',
      // the workgroups that a folded grid has too many redo the last row, which must not be counted twice
      ...(cooperative ? ['workgroupBarrier();', `if (lane != 0u || ${linearWorkgroup} >= p.rows) { return; }`] : []),
      'state[row] = vec4<f32>(m, old.y * exp(old.x - m) + sum * exp(largest - m), own, 0.0);',
    ].join('\n'),
  });
}

/** From the state to −log p(label), 0 where the label is negative, and log Σ exp. Parameters: count. */
export function crossEntropyFinishKernel(): KernelSource {
  return kernelSource({
    name: 'cross-entropy finish',
    parameters: u32('count'),
    buffers: [
      { name: 'state', type: 'f32', vector: true },
      { name: 'labels', type: 'i32' },
      { name: 'loss', type: 'f32', write: true },
      { name: 'lse', type: 'f32', write: true },
    ],
    workgroupSize: [threads],
    body: [
      ...elementIndex,
      'let own = state[i];',
      'let sum = own.x + log(own.y);',
      'store_loss(i, select(sum - own.z, 0.0, labels[i] < 0));',
      'store_lse(i, sum);',
    ].join('\n'),
  });
}

/** In place: logits become (softmax − one-hot)·g, 0 in rows without label. Parameters: rows, columns, firstColumn. */
export function crossEntropyGradientKernel({ cooperative }: { cooperative: boolean }): KernelSource {
  const frame = rowFrame(cooperative);
  return kernelSource({
    name: `cross-entropy gradient ${cooperative ? 'workgroup' : 'thread'}`,
    parameters: u32('rows', 'columns', 'firstColumn'),
    buffers: [
      { name: 'labels', type: 'i32' },
      { name: 'lse', type: 'f32' },
      { name: 'g', type: 'f32' },
      { name: 'x', type: 'f32', write: true },
    ],
    workgroupSize: [threads],
    body: [
      // in place, so the workgroups that a folded grid has too many must not take a row again
      cooperative ? `let row = ${linearWorkgroup};` : `let row = ${linearWorkgroup} * ${threads}u + lane;`,
      'if (row >= p.rows) { return; }',
      'let base = row * p.columns;',
      'let lse = load_lse(row);',
      'let g = load_g(row);',
      'let ignored = labels[row] < 0;',
      'let hit = u32(labels[row]) - p.firstColumn;',
      `for (var c = ${frame.first}; c < p.columns; c += ${frame.step}) {`,
      'let probability = exp(load_x(base + c) - lse);',
      'store_x(base + c, select((probability - select(0.0, 1.0, c == hit)) * g, 0.0, ignored));',
      '}',
    ].join('\n'),
  });
}

/**
 * AdamW (Loshchilov & Hutter, 2019, algorithm 2; ε after the bias correction, as PyTorch has it), in place, four elements a thread.
 * `settings` holds learning rate, β₁, β₂, ε, weight decay, 1 − β₁ᵗ, 1 − β₂ᵗ, and the factor on the gradient; where that is
 * negative nothing changes. Parameters: count (of vec4s).
 */
export function adamwKernel(): KernelSource {
  return kernelSource({
    name: 'adamw',
    parameters: u32('count'),
    buffers: [
      { name: 'g', type: 'f32', vector: true },
      { name: 'settings', type: 'f32' },
      { name: 'x', type: 'f32', vector: true, write: true },
      { name: 'first', type: 'f32', vector: true, write: true },
      { name: 'second', type: 'f32', vector: true, write: true },
    ],
    workgroupSize: [threads],
    body: [
      ...elementIndex,
      'if (settings[7] < 0.0) { return; }',
      'let gradient = load_g(i) * settings[7];',
      'let m = settings[1] * first[i] + (1.0 - settings[1]) * gradient;',
      'let v = settings[2] * second[i] + (1.0 - settings[2]) * gradient * gradient;',
      'let decayed = x[i] * (1.0 - settings[0] * settings[4]);',
      'x[i] = decayed - settings[0] * (m / settings[5]) / (sqrt(v / settings[6]) + settings[3]);',
      'first[i] = m;',
      'second[i] = v;',
    ].join('\n'),
  });
}
