/**
 * Skinny products, M ≤ 8 rows against a transposed B ([N, K], the layout of linear weights): a team of threads computes 4 columns; they walk K
 * together, each with four elements at a time, and keep rows × 4 sums, which are added up at the end.
 *
 * - GPUs: a workgroup of 64 threads is one team; they add up in workgroup memory (64 vec4s = 1 KiB), one row at a time.
 * - Software adapters with subgroups of 8: four teams of 8 threads in a workgroup. Loads are the cost there, and a team reads 4 rows of B from
 *   front to end, where 8 threads with columns of their own would read 32 rows at once.
 */
import { finishFunction } from './expression.ts';
import { type MatmulOptions, matmulBuffers, matmulParameters, operandFunctions, storeFour } from './matmul.ts';
import {
  type Buffer,
  type ElementType,
  type Grid,
  type KernelSource,
  kernelSource,
  type Parameter,
  range,
  unroll,
} from './source.ts';

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

/** Rows up to which several products are one dispatch: three kernels for 8 rows in one take llvmpipe 93 s to compile, for one row 2 s. */
const siblingRows = 2;

/** What a kernel with teams for so many rows is made of; its body sees `along`, the thread's place in the team, and the team's first `column`. */
export function matvecParts({ lanes, count, subgroup }: MatvecTeams, rows: number) {
  return {
    enables: subgroup ? ['subgroups'] : [],
    workgroupSize: [lanes * count],
    usesSubgroupLane: subgroup,
    takesSiblings: rows <= siblingRows,
    declarations: subgroup ? [] : [`var<workgroup> partial: array<vec4<f32>, ${lanes * count}>;`],
    start: [
      'let batch = workgroup.z;',
      subgroup ? 'let along = subgroupLane;' : 'let along = lane;',
      `let column = ${subgroup ? `(workgroup.x * ${count}u + lane / ${lanes}u)` : 'workgroup.x'} * 4u;`,
    ],
  };
}

/** WGSL of `name`, the sum of a vec4 over the team; in workgroup memory by eighths first, which takes fewer barriers than a tree. */
function teamTotal({ lanes, subgroup }: MatvecTeams, name: string, value: string): string {
  if (subgroup) return `let ${name} = subgroupAdd(${value});`;
  const eighth = lanes / 8;
  return [
    `partial[lane] = ${value};`,
    'workgroupBarrier();',
    `if (lane < ${eighth}u) { partial[lane] = ${unroll(8, (i) => `partial[lane + ${i * eighth}u]`, ' + ')}; }`,
    'workgroupBarrier();',
    `let ${name} = ${unroll(eighth, (i) => `partial[${i}]`, ' + ')};`,
    'workgroupBarrier();',
  ].join('\n');
}

/** WGSL that adds `acc0`, `acc1`, … of a team up and stores them as columns `column` … of rows 0, 1, … */
export function sumOverTeam(teams: MatvecTeams, rows: number, vectorOut: boolean): string {
  const store = (r: number) =>
    `if (along == 0u && column < p.N && ${r}u < p.M) {\n${storeFour(`${r}u`, 'column', `total${r}`, vectorOut)}\n}`;
  return unroll(rows, (r) => `${teamTotal(teams, `total${r}`, `acc${r}`)}\n${store(r)}`);
}

/** A LayerNorm of the rows of A, computed by every team for itself; weight and bias [K] are of `type`, and K is a multiple of 4. */
export interface MatvecNorm {
  readonly type: ElementType;
}

/** Rows of A as a kernel with teams reads them: as they are, or normalised. */
export interface MatvecRows {
  readonly buffers: Buffer[];
  readonly parameters: Parameter[];
  /** WGSL before the walk along K. */
  readonly start: string[];
  /** WGSL for elements `k` … `k`+3, before any row is read there, and of row `r`. */
  at(k: string): string;
  row(r: number, k: string): string;
}

/**
 * The variance comes from a second pass over the row, as in `rows.ts`, and both passes look at differences to the row's first element, so that a large
 * mean takes no digits. Four rows share each sum over the team.
 */
export function matvecRows(norm: MatvecNorm | null, rows: number, teams: MatvecTeams): MatvecRows {
  const plain = (r: number, k: string) => `a_along_k(batch, min(${r}u, p.M - 1u), ${k})`;
  if (!norm) return { buffers: [], parameters: [], start: [], at: () => '', row: plain };
  const of = (name: string, r: number) => `${name}${r >> 2}[${r & 3}]`;
  const difference = (r: number, k: string) => `(${plain(r, k)} - pivot${r})`;
  const averages = (name: string, term: (r: number) => string) => {
    const parts = (i: number) =>
      range(4).map((j) => (4 * i + j < rows ? `dot(${name}Part${4 * i + j}, vec4<f32>(1.0))` : '0.0'));
    return [
      unroll(rows, (r) => `var ${name}Part${r} = vec4<f32>();`),
      `for (var k = along * 4u; k < p.K; k += ${teams.lanes * 4}u) {`,
      unroll(rows, (r) => `{ let d = ${difference(r, 'k')}; ${name}Part${r} += ${term(r)}; }`),
      '}',
      unroll(Math.ceil(rows / 4), (i) => teamTotal(teams, `${name}${i}`, `vec4<f32>(${parts(i)}) / f32(p.K)`)),
    ];
  };
  return {
    buffers: [
      { name: 'gain', type: norm.type, vector: true },
      { name: 'shift', type: norm.type, vector: true },
    ],
    parameters: [{ name: 'epsilon', type: 'f32' }],
    start: [
      unroll(rows, (r) => `let pivot${r} = ${plain(r, '0u')}[0];`),
      ...averages('means', () => 'd'),
      ...averages('variances', (r) => `(d - ${of('means', r)}) * (d - ${of('means', r)})`),
      unroll(rows, (r) => `let inverse${r} = 1.0 / sqrt(${of('variances', r)} + p.epsilon);`),
    ],
    at: (k) => `let gainHere = load_gain((${k}) / 4u);\nlet shiftHere = load_shift((${k}) / 4u);`,
    row: (r, k) => `(${difference(r, k)} - ${of('means', r)}) * inverse${r} * gainHere + shiftHere`,
  };
}

export interface MatvecOptions extends MatmulOptions {
  rows: number;
  teams: MatvecTeams;
  norm: MatvecNorm | null;
}

export function matvecKernel(options: MatvecOptions): KernelSource {
  const { rows, teams, norm } = options;
  const { start, declarations, ...parts } = matvecParts(teams, rows);
  const a = matvecRows(norm, rows, teams);
  const sums = `vec4<f32>(${range(4)
    .map((j) => `dot(x, b${j})`)
    .join(', ')})`;
  return kernelSource({
    name: `matvec ${rows} rows${norm ? ', normalised' : ''}`,
    parameters: [...matmulParameters(options), ...a.parameters],
    buffers: [...matmulBuffers(options), ...a.buffers],
    declarations: [...operandFunctions(options), finishFunction(options.epilogue, options.vectorOut), ...declarations],
    ...parts,
    body: [
      ...start,
      ...a.start,
      unroll(rows, (r) => `var acc${r} = vec4<f32>();`),
      `for (var k = along * 4u; k < p.K; k += ${teams.lanes * 4}u) {`,
      unroll(4, (j) => `let b${j} = b_along_k(batch, min(column + ${j}u, p.N - 1u), k);`),
      a.at('k'),
      unroll(rows, (r) => `{ let x = ${a.row(r, 'k')}; acc${r} += ${sums}; }`),
      '}',
      sumOverTeam(teams, rows, options.vectorOut),
    ].join('\n'),
  });
}
