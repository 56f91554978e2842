/**
 * Reduces the middle axis of [outer, length, inner] by sum, sum of squares or maximum, in parts: part c of an output takes `chunk` places of the axis,
 * and a second run over the parts finishes. Every sum has one owner and one order, so two runs give the same bits.
 *
 * - `columns` (inner a multiple of 4): a thread owns four neighbouring outputs and walks down; reads coalesce.
 * - `row` (inner 1): a thread, or on a GPU a workgroup of 64 with a tree in workgroup memory, walks along, four at a time where rows are aligned.
 * - `scattered`: any inner; a thread owns one output.
 */
import { rowFrame, threads } from './rows.ts';
import { type ElementType, type Grid, type KernelSource, kernelSource, linearGrid, u32 } from './source.ts';

export type Reduction = 'sum' | 'squares' | 'max';
export type ReduceWalk = 'columns' | 'row' | 'scattered';

export interface ReduceOptions {
  type: ElementType;
  reduction: Reduction;
  walk: ReduceWalk;
  /** `row` only: length and chunk are multiples of 4. */
  vector: boolean;
  /** `row` only: a workgroup shares an output. */
  cooperative: boolean;
}

/** Units (threads or workgroups) are one for each part of each output, or of four outputs in the `columns` walk. */
export function reduceGrid(units: number, cooperative: boolean): Grid {
  return linearGrid(cooperative ? units : Math.ceil(units / threads));
}

/**
 * Parameters: rows (units), inner (in vec4s for `columns`), parts, length and chunk (in vec4s if `vector`). Unit u is output position u % inner of part
 * (u / inner) % parts; results lie as [outer, parts, inner].
 */
export function reduceKernel({ type, reduction, walk, vector, cooperative }: ReduceOptions): KernelSource {
  const frame = rowFrame(cooperative);
  const wide = walk === 'columns' || vector;
  const V = wide ? 'vec4<f32>' : 'f32';
  const merge = (a: string, b: string) => (reduction === 'max' ? `max(${a}, ${b})` : `${a} + ${b}`);
  const value = reduction === 'squares' ? 'v * v' : 'v';
  // several running sums: less rounding than one long chain
  const lanes = walk === 'row' && vector ? 1 : 4;
  const part = (i: number) => `part${i}`;
  const names = Array.from({ length: lanes }, (_, i) => part(i));
  const step = (i: number) =>
    `if (c + ${i}u * ${frame.step} < end) { let v = load_x(base + (c + ${i}u * ${frame.step}) * p.inner); ${part(i)} = ${merge(part(i), value)}; }`;
  const horizontal = (name: string) =>
    `${merge(merge(`${name}.x`, `${name}.y`), reduction === 'max' ? `max(${name}.z, ${name}.w)` : `(${name}.z + ${name}.w)`)}`;
  const joined = lanes === 1 ? names[0] : merge(`(${merge(names[0], names[1])})`, `(${merge(names[2], names[3])})`);
  const isRow = walk === 'row';
  return kernelSource({
    name: `reduce ${reduction} ${walk}${vector ? ' vec4' : ''}${cooperative ? ' workgroup' : ''}`,
    parameters: u32('rows', 'inner', 'parts', 'length', 'chunk'),
    buffers: [
      { name: 'x', type, vector: wide },
      { name: 'out', type: 'f32', vector: walk === 'columns', write: true },
    ],
    declarations: frame.declarations,
    workgroupSize: [threads],
    body: [
      ...frame.prologue,
      'let inside = row % p.inner;',
      'let piece = (row / p.inner) % p.parts;',
      'let outer = row / (p.inner * p.parts);',
      'let base = outer * p.length * p.inner + inside;',
      'let start = piece * p.chunk;',
      'let end = min(start + p.chunk, p.length);',
      // a maximum begins with a value of the row, for all of them may be −∞
      ...names.map((name) => `var ${name} = ${reduction === 'max' ? 'load_x(base + start * p.inner)' : `${V}()`};`),
      `for (var c = start + ${frame.first}; c < end; c += ${lanes}u * ${frame.step}) {`,
      ...names.map((_, i) => step(i)),
      '}',
      `let joined = ${joined};`,
      isRow && vector ? `let flat = ${horizontal('joined')};` : 'let flat = joined;',
      isRow ? `store_out(row, ${frame.join('flat', reduction === 'max' ? 'max' : '+')});` : 'store_out(row, flat);',
    ].join('\n'),
  });
}
