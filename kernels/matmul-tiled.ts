/**
 * Matrix product for GPUs: 16×16 threads compute a 64×64 tile of C, 4×4 values each in registers; tiles of A and B, 16 deep in
 * K, pass through workgroup memory (2 × 16 × 64 f32 = 8 KiB), loaded wide and stored as scalars with K outermost.
 */
import { finishFunction } from './expression.ts';
import { type MatmulOperands, type MatmulOptions, plainOperands, storeFour } from './matmul.ts';
import { type Grid, type KernelSource, kernelSource, unroll } from './source.ts';

const tile = 64;
const depth = 16;

export function tiledMatmulGrid(M: number, N: number, batch: number): Grid {
  return [Math.ceil(N / tile), Math.ceil(M / tile), batch];
}

export type TiledMatmulOptions = Pick<MatmulOptions, 'transposeB' | 'vectorOut' | 'epilogue'>;

export function tiledMatmulKernel(options: MatmulOptions): KernelSource {
  return tiledKernel(options, plainOperands(options));
}

/** The same with operands that are read in another way. */
export function tiledKernel(options: TiledMatmulOptions, operands: MatmulOperands): KernelSource {
  const storeAlongK = (name: string, value: string) =>
    unroll(4, (j) => `tile_${name}[(loadColumn * 4u + ${j}u) * ${tile}u + loadRow] = ${value}[${j}];`);
  // past K the tiles hold zeros
  const inside = 'k + loadColumn * 4u < p.K';
  const loadA = `var aValue = vec4<f32>();\nif (${inside}) { aValue = a_along_k(batch, min(rowStart + loadRow, p.M - 1u), k + loadColumn * 4u); }\n${storeAlongK('a', 'aValue')}`;
  const loadB = options.transposeB
    ? `var bValue = vec4<f32>();\nif (${inside}) { bValue = b_along_k(batch, min(columnStart + loadRow, p.N - 1u), k + loadColumn * 4u); }\n${storeAlongK('b', 'bValue')}`
    : [
        'let bColumn = columnStart + local.x * 4u;',
        'let bValue = b_along_n(batch, k + local.y, select(bColumn, 0u, bColumn >= p.N));',
        unroll(4, (j) => `tile_b[local.y * ${tile}u + local.x * 4u + ${j}u] = bValue[${j}];`),
      ].join('\n');
  return kernelSource({
    name: `matmul ${operands.name} tiled`,
    parameters: operands.parameters,
    buffers: operands.buffers,
    declarations: [
      ...operands.functions,
      finishFunction(options.epilogue, options.vectorOut),
      `var<workgroup> tile_a: array<f32, ${tile * depth}>;`,
      `var<workgroup> tile_b: array<f32, ${tile * depth}>;`,
    ],
    workgroupSize: [16, 16],
    body: [
      'let batch = workgroup.z;',
      `let rowStart = workgroup.y * ${tile}u;`,
      `let columnStart = workgroup.x * ${tile}u;`,
      'let loadRow = lane / 4u;',
      'let loadColumn = lane % 4u;',
      unroll(4, (r) => `var acc${r} = vec4<f32>();`),
      `for (var k = 0u; k < p.K; k += ${depth}u) {`,
      loadA,
      loadB,
      'workgroupBarrier();',
      `for (var kk = 0u; kk < ${depth}u; kk++) {`,
      `let at = kk * ${tile}u;`,
      `let bRow = vec4<f32>(${unroll(4, (j) => `tile_b[at + local.x * 4u + ${j}u]`, ', ')});`,
      unroll(4, (r) => `acc${r} = fma(vec4<f32>(tile_a[at + local.y * 4u + ${r}u]), bRow, acc${r});`),
      '}',
      'workgroupBarrier();',
      '}',
      'let row = rowStart + local.y * 4u;',
      'let column = columnStart + local.x * 4u;',
      'if (column >= p.N) { return; }',
      unroll(
        4,
        (r) => `if (row + ${r}u < p.M) {\n${storeFour(`row + ${r}u`, 'column', `acc${r}`, options.vectorOut)}\n}`,
      ),
    ].join('\n'),
  });
}
