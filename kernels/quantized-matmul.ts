/**
 * C[M, N] = A·Bᵀ for a quantised B [N, K] (see `quantized.ts`) on software adapters, in registers as in `matmul.ts`: a thread holds R rows × 4
 * columns and goes through K in steps of 8. It reads each word once and unpacks the same element of its four columns at a time. `subgroup`:
 * each of 4 or 8 lanes loads one or two of the 8 elements of every row of A, and broadcasts hand them round. No workgroup memory.
 */
import { finishFunction } from './expression.ts';
import { storeFour } from './matmul.ts';
import {
  perWord,
  type QuantizedMatmulOptions,
  quantizedMatmulBuffers,
  quantizedMatmulParameters,
} from './quantized.ts';
import { type KernelSource, kernelSource, type SubgroupLanes, unroll } from './source.ts';

/** Elements of K in one step: the elements of a word of int4. */
const step = 8;

export interface RegisterQuantizedMatmul extends QuantizedMatmulOptions {
  /** Rows a thread computes. */
  rows: number;
  /** Columns of a workgroup / 4. */
  lanes: number;
  /** Where not 0, the lanes of a subgroup load elements of A for each other. */
  subgroup: SubgroupLanes;
}

export function registerQuantizedKernel(options: RegisterQuantizedMatmul): KernelSource {
  const { bits, rows, lanes, subgroup, vectorOut, epilogue } = options;
  const each = perWord(bits);
  const four = (value: (j: number) => string) => unroll(4, value, ', ');
  const rowOfA = (r: number) => `min(row + ${r}u, p.M - 1u) * p.K + k`;
  const loadA = unroll(rows, (r) =>
    subgroup
      ? unroll(
          step / subgroup,
          (part) => `let own${r}_${part} = load_a(${rowOfA(r)} + ${part * subgroup}u + subgroupLane);`,
        )
      : unroll(step / 4, (part) => `let a${r}_${part} = load_a((${rowOfA(r)}) / 4u + ${part}u);`),
  );
  const elementOfA = (r: number, i: number) =>
    subgroup ? `subgroupBroadcast(own${r}_${Math.floor(i / subgroup)}, ${i % subgroup}u)` : `a${r}_${i >> 2}[${i & 3}]`;
  const multiply = unroll(step, (i) => {
    const stored = `(words${Math.floor(i / each)} >> vec4<u32>(${(i % each) * bits}u)) & vec4<u32>(${2 ** bits - 1}u)`;
    return [
      // by way of i32, which software adapters convert faster than u32
      `let b${i} = fma(vec4<f32>(vec4<i32>(${stored})), scale, least);`,
      unroll(rows, (r) => `acc${r} = fma(vec4<f32>(${elementOfA(r, i)}), b${i}, acc${r});`),
    ].join('\n');
  });
  return kernelSource({
    name: `matmul int${bits} ${subgroup ? 'subgroup' : 'registers'}`,
    enables: subgroup ? ['subgroups'] : [],
    parameters: quantizedMatmulParameters(options),
    buffers: quantizedMatmulBuffers(options, { vectorA: subgroup === 0 }),
    declarations: [finishFunction(epilogue, vectorOut)],
    workgroupSize: [lanes],
    usesSubgroupLane: subgroup > 0,
    body: [
      'let batch = workgroup.z;',
      `let row = workgroup.y * ${rows}u;`,
      `let column = (workgroup.x * ${lanes}u + lane) * 4u;`,
      'let groups = p.K / p.group;',
      // lanes past the last column go on with it, since a broadcast needs all of them
      unroll(4, (j) => `let column${j} = min(column + ${j}u, p.N - 1u);`),
      unroll(4, (j) => `let word${j} = (p.wordsRow + column${j}) * (p.K / ${each}u);`),
      unroll(4, (j) => `let scale${j} = (p.scalesRow + column${j}) * groups;`),
      unroll(rows, (r) => `var acc${r} = vec4<f32>();`),
      'for (var group = 0u; group < groups; group++) {',
      `let scale = vec4<f32>(${four((j) => `load_scales(scale${j} + group)`)});`,
      `let least = scale * -${2 ** (bits - 1)}.0;`,
      'let end = (group + 1u) * p.group;',
      `for (var k = group * p.group; k < end; k += ${step}u) {`,
      loadA,
      unroll(
        step / each,
        (w) => `let words${w} = vec4<u32>(${four((j) => `load_words(word${j} + k / ${each}u + ${w}u)`)});`,
      ),
      multiply,
      '}',
      '}',
      'if (column >= p.N) { return; }',
      unroll(rows, (r) => `if (row + ${r}u < p.M) {\n${storeFour(`row + ${r}u`, 'column', `acc${r}`, vectorOut)}\n}`),
    ].join('\n'),
  });
}
