/** The gradient of LayerNorm in float64. */
import { attribute } from '../op.ts';
import { layerNormGradientOp } from '../ops/layer-norm-gradient.ts';
import type { OpReference } from './op-reference.ts';
import { input, rowsOf, zerosLike } from './support.ts';

export const layerNormGradientReference: OpReference = {
  op: layerNormGradientOp,
  values: ([x, weight, g], attributes) => {
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
  cases: [
    { inputs: [input([3, 8]), input([8], 0.5, 1.5), input([3, 8])], attributes: { epsilon: 1e-5 } },
    { inputs: [input([2, 3, 75]), input([75], 0.5, 1.5), input([2, 3, 75])], attributes: { epsilon: 1e-5 } },
    { inputs: [input([70, 260]), input([260], 0.5, 1.5), input([70, 260])], attributes: { epsilon: 1e-5 } },
    { inputs: [input([3, 16], -0.002, 0.002), input([16], 0.5, 1.5), input([3, 16])], attributes: { epsilon: 1e-5 } },
  ],
};
