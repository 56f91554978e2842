/** The backward pass of `layerNorm`. */
import {
  layerNormInputGradientKernel,
  layerNormWeightGradientGrid,
  layerNormWeightGradientKernel,
} from '../../kernels/layer-norm-backward.ts';
import { rowsGrid } from '../../kernels/rows.ts';
import { attribute, type OpDefinition } from '../op.ts';
import { sizeOf } from '../shape.ts';
import { emitReduction } from './reduce.ts';
import { expectDType, expectShape, f32Of } from './support.ts';

/** Parts of the rows that the gradients of weight and bias are summed in: enough to keep an adapter busy. */
const busyThreads = 2048;
const leastRows = 16;

export const layerNormGradientOp: OpDefinition = {
  name: 'layerNormGradient',
  summary: 'gradients of x, weight and bias of `layerNorm`, from x, weight, and the gradient of its output',
  infer: ([x, weight, g]) => {
    expectShape('layerNormGradient', 'gradient', g, x.shape);
    for (const [name, operand] of Object.entries({ x, weight, g }))
      expectDType('layerNormGradient', name, operand, 'f32');
    return [f32Of(x.shape), f32Of(weight.shape), f32Of(weight.shape)];
  },
  vjp: {
    none: 'a second derivative through the fused backward pass of LayerNorm; build it from mean and sqrt for that',
  },
  lowering: {
    kind: 'kernel',
    lower: (context) => {
      const [{ shape }] = context.inputs;
      const width = shape[shape.length - 1];
      const rows = sizeOf(shape) / width;
      const vector = width % 4 === 0;
      const columns = vector ? width / 4 : width;
      const cooperative = !context.traits.software;
      const [x, weight, g] = [0, 1, 2].map((i) => context.input(i));
      const stats = context.scratch(rows * 8);
      context.dispatch({
        source: layerNormInputGradientKernel({ vector, cooperative }),
        parameters: { rows, columns, width, epsilon: attribute<number>(context.attributes, 'epsilon') },
        operands: [x, weight, g, context.output(0), stats],
        grid: rowsGrid(rows, cooperative),
        flops: 14 * sizeOf(shape),
      });
      const wanted = Math.max(1, Math.min(Math.floor(busyThreads / columns), Math.floor(rows / leastRows)));
      const chunk = Math.ceil(rows / wanted);
      const parts = Math.ceil(rows / chunk);
      const partial = [0, 1].map(() => context.scratch(parts * width * 4));
      context.dispatch({
        source: layerNormWeightGradientKernel({ vector }),
        parameters: { units: parts * columns, columns, rows, chunk },
        operands: [x, g, stats, ...partial],
        grid: layerNormWeightGradientGrid(parts * columns),
        flops: 5 * sizeOf(shape),
      });
      for (const [i, from] of partial.entries()) {
        const to = context.output(i + 1);
        emitReduction(context, { reduction: 'sum', from, type: 'f32', to, outer: 1, length: parts, inner: width });
      }
    },
  },
};
