/** Products with int4 and int8 matrices, and their rows, in float64. */
import { attribute } from '../op.ts';
import { quantizedGatherOp, quantizedMatmulOp } from '../ops/quantized.ts';
import { levelAt, type QuantizeForm, storedForm } from '../quantize.ts';
import { type Shape, sizeOf } from '../shape.ts';
import type { CaseInput, OpReference, ReferenceArray } from './op-reference.ts';
import { input, integers, zerosLike } from './support.ts';

/** The matrix in float64. */
export function dequantized(width: number, words: ReferenceArray, scales: ReferenceArray): ReferenceArray {
  const { bits, group } = storedForm(width, words.shape, scales.shape);
  const shape = [words.shape[0], width];
  const data = Float64Array.from(
    { length: sizeOf(shape) },
    (_, i) => levelAt(words.data, bits, i) * scales.data[Math.floor(i / group)],
  );
  return { shape, data };
}

/** Words and scales (exact in f16) for a case. */
export function matrixInputs(rows: number, width: number, { bits, group }: QuantizeForm): CaseInput[] {
  const values = (shape: Shape, value: (i: number) => number) =>
    Array.from({ length: sizeOf(shape) }, (_, i) => value(i));
  const words: Shape = [rows, (width * bits) / 32];
  const scales: Shape = [rows, width / group];
  return [
    // the bits of a multiplicative hash
    integers(
      words,
      values(words, (i) => Math.imul(i + 1, 0x9e3779b1) ^ Math.imul(i + 7, 0x85ebca6b)),
    ),
    { shape: scales, values: values(scales, (i) => (((i * 37) % 101) - 50) / (bits === 8 ? 4096 : 256)), dtype: 'f16' },
  ];
}

const sharded = ([words, scales]: CaseInput[]): CaseInput[] => [{ ...words, shardBytes: 256 }, scales];

export const quantizedMatmulReference: OpReference = {
  op: quantizedMatmulOp,
  values: ([x, words, scales], _, [{ shape }]) => {
    const K = x.shape.at(-1)!;
    const [N] = words.shape;
    const { data } = dequantized(K, words, scales);
    const out = zerosLike(shape);
    for (let i = 0; i < out.length; i++) {
      const [row, column] = [Math.floor(i / N), i % N];
      for (let k = 0; k < K; k++) out[i] += x.data[row * K + k] * data[column * K + k];
    }
    return [out];
  },
  cases: [
    { inputs: [input([1, 64]), ...matrixInputs(12, 64, { bits: 4, group: 32 })] },
    { inputs: [input([3, 32]), ...matrixInputs(7, 32, { bits: 8, group: 32 })] },
    { inputs: [input([2, 40]), ...matrixInputs(5, 40, { bits: 4, group: 8 })] },
    { inputs: [input([2, 3, 24]), ...matrixInputs(8, 24, { bits: 8, group: 8 })] },
    { inputs: [input([20, 64]), ...matrixInputs(68, 64, { bits: 4, group: 16 })] },
    { inputs: [input([9, 32]), ...matrixInputs(10, 32, { bits: 8, group: 16 })] },
    { inputs: [input([1, 32]), ...sharded(matrixInputs(40, 32, { bits: 4, group: 8 }))] },
  ],
};

export const quantizedGatherReference: OpReference = {
  op: quantizedGatherOp,
  values: ([words, scales, ids], attributes, [{ shape }]) => {
    const width = attribute<number>(attributes, 'width');
    const { data } = dequantized(width, words, scales);
    const out = zerosLike(shape);
    for (const [i, id] of ids.data.entries()) out.set(data.subarray(id * width, (id + 1) * width), i * width);
    return [out];
  },
  cases: [
    {
      inputs: [...matrixInputs(6, 24, { bits: 8, group: 8 }), integers([2, 3], [5, 0, 1, 1, 3, 2])],
      attributes: { width: 24 },
    },
    {
      inputs: [...sharded(matrixInputs(40, 32, { bits: 4, group: 8 })), integers([2], [39, 17])],
      attributes: { width: 32 },
    },
  ],
};
