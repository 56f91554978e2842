/**
 * Skinny products for GPUs, M ≤ 8 rows against a quantised B [N, K] (see `quantized.ts`): a team of threads computes 4 columns, as in `matvec.ts`; a thread takes one word of each column at a time, or with `wide` four, which are 32 elements of int4 or 16 of int8 under one scale.
 */
import { finishFunction } from './expression.ts';
import { rowsOfA } from './matmul.ts';
import { matvecParts, sumOverTeam, workgroupTeam } from './matvec.ts';
import {
  perWord,
  type QuantizedBits,
  type QuantizedMatmulOptions,
  quantizedMatmulBuffers,
  quantizedMatmulParameters,
  unpackFunction,
} from './quantized.ts';
import { type KernelSource, kernelSource, unroll } from './source.ts';

/** Whether four words at a time can be read: rows begin at a multiple of four, and no scale ends within. */
export function isWide(bits: QuantizedBits, K: number, group: number): boolean {
  return K % (4 * perWord(bits)) === 0 && group % (4 * perWord(bits)) === 0;
}

export function quantizedMatvecKernel(options: QuantizedMatmulOptions & { rows: number; wide: boolean }): KernelSource {
  const { bits, rows, wide, vectorOut, epilogue } = options;
  const { start, declarations, ...parts } = matvecParts(workgroupTeam);
  const words = wide ? 4 : 1;
  const each = perWord(bits);
  const dots = `vec4<f32>(${unroll(4, (j) => `dot(x, b${j})`, ', ')})`;
  const word = (j: number) => (wide ? `words${j}[i]` : `words${j}`);
  const quads = unroll(each / 4, (quad) =>
    [
      '{',
      unroll(4, (j) => `let b${j} = unpack_four(${word(j)}, ${quad * 4}u) * scale${j};`),
      unroll(
        rows,
        (r) => `{ let x = a_along_k(0u, min(${r}u, p.M - 1u), k + i * ${each}u + ${quad * 4}u); acc${r} += ${dots}; }`,
      ),
      '}',
    ].join('\n'),
  );
  return kernelSource({
    name: `matvec int${bits} ${rows} rows`,
    parameters: quantizedMatmulParameters(options),
    buffers: quantizedMatmulBuffers(options, { wide }),
    declarations: [rowsOfA(), unpackFunction(bits), finishFunction(epilogue, vectorOut), ...declarations],
    ...parts,
    body: [
      ...start,
      `let steps = p.K / ${words * each}u;`,
      'let groups = p.K / p.group;',
      unroll(4, (j) => `let column${j} = min(column + ${j}u, p.N - 1u);`),
      unroll(rows, (r) => `var acc${r} = vec4<f32>();`),
      `for (var at = along; at < steps; at += ${workgroupTeam.lanes}u) {`,
      `let k = at * ${words * each}u;`,
      unroll(4, (j) => `let words${j} = load_words((p.wordsRow + column${j}) * steps + at);`),
      unroll(4, (j) => `let scale${j} = load_scales((p.scalesRow + column${j}) * groups + k / p.group);`),
      `for (var i = 0u; i < ${words}u; i++) {`,
      quads,
      '}',
      '}',
      sumOverTeam(workgroupTeam, rows, vectorOut),
    ].join('\n'),
  });
}
