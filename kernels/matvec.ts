/**
 * Skinny products, M ≤ 8 rows against a transposed B ([N, K], the layout of linear weights): a team of threads computes 4 columns; they walk K
 * together, each with four elements at a time, and keep rows × 4 sums, which are added up at the end.
 *
 * - GPUs: a workgroup of 64 threads is one team; a tree in workgroup memory (64 vec4s = 1 KiB) adds up, one row at a time.
 * - Software adapters with subgroups of 8: four teams of 8 threads in a workgroup. Loads are the cost there, and a team reads 4 rows of B from
 *   front to end, where 8 threads with columns of their own would read 32 rows at once.
 */
import { finishFunction } from './expression.ts';
import { type MatmulOptions, matmulBuffers, matmulParameters, operandFunctions, storeFour } from './matmul.ts';
import { type Grid, type KernelSource, kernelSource, range, unroll } from './source.ts';

/** How the threads of a workgroup share its columns. */
export interface MatvecTeams {
  /** Threads that share four columns. */
  readonly lanes: number;
  /** Teams of a workgroup. */
  readonly count: number;
  /** A team is a subgroup. */
  readonly subgroup: boolean;
}

export const workgroupTeam: MatvecTeams = { lanes: 64, count: 1, subgroup: false };
export const subgroupTeams: MatvecTeams = { lanes: 8, count: 4, subgroup: true };

export function matvecGrid(N: number, batch: number, { count }: MatvecTeams): Grid {
  return [Math.ceil(N / (4 * count)), 1, batch];
}

/** What a kernel with teams is made of; its body sees `along`, the thread's place in the team, and the team's first `column`. */
export function matvecParts({ lanes, count, subgroup }: MatvecTeams) {
  return {
    enables: subgroup ? ['subgroups'] : [],
    workgroupSize: [lanes * count],
    usesSubgroupLane: subgroup,
    declarations: subgroup ? [] : [`var<workgroup> partial: array<vec4<f32>, ${lanes * count}>;`],
    start: [
      'let batch = workgroup.z;',
      subgroup ? 'let along = subgroupLane;' : 'let along = lane;',
      `let column = ${subgroup ? `(workgroup.x * ${count}u + lane / ${lanes}u)` : 'workgroup.x'} * 4u;`,
    ],
  };
}

/** WGSL that adds `acc0`, `acc1`, … of a team up and stores them as columns `column` … of rows 0, 1, … */
export function sumOverTeam({ lanes, subgroup }: MatvecTeams, rows: number, vectorOut: boolean): string {
  const reduce = [
    `for (var half = ${lanes / 2}u; half > 0u; half /= 2u) {`,
    'workgroupBarrier();',
    'if (lane < half) { partial[lane] += partial[lane + half]; }',
    '}',
    'workgroupBarrier();',
  ].join('\n');
  const total = (r: number) =>
    subgroup
      ? `let total${r} = subgroupAdd(acc${r});`
      : `partial[lane] = acc${r};\n${reduce}\nlet total${r} = partial[0];\nworkgroupBarrier();`;
  const store = (r: number) =>
    `if (along == 0u && column < p.N && ${r}u < p.M) {\n${storeFour(`${r}u`, 'column', `total${r}`, vectorOut)}\n}`;
  return unroll(rows, (r) => `${total(r)}\n${store(r)}`);
}

export function matvecKernel(options: MatmulOptions & { rows: number; teams: MatvecTeams }): KernelSource {
  const { rows, teams } = options;
  const { start, declarations, ...parts } = matvecParts(teams);
  const sums = `vec4<f32>(${range(4)
    .map((j) => `dot(x, b${j})`)
    .join(', ')})`;
  return kernelSource({
    name: `matvec ${rows} rows`,
    parameters: matmulParameters(options),
    buffers: matmulBuffers(options),
    declarations: [...operandFunctions(options), finishFunction(options.epilogue, options.vectorOut), ...declarations],
    ...parts,
    body: [
      ...start,
      unroll(rows, (r) => `var acc${r} = vec4<f32>();`),
      `for (var k = along * 4u; k < p.K; k += ${teams.lanes * 4}u) {`,
      unroll(4, (j) => `let b${j} = b_along_k(batch, min(column + ${j}u, p.N - 1u), k);`),
      unroll(rows, (r) => `{ let x = a_along_k(batch, min(${r}u, p.M - 1u), k); acc${r} += ${sums}; }`),
      '}',
      sumOverTeam(teams, rows, options.vectorOut),
    ].join('\n'),
  });
}
