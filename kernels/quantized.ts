/**
 * Matrices of int4 or int8 as kernels read them. A row of K elements is K·bits/32 words of u32, the first element in the lowest bits, each
 * with 2^(bits−1) added so that it is not negative (the packing of compressed-tensors, «pack-quantized»); `group` elements that follow each
 * other share one f16 scale: element = (stored − 2^(bits−1)) · scale. A group is a multiple of 8, so that it ends with a word.
 */
import { constantParameters, type Epilogue, epilogueBuffers } from './expression.ts';
import { type MatmulOperands, rowsOfA } from './matmul.ts';
import { type Buffer, type ElementType, type Parameter, u32, unroll } from './source.ts';

export type QuantizedBits = 4 | 8;

/** What a product with a quantised matrix [N, K], transposed, is made of. */
export interface QuantizedMatmulOptions {
  bits: QuantizedBits;
  aType: ElementType;
  /** N, outStride and outColumn are multiples of 4. */
  vectorOut: boolean;
  epilogue?: Epilogue;
}

/** Elements of a word. */
export function perWord(bits: QuantizedBits): number {
  return 32 / bits;
}

/** Words and scales; with `wide` four words at a time. */
export function quantizedBuffers(wide = false): Buffer[] {
  return [
    { name: 'words', type: 'u32', vector: wide, raw: true },
    { name: 'scales', type: 'f16' },
  ];
}

/** `wordsRow` and `scalesRow` tell where the matrix begins in its buffers, for products with some of its rows. */
export function quantizedMatmulParameters({ epilogue }: QuantizedMatmulOptions): Parameter[] {
  const names = ['M', 'N', 'K', 'aBatch', 'group', 'wordsRow', 'scalesRow', 'outStride', 'outColumn'];
  return [...u32(...names), ...constantParameters(epilogue?.expression)];
}

export function quantizedMatmulBuffers(
  { aType, epilogue, vectorOut }: QuantizedMatmulOptions,
  { wide = false, vectorA = true } = {},
): Buffer[] {
  return [
    { name: 'a', type: aType, vector: vectorA },
    ...quantizedBuffers(wide),
    ...epilogueBuffers(epilogue, vectorOut),
    { name: 'out', type: 'f32', vector: vectorOut, write: true },
  ];
}

/** `unpack_four(word, first)`: four elements of a word from `first` (0, or 4 in a word of eight) on, without the scale. */
export function unpackFunction(bits: QuantizedBits): string {
  const shifts = `vec4<u32>(${unroll(4, (i) => `${i * bits}u`, ', ')})`;
  const word = bits === 4 ? 'word >> (first * 4u)' : 'word';
  // by way of i32, which software adapters convert faster than u32
  return [
    'fn unpack_four(word: u32, first: u32) -> vec4<f32> {',
    `let stored = (vec4<u32>(${word}) >> ${shifts}) & vec4<u32>(${2 ** bits - 1}u);`,
    `return vec4<f32>(vec4<i32>(stored)) - ${2 ** (bits - 1)}.0;`,
    '}',
  ].join('\n');
}

/** Elements k … k+3 of a row, as the kernels for plain matrices read B. */
export function quantizedOperands(options: QuantizedMatmulOptions): MatmulOperands {
  const each = perWord(options.bits);
  return {
    name: `int${options.bits}`,
    parameters: quantizedMatmulParameters(options),
    buffers: quantizedMatmulBuffers(options),
    functions: [
      rowsOfA(),
      unpackFunction(options.bits),
      'fn b_along_k(batch: u32, i: u32, k: u32) -> vec4<f32> {',
      `let word = load_words((p.wordsRow + i) * (p.K / ${each}u) + k / ${each}u);`,
      `return unpack_four(word, k % ${each}u) * load_scales((p.scalesRow + i) * (p.K / p.group) + k / p.group);`,
      '}',
    ],
  };
}
