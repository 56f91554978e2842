/** Cross-entropy of a linear head over a large vocabulary: the logits exist one part at a time, forward and backward. */
import { elementsGrid } from '../../kernels/indexing.ts';
import { rowsGrid } from '../../kernels/rows.ts';
import {
  crossEntropyFinishKernel,
  crossEntropyGradientKernel,
  crossEntropyPartKernel,
} from '../../kernels/training.ts';
import { apply } from '../apply.ts';
import type { DeviceTraits } from '../device.ts';
import { identity } from '../fuse.ts';
import type { Abstract } from '../graph.ts';
import type { LowerContext } from '../lower.ts';
import type { Memory } from '../memory.ts';
import type { OpDefinition } from '../op.ts';
import type { Tensor } from '../tensor.ts';
import { elementwiseOps } from './elementwise.ts';
import { matmulCall } from './matmul.ts';
import { expectDType, expectIntegers, expectRank, expectShape, f32Of } from './support.ts';

/** Columns of logits at a time: at most this many, and no more bytes than this. */
const partColumns = 16384;
const partBytes = 2 ** 26;

/** Columns of logits that exist at the same time. */
interface Columns {
  readonly firstColumn: number;
  readonly columns: number;
}

interface Part extends Columns {
  readonly weight: Memory;
  /** Element of the weight's buffer where the part begins. */
  readonly offset: number;
}

/** How many columns of logits of so many rows fit. */
export function mostColumns({ maxBindingBytes }: DeviceTraits, rows: number): number {
  const bytes = Math.min(partBytes, maxBindingBytes);
  return Math.max(4, Math.min(partColumns, Math.floor(bytes / (4 * rows))) & ~3);
}

/** The rows of the weight, shard by shard, in parts whose logits fit; none of them crosses one of `borders`. */
function partsOf(context: LowerContext, rows: number, width: number, borders: readonly number[] = []): Part[] {
  const most = mostColumns(context.traits, rows);
  const parts: Part[] = [];
  for (const shard of context.shards(1)) {
    for (let at = 0; at < shard.rows; ) {
      const firstColumn = shard.firstRow + at;
      const border = Math.min(...borders.filter((row) => row > firstColumn)) - firstColumn;
      const columns = Math.min(most, shard.rows - at, border);
      parts.push({ weight: shard.memory, offset: at * width, firstColumn, columns });
      at += columns;
    }
  }
  return parts;
}

/** Logits of one part, [rows, columns]. */
function emitLogits(context: LowerContext, part: Part, hidden: Memory, logits: Memory): void {
  const [{ shape, dtype: aType }, { dtype: bType }] = context.inputs;
  const [M, K] = shape;
  const product = {
    a: hidden,
    aType,
    b: part.weight,
    bType,
    bOffset: part.offset,
    out: logits,
    transposeA: false,
    transposeB: true,
  };
  context.dispatch(matmulCall(context.traits, { ...product, M, N: part.columns, K }));
}

/** Losses and log Σ exp (outputs 0 and 1) from logits of one part after another; `emitPart` dispatches what writes them, [rows, columns]. */
export function lowerLosses<P extends Columns>(
  context: LowerContext,
  labels: Memory,
  parts: readonly P[],
  emitPart: (part: P, logits: Memory) => void,
): void {
  const [rows] = context.inputs[0].shape;
  const state = context.scratch(rows * 16);
  const cooperative = !context.traits.software;
  const logits = context.scratch(4 * rows * Math.max(...parts.map(({ columns }) => columns)));
  for (const [i, part] of parts.entries()) {
    emitPart(part, logits);
    context.dispatch({
      source: crossEntropyPartKernel({ cooperative, first: i === 0 }),
      parameters: { rows, columns: part.columns, firstColumn: part.firstColumn },
      operands: [logits, labels, state],
      grid: rowsGrid(rows, cooperative),
    });
  }
  context.dispatch({
    source: crossEntropyFinishKernel(),
    parameters: { count: rows },
    operands: [state, labels, context.output(0), context.output(1)],
    grid: elementsGrid(rows),
  });
}

function checkInputs(op: string, [hidden, weight, labels]: readonly Abstract[]): void {
  expectRank(op, 'hidden', hidden, 2);
  expectRank(op, 'weight', weight, 2);
  expectShape(op, 'weight', weight, [weight.shape[0], hidden.shape[1]]);
  expectIntegers(op, 'labels', labels, [hidden.shape[0]]);
  expectDType(op, 'hidden', hidden, 'f32');
}

export const crossEntropyOp: OpDefinition = {
  name: 'crossEntropy',
  summary: '−log softmax(hidden·weightᵀ)[label] of every row, 0 where the label is negative; also log Σ exp',
  infer: (inputs) => {
    checkInputs('crossEntropy', inputs);
    const rows = f32Of([inputs[0].shape[0]]);
    return [rows, rows];
  },
  vjp: ({ inputs: [hidden, weight, labels], outputs: [, lse], cotangents: [g] }) =>
    g ? [...apply(crossEntropyGradientOp, [hidden, weight, labels, lse, g]), null] : [null, null, null],
  lowering: {
    kind: 'kernel',
    lower: (context) => {
      const [rows, width] = context.inputs[0].shape;
      const hidden = context.input(0);
      lowerLosses(context, context.input(2), partsOf(context, rows, width), (part, logits) =>
        emitLogits(context, part, hidden, logits),
      );
    },
  },
};

export const crossEntropyGradientOp: OpDefinition = {
  name: 'crossEntropyGradient',
  summary:
    'gradients of hidden and weight of `crossEntropy`, from its inputs, its log Σ exp, and the gradient of the losses',
  infer: (inputs) => {
    checkInputs('crossEntropyGradient', inputs);
    return [f32Of(inputs[0].shape), f32Of(inputs[1].shape)];
  },
  vjp: { none: 'a second derivative through fused cross-entropy; build it from matmul and logSoftmax for that' },
  lowering: {
    kind: 'kernel',
    lower: (context) => {
      const [rows, width] = context.inputs[0].shape;
      const bType = context.inputs[1].dtype;
      const hidden = context.input(0);
      const [labels, lse, g] = [2, 3, 4].map((i) => context.input(i));
      const dHidden = context.output(0);
      const ofWeight = context.outputShards(1);
      const parts = partsOf(
        context,
        rows,
        width,
        ofWeight.map(({ firstRow }) => firstRow),
      );
      const cooperative = !context.traits.software;
      const x = context.scratch(4 * rows * Math.max(...parts.map(({ columns }) => columns)));
      // a product cannot add to the buffer that it reads, so the sum over parts goes to and fro between two
      const sums = [context.scratch(dHidden.bytes), context.scratch(dHidden.bytes)];
      for (const [i, part] of parts.entries()) {
        const { columns, firstColumn } = part;
        emitLogits(context, part, hidden, x);
        context.dispatch({
          source: crossEntropyGradientKernel({ cooperative }),
          parameters: { rows, columns, firstColumn },
          operands: [labels, lse, g, x],
          grid: rowsGrid(rows, cooperative),
        });
        const tail = i === 0 ? null : addition(sums[(i + 1) % 2]);
        const out = i === parts.length - 1 ? dHidden : sums[i % 2];
        const left = { a: x, aType: 'f32', b: part.weight, bType, bOffset: part.offset, out, tail } as const;
        context.dispatch(
          matmulCall(context.traits, { ...left, transposeA: false, transposeB: false, M: rows, N: width, K: columns }),
        );
        const shard = ofWeight.findLast(({ firstRow }) => firstRow <= firstColumn)!;
        const right = {
          a: x,
          aType: 'f32',
          b: hidden,
          bType: 'f32',
          out: shard.memory,
          outColumn: (firstColumn - shard.firstRow) * width,
        } as const;
        context.dispatch(
          matmulCall(context.traits, { ...right, transposeA: true, transposeB: false, M: columns, N: width, K: rows }),
        );
      }
    },
  },
};

/** The tail of a product that adds what lies in `memory`. */
function addition(memory: Memory): NonNullable<LowerContext['tail']> {
  const { lowering } = elementwiseOps.add;
  if (lowering.kind !== 'elementwise') throw new Error('add is elementwise');
  const expression = {
    ...identity,
    key: 'accumulate',
    inputs: 2,
    emit: (names: readonly string[]) => ({ statements: [], result: `(${lowering.wgsl(names)})` }),
  };
  return { epilogue: { expression, operands: [{ type: 'f32', access: 'full' }] }, operands: [memory], constants: {} };
}

/**
 * −log softmax(hidden·weightᵀ)[label] of every row: hidden f32 [N, D], weight [V, D] (whole or row-sharded), labels i32 [N]; rows with a negative
 * label give 0, and those with a label ≥ V about 3e38, for it cannot come. Result [N]. Logits are held for one part of the vocabulary at a time, in the gradient too.
 */
export function crossEntropy(hidden: Tensor, weight: Tensor, labels: Tensor): Tensor {
  return apply(crossEntropyOp, [hidden, weight, labels])[0];
}
