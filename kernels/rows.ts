/**
 * Kernels that normalise or reduce rows. Each has two variants: on a GPU a workgroup of 64 threads shares a row and sums by a tree
 * in workgroup memory (64 f32 = 256 bytes); on a software adapter, where barriers are the cost, one thread walks the whole row.
 */
import {
  type ElementType,
  type Grid,
  type KernelSource,
  kernelSource,
  linearGrid,
  linearWorkgroup,
  lowest,
  u32,
} from './source.ts';

export const threads = 64;

export function rowsGrid(rows: number, cooperative: boolean): Grid {
  return linearGrid(cooperative ? rows : Math.ceil(rows / threads));
}

/** What a row kernel is written in terms of: which row, where a thread starts, how far it steps, and how partial results join. */
export interface RowFrame {
  prologue: string[];
  first: string;
  step: string;
  declarations: string[];
  /** WGSL that joins the threads' `value` by `+` or `max` into the same result for all of them. */
  join(value: string, by: '+' | 'max'): string;
}

export function rowFrame(cooperative: boolean): RowFrame {
  if (!cooperative) {
    return {
      prologue: [`let row = ${linearWorkgroup} * ${threads}u + lane;`, 'if (row >= p.rows) { return; }'],
      first: '0u',
      step: '1u',
      declarations: [],
      join: (value) => value,
    };
  }
  const tree = (name: string, merge: string) =>
    [
      `fn ${name}(lane: u32, value: f32) -> f32 {`,
      'workgroupBarrier();',
      'partial[lane] = value;',
      `for (var half = ${threads / 2}u; half > 0u; half /= 2u) {`,
      'workgroupBarrier();',
      `if (lane < half) { partial[lane] = ${merge}; }`,
      '}',
      'workgroupBarrier();',
      'return partial[0];',
      '}',
    ].join('\n');
  return {
    // the last workgroups of a folded grid redo the last row rather than leave: a barrier needs them all
    prologue: [`let row = min(${linearWorkgroup}, p.rows - 1u);`],
    first: 'lane',
    step: `${threads}u`,
    declarations: [
      `var<workgroup> partial: array<f32, ${threads}>;`,
      tree('join_sum', 'partial[lane] + partial[lane + half]'),
      tree('join_max', 'max(partial[lane], partial[lane + half])'),
    ],
    join: (value, by) => (by === '+' ? `join_sum(lane, ${value})` : `join_max(lane, ${value})`),
  };
}

export interface RowLoop {
  vector: boolean;
  frame: RowFrame;
}

/** The loop of a thread over its columns `c`. */
export function rowLoopText({ frame }: RowLoop, body: string): string {
  return `for (var c = ${frame.first}; c < p.columns; c += ${frame.step}) { ${body} }`;
}

/** Sum of a per-element value, four running sums wide where the row is read as vec4. */
export function rowSum({ vector, frame }: RowLoop, name: string, value: string): string {
  const V = vector ? 'vec4<f32>' : 'f32';
  const flat = vector ? `dot(${name}Parts, vec4<f32>(1.0))` : `${name}Parts`;
  return [
    `var ${name}Parts = ${V}();`,
    rowLoopText({ vector, frame }, `${name}Parts += ${value};`),
    `let ${name} = ${frame.join(flat, '+')};`,
  ].join('\n');
}

export interface RowOptions {
  type: ElementType;
  /** The columns are a multiple of 4; `columns` then counts vec4s. */
  vector: boolean;
  cooperative: boolean;
}

/**
 * LayerNorm over the last axis: (x − mean) / √(variance + ε) · weight + bias, the variance in a second pass over the row (one pass
 * loses digits where the mean is large). Parameters: rows, columns (in vec4s if vector), width (in elements), epsilon.
 */
export function layerNormKernel({
  type,
  vector,
  cooperative,
  parameterType,
}: RowOptions & { parameterType: ElementType }): KernelSource {
  const frame = rowFrame(cooperative);
  const rowLoop = { vector, frame };
  return kernelSource({
    name: `layernorm ${cooperative ? 'workgroup' : 'thread'}`,
    parameters: [...u32('rows', 'columns', 'width'), { name: 'epsilon', type: 'f32' }],
    buffers: [
      { name: 'x', type, vector },
      { name: 'weight', type: parameterType, vector },
      { name: 'bias', type: parameterType, vector },
      { name: 'out', type: 'f32', vector, write: true },
    ],
    declarations: frame.declarations,
    workgroupSize: [threads],
    body: [
      ...frame.prologue,
      'let base = row * p.columns;',
      rowSum(rowLoop, 'total', 'load_x(base + c)'),
      'let mean = total / f32(p.width);',
      rowSum(rowLoop, 'squares', '(load_x(base + c) - mean) * (load_x(base + c) - mean)'),
      'let scale = 1.0 / sqrt(squares / f32(p.width) + p.epsilon);',
      rowLoopText(rowLoop, 'store_out(base + c, (load_x(base + c) - mean) * scale * load_weight(c) + load_bias(c));'),
    ].join('\n'),
  });
}

/** x / max(‖x‖₂, ε) over the last axis. Parameters: rows, columns, epsilon. */
export function l2NormalizeKernel({ type, vector, cooperative }: RowOptions): KernelSource {
  const frame = rowFrame(cooperative);
  const rowLoop = { vector, frame };
  return kernelSource({
    name: `l2normalize ${cooperative ? 'workgroup' : 'thread'}`,
    parameters: [...u32('rows', 'columns'), { name: 'epsilon', type: 'f32' }],
    buffers: [
      { name: 'x', type, vector },
      { name: 'out', type: 'f32', vector, write: true },
    ],
    declarations: frame.declarations,
    workgroupSize: [threads],
    body: [
      ...frame.prologue,
      'let base = row * p.columns;',
      rowSum(rowLoop, 'squares', 'load_x(base + c) * load_x(base + c)'),
      'let scale = 1.0 / max(sqrt(squares), p.epsilon);',
      rowLoopText(rowLoop, 'store_out(base + c, load_x(base + c) * scale);'),
    ].join('\n'),
  });
}

function rowMaximum({ vector, frame }: RowLoop): string {
  const V = vector ? 'vec4<f32>' : 'f32';
  const flat = vector ? 'max(max(largest4.x, largest4.y), max(largest4.z, largest4.w))' : 'largest4';
  return [
    `var largest4 = ${V}(${lowest});`,
    rowLoopText({ vector, frame }, 'largest4 = max(largest4, load_x(base + c));'),
    `let largest = ${frame.join(flat, 'max')};`,
  ].join('\n');
}

/** Softmax over the last axis, or its logarithm. Parameters: rows, columns. */
export function softmaxKernel({ type, vector, cooperative, log }: RowOptions & { log: boolean }): KernelSource {
  const frame = rowFrame(cooperative);
  const rowLoop = { vector, frame };
  return kernelSource({
    name: `${log ? 'log' : ''}softmax ${cooperative ? 'workgroup' : 'thread'}`,
    parameters: u32('rows', 'columns'),
    buffers: [
      { name: 'x', type, vector },
      { name: 'out', type: 'f32', vector, write: true },
    ],
    declarations: frame.declarations,
    workgroupSize: [threads],
    body: [
      ...frame.prologue,
      'let base = row * p.columns;',
      rowMaximum(rowLoop),
      rowSum(rowLoop, 'total', 'exp(load_x(base + c) - largest)'),
      log ? 'let shift = log(total);' : 'let scale = 1.0 / total;',
      rowLoopText(
        rowLoop,
        `store_out(base + c, ${log ? 'load_x(base + c) - largest - shift' : 'exp(load_x(base + c) - largest) * scale'});`,
      ),
    ].join('\n'),
  });
}
