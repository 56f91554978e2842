/**
 * Matrix product C[M, N] = A·B for software adapters, where barriers and scattered loads are the cost: everything in
 * registers. `registers`: a thread holds R rows × 4 columns. `subgroup`: besides, the lanes of a subgroup of 4 or 8 load
 * one row of A each and hand them round by broadcast, so that A costs a fraction of the loads. No workgroup memory.
 *
 * A is [M, K], or [K, M] when transposed; B is [K, N], or [N, K] when transposed. All are row-major, with a batch stride (0 shares a
 * matrix between batches). Four products of K are done at a time.
 */
import { constantParameters, type Epilogue, epilogueBuffers, finishFunction } from './expression.ts';
import {
  type Buffer,
  type ElementType,
  type Grid,
  type KernelSource,
  kernelSource,
  type Parameter,
  range,
  type SubgroupLanes,
  u32,
  unroll,
} from './source.ts';

export interface MatmulOptions {
  transposeA: boolean;
  transposeB: boolean;
  aType: ElementType;
  bType: ElementType;
  outType: ElementType;
  /** A and B can be read four elements at a time along their rows. */
  vectorA: boolean;
  vectorB: boolean;
  /** N, outStride and outColumn are multiples of 4. */
  vectorOut: boolean;
  epilogue?: Epilogue;
}

/** Sizes of one product, in elements. `bOffset` is where B begins in its buffer, for products with some of its rows. */
export function matmulParameters({ epilogue }: MatmulOptions): Parameter[] {
  return [
    ...u32('M', 'N', 'K', 'aBatch', 'bBatch', 'bOffset', 'outStride', 'outColumn'),
    ...constantParameters(epilogue?.expression),
  ];
}

export function matmulBuffers(options: MatmulOptions) {
  return [
    { name: 'a', type: options.aType, vector: options.vectorA },
    { name: 'b', type: options.bType, vector: options.vectorB },
    ...epilogueBuffers(options.epilogue, options.vectorOut),
    { name: 'out', type: options.outType, vector: options.vectorOut, write: true },
  ];
}

/** `operand(batch, i, k)`: elements k … k+3 of row i as the product sees it, zero past K. */
function alongK(name: 'a' | 'b', transposed: boolean, vector: boolean, extent: 'M' | 'N'): string {
  const acrossRows = name === 'a' ? transposed : !transposed;
  const body = acrossRows
    ? unroll(4, (j) => `if (k + ${j}u < p.K) { v[${j}] = element_${name}(base + (k + ${j}u) * p.${extent} + i); }`)
    : unroll(4, (j) => `if (k + ${j}u < p.K) { v[${j}] = element_${name}(base + i * p.K + k + ${j}u); }`);
  const base = `let base = ${name === 'b' ? 'p.bOffset + ' : ''}batch * p.${name}Batch;`;
  const direct = !acrossRows && vector;
  return `fn ${name}_along_k(batch: u32, i: u32, k: u32) -> vec4<f32> {\n${base}\n${
    direct ? `return load_${name}((base + i * p.K + k) / 4u);` : `var v = vec4<f32>();\n${body}\nreturn v;`
  }\n}`;
}

/** Single elements, whatever the buffer's declared width. */
function elementFunction(name: 'a' | 'b', vector: boolean): string {
  return `fn element_${name}(i: u32) -> f32 { return ${vector ? `load_${name}(i / 4u)[i & 3u]` : `load_${name}(i)`}; }`;
}

/** `b_along_n(batch, k, n)`: elements n … n+3 of row k of an untransposed B; zero past K. */
function alongN(vector: boolean): string {
  const wide = 'return load_b((base + k * p.N + n) / 4u);';
  const narrow = `var v = vec4<f32>();\n${unroll(4, (j) => `if (n + ${j}u < p.N) { v[${j}] = element_b(base + k * p.N + n + ${j}u); }`)}\nreturn v;`;
  return `fn b_along_n(batch: u32, k: u32, n: u32) -> vec4<f32> {\nif (k >= p.K) { return vec4<f32>(); }\nlet base = p.bOffset + batch * p.bBatch;\n${vector ? wide : narrow}\n}`;
}

export function operandFunctions(options: MatmulOptions): string[] {
  return [
    elementFunction('a', options.vectorA),
    elementFunction('b', options.vectorB),
    alongK('a', options.transposeA, options.vectorA, 'M'),
    options.transposeB ? alongK('b', true, options.vectorB, 'N') : alongN(options.vectorB),
  ];
}

/** `a_along_k` alone, for an untransposed A whose rows are multiples of 4. */
export function rowsOfA(): string {
  return alongK('a', false, true, 'M');
}

/** What a kernel reads B through: another way of storing it brings its own `b_along_k`, buffers and parameters. */
export interface MatmulOperands {
  /** For the kernel's name. */
  readonly name: string;
  readonly parameters: Parameter[];
  readonly buffers: Buffer[];
  readonly functions: string[];
}

export function plainOperands(options: MatmulOptions): MatmulOperands {
  return {
    name: `${options.transposeA ? 'T' : 'N'}${options.transposeB ? 'T' : 'N'}`,
    parameters: matmulParameters(options),
    buffers: matmulBuffers(options),
    functions: operandFunctions(options),
  };
}

/** Stores four columns of a row, one by one where they may reach past N. */
export function storeFour(row: string, column: string, value: string, vector: boolean): string {
  if (vector) return `finish(batch, ${row}, ${column}, ${value});`;
  return unroll(4, (j) => `if (${column} + ${j}u < p.N) { finish(batch, ${row}, ${column} + ${j}u, ${value}[${j}]); }`);
}

export interface RegisterMatmul extends MatmulOptions {
  /** Rows a thread computes; with subgroups, as many of them as there are lanes cost one load a lane. */
  rows: number;
  /** Columns of a workgroup / 4. */
  lanes: number;
  /** Where not 0, the lanes of a subgroup load rows of A for each other. */
  subgroup: SubgroupLanes;
}

export function registerMatmulGrid(
  M: number,
  N: number,
  batch: number,
  { rows, lanes }: { rows: number; lanes: number },
): Grid {
  return [Math.ceil(N / (4 * lanes)), Math.ceil(M / rows), batch];
}

export function registerMatmulKernel(options: RegisterMatmul): KernelSource {
  const { rows, lanes, subgroup, transposeB } = options;
  const loadA = subgroup
    ? unroll(
        Math.ceil(rows / subgroup),
        (part) => `let aLane${part} = a_along_k(batch, min(row + ${part * subgroup}u + subgroupLane, p.M - 1u), k);`,
      )
    : unroll(rows, (r) => `let a${r} = a_along_k(batch, min(row + ${r}u, p.M - 1u), k);`);
  const rowOfA = subgroup
    ? unroll(rows, (r) => `let a${r} = subgroupBroadcast(aLane${Math.floor(r / subgroup)}, ${r % subgroup}u);`)
    : '';
  const loadB = transposeB
    ? unroll(4, (j) => `let b${j} = b_along_k(batch, min(column + ${j}u, p.N - 1u), k);`)
    : unroll(4, (j) => `let b${j} = b_along_n(batch, k + ${j}u, columnSafe);`);
  const multiply = unroll(rows, (r) =>
    transposeB
      ? `acc${r} += vec4<f32>(${range(4)
          .map((j) => `dot(a${r}, b${j})`)
          .join(', ')});`
      : unroll(4, (j) => `acc${r} = fma(vec4<f32>(a${r}[${j}]), b${j}, acc${r});`),
  );
  return kernelSource({
    name: `matmul ${options.transposeA ? 'T' : 'N'}${transposeB ? 'T' : 'N'} ${subgroup ? 'subgroup' : 'registers'}`,
    enables: subgroup ? ['subgroups'] : [],
    parameters: matmulParameters(options),
    buffers: matmulBuffers(options),
    declarations: [...operandFunctions(options), finishFunction(options.epilogue, options.vectorOut)],
    workgroupSize: [lanes],
    usesSubgroupLane: subgroup > 0,
    body: [
      'let batch = workgroup.z;',
      `let row = workgroup.y * ${rows}u;`,
      `let column = (workgroup.x * ${lanes}u + lane) * 4u;`,
      // lanes past the last column go on with a harmless column, since a broadcast needs all of them
      transposeB ? '' : `let columnSafe = select(column, 0u, column >= p.N);`,
      unroll(rows, (r) => `var acc${r} = vec4<f32>();`),
      'for (var k = 0u; k < p.K; k += 4u) {',
      loadA,
      rowOfA,
      loadB,
      multiply,
      '}',
      'if (column >= p.N) { return; }',
      unroll(
        rows,
        (r) => `if (row + ${r}u < p.M) {\n${storeFour(`row + ${r}u`, 'column', `acc${r}`, options.vectorOut)}\n}`,
      ),
    ].join('\n'),
  });
}
