/**
 * LayerNorm, backward: dx row by row, which also leaves mean and 1/√(variance + ε) of every row; then the gradients of weight and bias, column by
 * column over chunks of rows, whose partial sums a reduction adds up. No atomics.
 */
import { type RowOptions, rowFrame, rowLoopText, rowSum, threads } from './rows.ts';
import { type Grid, type KernelSource, kernelSource, linearGrid, linearWorkgroup, u32 } from './source.ts';

/** dx = s·(g·w − mean(g·w) − x̂·mean(g·w·x̂)), s = 1/√(variance + ε). Parameters: rows, columns (in vec4s if vector), width, epsilon. */
export function layerNormInputGradientKernel({ vector, cooperative }: Omit<RowOptions, 'type'>): KernelSource {
  const frame = rowFrame(cooperative);
  const rowLoop = { vector, frame };
  return kernelSource({
    name: `layernorm dx ${cooperative ? 'workgroup' : 'thread'}`,
    parameters: [...u32('rows', 'columns', 'width'), { name: 'epsilon', type: 'f32' }],
    buffers: [
      { name: 'x', type: 'f32', vector },
      { name: 'weight', type: 'f32', vector },
      { name: 'g', type: 'f32', vector },
      { name: 'out', type: 'f32', vector, write: true },
      { name: 'stats', type: 'f32', write: true },
    ],
    declarations: frame.declarations,
    workgroupSize: [threads],
    body: [
      ...frame.prologue,
      'let base = row * p.columns;',
      'let count = f32(p.width);',
      rowSum(rowLoop, 'total', 'load_x(base + c)'),
      'let mean = total / count;',
      rowSum(rowLoop, 'squares', '(load_x(base + c) - mean) * (load_x(base + c) - mean)'),
      'let scale = 1.0 / sqrt(squares / count + p.epsilon);',
      rowSum(rowLoop, 'inner', 'load_g(base + c) * load_weight(c)'),
      rowSum(rowLoop, 'along', 'load_g(base + c) * load_weight(c) * (load_x(base + c) - mean)'),
      'let shift = inner / count;',
      'let slope = along * scale * scale / count;',
      rowLoopText(
        rowLoop,
        'store_out(base + c, scale * (load_g(base + c) * load_weight(c) - shift - (load_x(base + c) - mean) * slope));',
      ),
      // all threads of a row write the same two numbers
      'store_stats(2u * row, mean);',
      'store_stats(2u * row + 1u, scale);',
    ].join('\n'),
  });
}

export function layerNormWeightGradientGrid(units: number): Grid {
  return linearGrid(Math.ceil(units / threads));
}

/** Partial sums over chunks of rows: Σ g·x̂ and Σ g, each [parts, width]. Parameters: units (parts · columns), columns (in vec4s if vector), rows, chunk. */
export function layerNormWeightGradientKernel({ vector }: { vector: boolean }): KernelSource {
  const V = vector ? 'vec4<f32>' : 'f32';
  return kernelSource({
    name: 'layernorm dw',
    parameters: u32('units', 'columns', 'rows', 'chunk'),
    buffers: [
      { name: 'x', type: 'f32', vector },
      { name: 'g', type: 'f32', vector },
      { name: 'stats', type: 'f32' },
      { name: 'dw', type: 'f32', vector, write: true },
      { name: 'db', type: 'f32', vector, write: true },
    ],
    workgroupSize: [threads],
    body: [
      `let i = ${linearWorkgroup} * ${threads}u + lane;`,
      'if (i >= p.units) { return; }',
      'let column = i % p.columns;',
      'let start = (i / p.columns) * p.chunk;',
      `var ofWeight = ${V}();`,
      `var ofBias = ${V}();`,
      'for (var row = start; row < min(start + p.chunk, p.rows); row++) {',
      'let at = row * p.columns + column;',
      'let g = load_g(at);',
      'ofWeight += g * (load_x(at) - load_stats(2u * row)) * load_stats(2u * row + 1u);',
      'ofBias += g;',
      '}',
      'store_dw(i, ofWeight);',
      'store_db(i, ofBias);',
    ].join('\n'),
  });
}
