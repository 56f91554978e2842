/**
 * Skinny products for GPUs, M ≤ 8 rows against a transposed B ([N, K], the layout of linear weights): a workgroup of 64 threads
 * computes 4 columns; every thread walks K in steps of 256 elements and keeps rows × 4 sums, which a tree in workgroup memory
 * (64 vec4s = 1 KiB) adds up, one row at a time.
 */
import { finishFunction } from './expression.ts';
import { type MatmulOptions, matmulBuffers, matmulParameters, operandFunctions, storeFour } from './matmul.ts';
import { type Grid, type KernelSource, kernelSource, range, unroll } from './source.ts';

/** Threads of a workgroup. */
export const matvecThreads = 64;

/** Where the threads put their sums. */
export const partialSums = `var<workgroup> partial: array<vec4<f32>, ${matvecThreads}>;`;

export function matvecGrid(N: number, batch: number): Grid {
  return [Math.ceil(N / 4), 1, batch];
}

/** WGSL that adds `acc0`, `acc1`, … of all threads up and stores them as columns `column` … of rows 0, 1, … */
export function sumOverThreads(rows: number, vectorOut: boolean): string {
  const reduce = [
    `for (var half = ${matvecThreads / 2}u; half > 0u; half /= 2u) {`,
    'workgroupBarrier();',
    'if (lane < half) { partial[lane] += partial[lane + half]; }',
    '}',
    'workgroupBarrier();',
  ].join('\n');
  return unroll(
    rows,
    (r) =>
      `partial[lane] = acc${r};\n${reduce}\nif (lane == 0u && ${r}u < p.M) {\nlet total = partial[0];\n${storeFour(`${r}u`, 'column', 'total', vectorOut)}\n}\nworkgroupBarrier();`,
  );
}

export function matvecKernel(options: MatmulOptions & { rows: number }): KernelSource {
  const { rows } = options;
  const sums = `vec4<f32>(${range(4)
    .map((j) => `dot(x, b${j})`)
    .join(', ')})`;
  return kernelSource({
    name: `matvec ${rows} rows`,
    parameters: matmulParameters(options),
    buffers: matmulBuffers(options),
    declarations: [...operandFunctions(options), finishFunction(options.epilogue, options.vectorOut), partialSums],
    workgroupSize: [matvecThreads],
    body: [
      'let batch = workgroup.z;',
      'let column = workgroup.x * 4u;',
      unroll(rows, (r) => `var acc${r} = vec4<f32>();`),
      `for (var k = lane * 4u; k < p.K; k += ${matvecThreads * 4}u) {`,
      unroll(4, (j) => `let b${j} = b_along_k(batch, min(column + ${j}u, p.N - 1u), k);`),
      unroll(rows, (r) => `{ let x = a_along_k(batch, min(${r}u, p.M - 1u), k); acc${r} += ${sums}; }`),
      '}',
      sumOverThreads(rows, options.vectorOut),
    ].join('\n'),
  });
}
