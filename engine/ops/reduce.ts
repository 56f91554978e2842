/** Sums and maxima over axes. */
import { type Reduction, reduceKernel, rowsGrid } from '../../kernels/rows.ts';
import { applyOne } from '../apply.ts';
import type { OpDefinition } from '../op.ts';
import { normalizeAxis, sizeOf } from '../shape.ts';
import type { Tensor } from '../tensor.ts';
import { div, equal, mul } from './elementwise.ts';
import { f32Of, input } from './support.ts';
import { broadcastTo, reshape } from './view.ts';

/** Neighbouring axes from `start` to before `end` are reduced together. */
interface ReduceAttributes {
  start: number;
  end: number;
}

/** More values than this in one output, and few outputs, are worth a workgroup on a GPU. */
const cooperativeLength = 128;

function defineReduction(name: Reduction, summary: string, vjp: OpDefinition['vjp']): OpDefinition {
  return {
    name,
    summary,
    infer: ([x], attributes) => {
      const { start, end } = attributes as unknown as ReduceAttributes;
      return [f32Of(x.shape.map((extent, axis) => (axis >= start && axis < end ? 1 : extent)))];
    },
    vjp,
    reference: ([x], attributes, [{ shape }]) => {
      const { start, end } = attributes as unknown as ReduceAttributes;
      const inner = sizeOf(x.shape.slice(end));
      const length = sizeOf(x.shape.slice(start, end));
      const out = new Float64Array(sizeOf(shape)).fill(name === 'sum' ? 0 : -Infinity);
      for (let i = 0; i < x.data.length; i++) {
        const at = Math.floor(i / (inner * length)) * inner + (i % inner);
        out[at] = name === 'sum' ? out[at] + x.data[i] : Math.max(out[at], x.data[i]);
      }
      return [out];
    },
    lowering: {
      kind: 'kernel',
      lower: (context) => {
        const { start, end } = context.attributes as unknown as ReduceAttributes;
        const [x] = context.inputs;
        const rows = sizeOf(context.outputs[0].shape);
        const columns = sizeOf(x.shape.slice(start, end));
        const cooperative = !context.traits.software && columns >= cooperativeLength;
        context.dispatch({
          source: reduceKernel({ type: x.dtype, cooperative, reduction: name }),
          parameters: { rows, columns, inner: sizeOf(x.shape.slice(end)) },
          operands: [context.input(0), context.output(0)],
          grid: rowsGrid(rows, cooperative),
          flops: sizeOf(x.shape),
        });
      },
    },
    cases: [
      { inputs: [input([7])], attributes: { start: 0, end: 1 } },
      { inputs: [input([3, 5, 4])], attributes: { start: 1, end: 2 } },
      { inputs: [input([6, 3])], attributes: { start: 0, end: 1 } },
      { inputs: [input([2, 300])], attributes: { start: 1, end: 2 } },
      { inputs: [input([3, 130, 3])], attributes: { start: 0, end: 2 } },
    ],
  };
}

export const sumOp: OpDefinition = defineReduction('sum', 'the sum over axes', ({ inputs: [x], cotangents: [g] }) => [
  g && broadcastTo(g, x.shape),
]);

export const maxOp: OpDefinition = defineReduction(
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

function reduceAxes(op: OpDefinition, x: Tensor, axes: Axes | undefined, keepDims: boolean): Tensor {
  const list = axes === undefined ? x.shape.map((_, axis) => axis) : typeof axes === 'number' ? [axes] : axes;
  const sorted = [...new Set(list.map((axis) => normalizeAxis(op.name, axis, x.rank)))].sort((a, b) => a - b);
  let result = x;
  for (let at = sorted.length - 1; at >= 0; ) {
    let first = at;
    while (first > 0 && sorted[first - 1] === sorted[first] - 1) first--;
    result = applyOne(op, [result], { start: sorted[first], end: sorted[at] + 1 });
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

/** The mean over `axes` (default: all). */
export function mean(x: Tensor, axes?: Axes, keepDims = false): Tensor {
  const total = sum(x, axes, keepDims);
  return div(total, x.size / total.size);
}

/** The largest value over `axes` (default: all). */
export function max(x: Tensor, axes?: Axes, keepDims = false): Tensor {
  return reduceAxes(maxOp, x, axes, keepDims);
}
