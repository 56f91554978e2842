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
import { expectDType, expectShape, f32Of, input, rowsOf, zerosLike } from './support.ts';

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
  reference: ([x, weight, g], attributes) => {
    const width = weight.shape[0];
    const dx = zerosLike(x.shape);
    const dWeight = new Float64Array(width);
    const dBias = new Float64Array(width);
    const gradients = rowsOf(g, width);
    for (const [row, values] of rowsOf(x, width).entries()) {
      const average = (list: Float64Array) => list.reduce((sum, value) => sum + value, 0) / width;
      const mean = average(values);
      const scale =
        1 / Math.sqrt(average(values.map((v) => (v - mean) ** 2)) + attribute<number>(attributes, 'epsilon'));
      const normalized = values.map((value) => (value - mean) * scale);
      const inner = gradients[row].map((value, c) => value * weight.data[c]);
      const [shift, slope] = [average(inner), average(inner.map((value, c) => value * normalized[c]))];
      for (let c = 0; c < width; c++) {
        dx[row * width + c] = scale * (inner[c] - shift - normalized[c] * slope);
        dWeight[c] += gradients[row][c] * normalized[c];
        dBias[c] += gradients[row][c];
      }
    }
    return [dx, dWeight, dBias];
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
  cases: [
    { inputs: [input([3, 8]), input([8], 0.5, 1.5), input([3, 8])], attributes: { epsilon: 1e-5 } },
    { inputs: [input([2, 3, 75]), input([75], 0.5, 1.5), input([2, 3, 75])], attributes: { epsilon: 1e-5 } },
    { inputs: [input([70, 260]), input([260], 0.5, 1.5), input([70, 260])], attributes: { epsilon: 1e-5 } },
    { inputs: [input([3, 16], -0.002, 0.002), input([16], 0.5, 1.5), input([3, 16])], attributes: { epsilon: 1e-5 } },
  ],
};
