/** Sums and maxima over axes. */
import { type ReduceWalk, type Reduction, reduceGrid, reduceKernel } from '../../kernels/reduce.ts';
import { applyOne } from '../apply.ts';
import type { DType } from '../dtype.ts';
import type { LowerContext, ShardMemory } from '../lower.ts';
import type { Memory } from '../memory.ts';
import type { OpDefinition } from '../op.ts';
import { normalizeAxis, sizeOf } from '../shape.ts';
import type { Tensor } from '../tensor.ts';
import { add, div, equal, mul } from './elementwise.ts';
import { f32Of } from './support.ts';
import { broadcastTo, reshape } from './view.ts';

/** Neighbouring axes from `start` to before `end` are reduced together. */
export interface ReduceAttributes {
  start: number;
  end: number;
}

/** The middle axis of [outer, length, inner] goes. */
export interface ReductionOf {
  readonly reduction: Reduction;
  readonly from: Memory;
  readonly type: DType;
  readonly to: Memory;
  readonly outer: number;
  readonly length: number;
  readonly inner: number;
}

/** More values than this in one output are worth a workgroup on a GPU. */
const cooperativeLength = 128;
/** So many threads (or, on a GPU along rows, workgroups) keep an adapter busy; a part takes at least so many places of the axis. */
const busy = { thread: 2048, workgroup: 256 };
const leastChunk = { thread: 32, workgroup: 1024 };

/** Emits the kernels of one reduction: one, or two where a long axis and few outputs ask for parts. */
export function emitReduction(context: LowerContext, { from, type, to, ...of }: ReductionOf): void {
  const { reduction, outer, length, inner } = of;
  const walk: ReduceWalk = inner === 1 ? 'row' : inner % 4 === 0 ? 'columns' : 'scattered';
  const cooperative = walk === 'row' && !context.traits.software && length >= cooperativeLength;
  const vector = walk === 'row' && length % 4 === 0;
  const own = walk === 'columns' ? inner / 4 : inner;
  const kind = cooperative ? 'workgroup' : 'thread';
  const parts = Math.max(1, Math.min(Math.floor(busy[kind] / (outer * own)), Math.floor(length / leastChunk[kind])));
  const unit = vector ? 4 : 1;
  const chunk = Math.ceil(length / unit / parts);
  const used = Math.ceil(length / unit / chunk);
  const partial = used > 1 ? context.scratch(outer * used * inner * 4) : to;
  const rows = outer * used * own;
  context.dispatch({
    source: reduceKernel({ type, reduction, walk, vector, cooperative }),
    parameters: { rows, inner: own, parts: used, length: length / unit, chunk },
    operands: [from, partial],
    grid: reduceGrid(rows, cooperative),
    flops: outer * length * inner,
  });
  if (used === 1) return;
  emitReduction(context, { reduction: restOf(reduction), from: partial, type: 'f32', to, outer, length: used, inner });
}

/** Everything in a row-sharded tensor: shard by shard, then over the shards. */
function emitShardedReduction(context: LowerContext, reduction: Reduction, shards: readonly ShardMemory[]): void {
  const [{ shape, dtype: type }] = context.inputs;
  const width = sizeOf(shape.slice(1));
  const partial = context.scratch(shards.length * 4);
  for (const [i, { memory: from, rows }] of shards.entries()) {
    const to = context.scratch(4);
    emitReduction(context, { reduction, from, type, to, outer: 1, length: rows * width, inner: 1 });
    context.placeNumber(to, partial, i);
  }
  const rest = { reduction: restOf(reduction), outer: 1, length: shards.length, inner: 1 };
  emitReduction(context, { ...rest, from: partial, type: 'f32', to: context.output(0) });
}

/** How the results of parts are put together. */
function restOf(reduction: Reduction): Reduction {
  return reduction === 'squares' ? 'sum' : reduction;
}

function defineReduction(name: string, reduction: Reduction, summary: string, vjp: OpDefinition['vjp']): OpDefinition {
  return {
    name,
    summary,
    infer: ([x], attributes) => {
      const { start, end } = attributes as unknown as ReduceAttributes;
      return [f32Of(x.shape.map((extent, axis) => (axis >= start && axis < end ? 1 : extent)))];
    },
    vjp,
    lowering: {
      kind: 'kernel',
      lower: (context) => {
        const { start, end } = context.attributes as unknown as ReduceAttributes;
        const [x] = context.inputs;
        const shards = start === 0 && end === x.shape.length ? context.shards(0) : [];
        if (shards.length > 1) {
          emitShardedReduction(context, reduction, shards);
          return;
        }
        emitReduction(context, {
          reduction,
          from: context.input(0),
          type: x.dtype,
          to: context.output(0),
          outer: sizeOf(x.shape.slice(0, start)),
          length: sizeOf(x.shape.slice(start, end)),
          inner: sizeOf(x.shape.slice(end)),
        });
      },
    },
  };
}

export const sumOp: OpDefinition = defineReduction(
  'sum',
  'sum',
  'the sum over axes',
  ({ inputs: [x], cotangents: [g] }) => [g && broadcastTo(g, x.shape)],
);

export const sumSquaresOp: OpDefinition = defineReduction(
  'sumSquares',
  'squares',
  'the sum of squares over axes',
  ({ inputs: [x], cotangents: [g] }) => [g && mul(mul(x, 2), g)],
);

export const maxOp: OpDefinition = defineReduction(
  'max',
  'max',
  'the largest value over axes; equal ones share the gradient',
  ({ inputs: [x], outputs: [y], attributes, cotangents: [g] }) => {
    if (!g) return [null];
    const { start, end } = attributes as unknown as ReduceAttributes;
    const hits = equal(x, y);
    const count = applyOne(sumOp, [hits], { start, end });
    return [mul(hits, div(g, count))];
  },
);

type Axes = number | readonly number[];

/** How a reduction goes on behind the first run of neighbouring axes, and what it is of a single value; by default itself, and the value. */
interface Further {
  readonly next?: OpDefinition;
  readonly ofOne?: (x: Tensor) => Tensor;
}

function reduceAxes(
  op: OpDefinition,
  x: Tensor,
  axes: Axes | undefined,
  keepDims: boolean,
  { next = op, ofOne = (value) => add(value, 0) }: Further = {},
): Tensor {
  const list = axes === undefined ? x.shape.map((_, axis) => axis) : typeof axes === 'number' ? [axes] : axes;
  const sorted = [...new Set(list.map((axis) => normalizeAxis(op.name, axis, x.rank)))].sort((a, b) => a - b);
  if (sorted.length === 0) return ofOne(x);
  let result = x;
  for (let at = sorted.length - 1; at >= 0; ) {
    let first = at;
    while (first > 0 && sorted[first - 1] === sorted[first] - 1) first--;
    result = applyOne(result === x ? op : next, [result], { start: sorted[first], end: sorted[at] + 1 });
    at = first - 1;
  }
  return keepDims
    ? result
    : reshape(
        result,
        x.shape.filter((_, axis) => !sorted.includes(axis)),
      );
}

/** The sum over `axes` (default: all). */
export function sum(x: Tensor, axes?: Axes, keepDims = false): Tensor {
  return reduceAxes(sumOp, x, axes, keepDims);
}

/** The sum of squares over `axes` (default: all). */
export function sumSquares(x: Tensor, axes?: Axes, keepDims = false): Tensor {
  return reduceAxes(sumSquaresOp, x, axes, keepDims, { next: sumOp, ofOne: (value) => mul(value, value) });
}

/** The mean over `axes` (default: all). */
export function mean(x: Tensor, axes?: Axes, keepDims = false): Tensor {
  const total = sum(x, axes, keepDims);
  return div(total, x.size / total.size);
}

/** The largest value over `axes` (default: all). */
export function max(x: Tensor, axes?: Axes, keepDims = false): Tensor {
  return reduceAxes(maxOp, x, axes, keepDims);
}
