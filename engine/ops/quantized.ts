/** Products with matrices of int4 and int8, and rows of them; for use, not for training. */
import { elementsGrid } from '../../kernels/indexing.ts';
import { registerMatmulGrid } from '../../kernels/matmul.ts';
import { tiledKernel, tiledMatmulGrid } from '../../kernels/matmul-tiled.ts';
import { matvecGrid, workgroupTeam } from '../../kernels/matvec.ts';
import { type QuantizedMatmulOptions, quantizedOperands } from '../../kernels/quantized.ts';
import { quantizedGatherKernel } from '../../kernels/quantized-gather.ts';
import { registerQuantizedKernel } from '../../kernels/quantized-matmul.ts';
import { isWide, quantizedMatvecKernel } from '../../kernels/quantized-matvec.ts';
import type { Grid, KernelSource } from '../../kernels/source.ts';
import { shapeClassOf } from '../../kernels/tiles.ts';
import { applyOne } from '../apply.ts';
import type { DeviceTraits } from '../device.ts';
import type { DType } from '../dtype.ts';
import { OpError } from '../errors.ts';
import type { Abstract } from '../graph.ts';
import type { Call, LowerContext, NormInput } from '../lower.ts';
import type { Memory } from '../memory.ts';
import { attribute, type OpDefinition } from '../op.ts';
import { checkForm, type QuantizeForm, storedForm } from '../quantize.ts';
import { formatShape, sizeOf } from '../shape.ts';
import type { Tensor } from '../tensor.ts';
import { leftOperand, normOperands, normParameters, registerLanes, roundUpRows, takesNorm } from './matmul.ts';
import { expectDType, expectFloat, expectRank, expectShape, f32Of } from './support.ts';

/**
 * A matrix [N, K] of int4 or int8: `words` i32 [N, K·bits/32] and `scales` f16 [N, K/group], packed as `kernels/quantized.ts` says. Both may be
 * row-sharded, each at rows of its own.
 */
export interface QuantizedMatrix {
  readonly words: Tensor;
  readonly scales: Tensor;
}

/** Of every op with such a matrix. */
export const forUse = { none: 'quantised matrices are for use; train the weights that they were made from' };

/** The form of a matrix with rows of `width` elements; throws where words and scales hold no such rows. */
export function formOf(op: string, width: number, words: Abstract, scales: Abstract): QuantizeForm {
  expectRank(op, 'words', words, 2);
  expectDType(op, 'words', words, 'i32');
  expectDType(op, 'scales', scales, 'f16');
  expectShape(op, 'scales', scales, [words.shape[0], scales.shape[1]]);
  const form = storedForm(width, words.shape, scales.shape);
  try {
    checkForm(width, form);
  } catch (error) {
    const shapes = `words ${formatShape(words.shape)} and scales ${formatShape(scales.shape)}`;
    throw new OpError(op, `${shapes} hold no rows of ${width} elements: ${(error as Error).message}`);
  }
  return form;
}

/** Rows that lie in one shard of the words and in one of the scales, and where they begin there. */
export interface QuantizedPart {
  readonly words: Memory;
  readonly scales: Memory;
  readonly firstRow: number;
  readonly rows: number;
  readonly wordsRow: number;
  readonly scalesRow: number;
}

/** The rows of the matrix whose words are input `at` and whose scales are the next, none of them more than `most` rows. */
export function partsOf(context: LowerContext, at: number, most = Infinity): QuantizedPart[] {
  const words = context.shards(at);
  const scales = context.shards(at + 1);
  const [total] = context.inputs[at].shape;
  const parts: QuantizedPart[] = [];
  for (let row = 0; row < total; row += parts.at(-1)!.rows) {
    const [ofWords, ofScales] = [words, scales].map((shards) => shards.findLast(({ firstRow }) => firstRow <= row)!);
    const ends = [ofWords, ofScales].map(({ firstRow, rows }) => firstRow + rows - row);
    parts.push({
      words: ofWords.memory,
      scales: ofScales.memory,
      firstRow: row,
      rows: Math.min(...ends, most),
      wordsRow: row - ofWords.firstRow,
      scalesRow: row - ofScales.firstRow,
    });
  }
  return parts;
}

/** One product with a part of a quantised matrix: out[:, outColumn …] = A·partᵀ. */
export interface QuantizedProduct extends QuantizeForm {
  readonly a: Memory;
  readonly aType: DType;
  readonly part: QuantizedPart;
  readonly out: Memory;
  readonly M: number;
  readonly K: number;
  /** Width of the matrix that the result is a window of, and the element at which it begins there. */
  readonly outStride: number;
  readonly outColumn: number;
  readonly tail?: LowerContext['tail'];
  /** Computes A; only where {@link takesNorm} says so. */
  readonly norm?: LowerContext['norm'];
}

/** The kernel for this product on this kind of adapter. */
function chooseKernel(
  traits: DeviceTraits,
  options: QuantizedMatmulOptions,
  { M, N, K, group }: { M: number; N: number; K: number; group: number },
  norm: NormInput | null,
): { source: KernelSource; grid: Grid } {
  if (traits.software) {
    const rows = M <= 8 ? roundUpRows(M) : traits.subgroupLanes === 8 ? 16 : 8;
    const variant = { rows, lanes: registerLanes, subgroup: traits.subgroupLanes };
    return { source: registerQuantizedKernel({ ...options, ...variant }), grid: registerMatmulGrid(M, N, 1, variant) };
  }
  if (M <= 8) {
    const variant = { rows: roundUpRows(M), wide: isWide(options.bits, K, group), norm };
    return { source: quantizedMatvecKernel({ ...options, ...variant }), grid: matvecGrid(N, 1, workgroupTeam) };
  }
  const tiled = { ...options, transposeB: true };
  const tile = traits.tiles[shapeClassOf(M, N)];
  return { source: tiledKernel(tiled, quantizedOperands(options), tile), grid: tiledMatmulGrid(M, N, 1, tile) };
}

/** The kernel call for a product with a quantised matrix. */
export function quantizedMatmulCall(traits: DeviceTraits, product: QuantizedProduct): Call {
  const { a, aType, part, out, M, K, bits, group, outStride, outColumn, tail, norm = null } = product;
  const { rows: N, words, scales, wordsRow, scalesRow } = part;
  const options: QuantizedMatmulOptions = {
    bits,
    aType,
    vectorOut: N % 4 === 0 && outStride % 4 === 0 && outColumn % 4 === 0,
    epilogue: tail?.epilogue,
  };
  return {
    ...chooseKernel(traits, options, { M, N, K, group }, norm),
    parameters: {
      ...tail?.constants,
      ...normParameters(norm),
      M,
      N,
      K,
      aBatch: 0,
      group,
      wordsRow,
      scalesRow,
      outStride,
      outColumn,
    },
    operands: [a, words, scales, ...(tail?.operands ?? []), out, ...normOperands(norm)],
    flops: 2 * M * N * K,
  };
}

function lowerMatmul(context: LowerContext): void {
  const [x, words, scales] = context.inputs;
  const K = x.shape.at(-1)!;
  const form = formOf('quantizedMatmul', K, words, scales);
  const { a, aType } = leftOperand(context);
  const parts = partsOf(context, 1);
  const { tail, norm } = context;
  const sizes = { M: sizeOf(x.shape) / K, K, outStride: words.shape[0] };
  const out = context.output(0);
  for (const part of parts) {
    const product = { ...form, ...sizes, a, aType, part, out, outColumn: part.firstRow, tail, norm };
    context.dispatch(quantizedMatmulCall(context.traits, product));
  }
}

export const quantizedMatmulOp: OpDefinition = {
  name: 'quantizedMatmul',
  summary: 'x·Wᵀ for x [..., K] and a matrix W [N, K] of int4 or int8 with a scale for each group along K',
  infer: ([x, words, scales]) => {
    expectFloat('quantizedMatmul', 'x', x);
    if (x.shape.length < 1) throw new OpError('quantizedMatmul', 'x must have at least one axis');
    formOf('quantizedMatmul', x.shape.at(-1)!, words, scales);
    return [f32Of([...x.shape.slice(0, -1), words.shape[0]])];
  },
  vjp: forUse,
  lowering: {
    kind: 'kernel',
    lower: lowerMatmul,
    epilogue: true,
    takesNorm: ([x, words], _, traits) => {
      const K = x.shape.at(-1)!;
      return takesNorm(traits, { M: sizeOf(x.shape) / K, N: words.shape[0], K });
    },
  },
};

/** x·Wᵀ: x f32 or f16 [..., K], W [N, K] quantised. Result f32 [..., N]. It has no gradient. */
export function quantizedMatmul(x: Tensor, { words, scales }: QuantizedMatrix): Tensor {
  return applyOne(quantizedMatmulOp, [x, words, scales]);
}

export const quantizedGatherOp: OpDefinition = {
  name: 'quantizedGather',
  summary: 'rows of a table [N, width] of int4 or int8 by i32 ids, as f32',
  infer: ([words, scales, ids], attributes) => {
    const width = attribute<number>(attributes, 'width');
    formOf('quantizedGather', width, words, scales);
    expectDType('quantizedGather', 'ids', ids, 'i32');
    return [f32Of([...ids.shape, width])];
  },
  vjp: forUse,
  lowering: {
    kind: 'kernel',
    lower: (context) => {
      const [words, scales, ids] = context.inputs;
      const width = attribute<number>(context.attributes, 'width');
      const { bits, group } = formOf('quantizedGather', width, words, scales);
      const columns4 = width / 4;
      const count = sizeOf(ids.shape) * columns4;
      const idsMemory = context.input(2);
      const out = context.output(0);
      for (const { rows: tableRows, ...part } of partsOf(context, 0)) {
        const { firstRow, wordsRow, scalesRow } = part;
        context.dispatch({
          source: quantizedGatherKernel({ bits }),
          parameters: { count, columns4, group, firstRow, tableRows, wordsRow, scalesRow },
          operands: [part.words, part.scales, idsMemory, out],
          grid: elementsGrid(count),
        });
      }
    },
  },
};

/** Rows `ids` (i32, any shape) of a quantised table with rows of `width` elements: f32 [...ids, width]. Ids outside it leave their rows undefined. */
export function quantizedGather({ words, scales }: QuantizedMatrix, ids: Tensor, width: number): Tensor {
  return applyOne(quantizedGatherOp, [words, scales, ids], { width });
}
