/**
 * Matrix product for GPUs: a workgroup computes a tile of C, each thread a few rows × columns of it in registers (see `tiles.ts`; by default 16×16 threads,
 * 64×64 values, 4×4 each). Tiles of A and B pass through workgroup memory (by default 16 deep: 2 × 16 × 64 f32 = 8 KiB), loaded wide and stored as scalars
 * with K outermost.
 */
import { finishFunction } from './expression.ts';
import { type MatmulOperands, type MatmulOptions, plainOperands, storeFour } from './matmul.ts';
import { type Grid, type KernelSource, kernelSource, unroll } from './source.ts';
import { defaultTile, type Tile, threadsOf } from './tiles.ts';

export function tiledMatmulGrid(M: number, N: number, batch: number, tile = defaultTile): Grid {
  return [Math.ceil(N / tile.columns), Math.ceil(M / tile.rows), batch];
}

export type TiledMatmulOptions = Pick<MatmulOptions, 'transposeB' | 'vectorOut' | 'epilogue'>;

export function tiledMatmulKernel(options: MatmulOptions, tile = defaultTile): KernelSource {
  return tiledKernel(options, plainOperands(options), tile);
}

/** Every thread takes part in filling `vectors` vec4s of workgroup memory; the body sees the index `at` of one. */
function fill(name: string, vectors: number, threads: number, body: string): string {
  const at = `let at = lane + ${name}Part * ${threads}u;`;
  const guarded = vectors % threads === 0 ? body : `if (at < ${vectors}u) {\n${body}\n}`;
  return `for (var ${name}Part = 0u; ${name}Part < ${Math.ceil(vectors / threads)}u; ${name}Part++) {\n${at}\n${guarded}\n}`;
}

/** The same with operands that are read in another way. */
export function tiledKernel(
  options: TiledMatmulOptions,
  operands: MatmulOperands,
  tile: Tile = defaultTile,
): KernelSource {
  const { rows, columns, depth, threadRows, threadColumns } = tile;
  const threads = threadsOf(tile);
  const vectors = threadColumns / 4;
  // past K the tiles hold zeros
  const alongK = (name: 'a' | 'b', extent: number, start: string, limit: string) =>
    fill(
      name,
      (extent * depth) / 4,
      threads,
      [
        `let own = at / ${depth / 4}u;`,
        `let along = (at % ${depth / 4}u) * 4u;`,
        'var value = vec4<f32>();',
        `if (k + along < p.K) { value = ${name}_along_k(batch, min(${start} + own, ${limit} - 1u), k + along); }`,
        unroll(4, (j) => `tile_${name}[(along + ${j}u) * ${extent}u + own] = value[${j}];`),
      ].join('\n'),
    );
  const bAlongN = fill(
    'b',
    (columns * depth) / 4,
    threads,
    [
      `let along = at / ${columns / 4}u;`,
      `let own = (at % ${columns / 4}u) * 4u;`,
      'let value = b_along_n(batch, k + along, select(columnStart + own, 0u, columnStart + own >= p.N));',
      unroll(4, (j) => `tile_b[along * ${columns}u + own + ${j}u] = value[${j}];`),
    ].join('\n'),
  );
  const bVector = (c: number) =>
    `let b${c} = vec4<f32>(${unroll(4, (j) => `tile_b[kk * ${columns}u + local.x * ${threadColumns}u + ${4 * c + j}u]`, ', ')});`;
  const multiply = (r: number) =>
    `{ let a = vec4<f32>(tile_a[kk * ${rows}u + local.y * ${threadRows}u + ${r}u]);\n${unroll(vectors, (c) => `acc${r}_${c} = fma(a, b${c}, acc${r}_${c});`)} }`;
  const store = (r: number, c: number) =>
    `if (column + ${4 * c}u < p.N) {\n${storeFour(`row + ${r}u`, `column + ${4 * c}u`, `acc${r}_${c}`, options.vectorOut)}\n}`;
  return kernelSource({
    name: `matmul ${operands.name} tiled`,
    parameters: operands.parameters,
    buffers: operands.buffers,
    declarations: [
      ...operands.functions,
      finishFunction(options.epilogue, options.vectorOut),
      `var<workgroup> tile_a: array<f32, ${rows * depth}>;`,
      `var<workgroup> tile_b: array<f32, ${columns * depth}>;`,
    ],
    workgroupSize: [columns / threadColumns, rows / threadRows],
    body: [
      'let batch = workgroup.z;',
      `let rowStart = workgroup.y * ${rows}u;`,
      `let columnStart = workgroup.x * ${columns}u;`,
      unroll(threadRows, (r) => unroll(vectors, (c) => `var acc${r}_${c} = vec4<f32>();`)),
      `for (var k = 0u; k < p.K; k += ${depth}u) {`,
      alongK('a', rows, 'rowStart', 'p.M'),
      options.transposeB ? alongK('b', columns, 'columnStart', 'p.N') : bAlongN,
      'workgroupBarrier();',
      `for (var kk = 0u; kk < ${depth}u; kk++) {`,
      unroll(vectors, bVector),
      unroll(threadRows, multiply),
      '}',
      'workgroupBarrier();',
      '}',
      `let row = rowStart + local.y * ${threadRows}u;`,
      `let column = columnStart + local.x * ${threadColumns}u;`,
      unroll(threadRows, (r) => `if (row + ${r}u < p.M) {\n${unroll(vectors, (c) => store(r, c))}\n}`),
    ].join('\n'),
  });
}
