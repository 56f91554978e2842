/**
 * Skinny products for GPUs, M ≤ 8 rows against a quantised B [N, K] (see `quantized.ts`): a team of threads computes 4 columns, as in `matvec.ts`; a thread takes one word of each column at a time, or with `wide` four, which are 32 elements of int4 or 16 of int8 under one scale.
 */
import { finishFunction } from './expression.ts';
import { rowsOfA } from './matmul.ts';
import { type MatvecNorm, matvecParts, matvecRows, sumOverTeam, workgroupTeam } from './matvec.ts';
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

export function quantizedMatvecKernel(
  options: QuantizedMatmulOptions & { rows: number; wide: boolean; norm: MatvecNorm | null },
): KernelSource {
  const { bits, rows, wide, norm, vectorOut, epilogue } = options;
  const { start, declarations, ...parts } = matvecParts(workgroupTeam, rows);
  const a = matvecRows(norm, rows, workgroupTeam);
  const words = wide ? 4 : 1;
  const each = perWord(bits);
  const dots = `vec4<f32>(${unroll(4, (j) => `dot(x, b${j})`, ', ')})`;
  const word = (j: number) => (wide ? `words${j}[i]` : `words${j}`);
  const quads = unroll(each / 4, (quad) => {
    const at = `k + i * ${each}u + ${quad * 4}u`;
    return [
      '{',
      unroll(4, (j) => `let b${j} = unpack_four(${word(j)}, ${quad * 4}u) * scale${j};`),
      a.at(at),
      unroll(rows, (r) => `{ let x = ${a.row(r, at)}; acc${r} += ${dots}; }`),
      '}',
    ].join('\n');
  });
  return kernelSource({
    name: `matvec int${bits} ${rows} rows${norm ? ', normalised' : ''}`,
    parameters: [...quantizedMatmulParameters(options), ...a.parameters],
    buffers: [...quantizedMatmulBuffers(options, { wide }), ...a.buffers],
    declarations: [rowsOfA(), unpackFunction(bits), finishFunction(epilogue, vectorOut), ...declarations],
    ...parts,
    body: [
      ...start,
      ...a.start,
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
