/** The backward pass of `attention`: gradients of q, k and v from the saved output and log-sum-exp. */
import { attentionGrid } from '../../kernels/attention.ts';
import {
  attentionDeltaGrid,
  attentionDeltaKernel,
  attentionKeyGradientKernel,
  attentionQueryGradientKernel,
} from '../../kernels/attention-backward.ts';
import type { OpDefinition } from '../op.ts';
import {
  type AttentionAttributes,
  dropoutParametersOf,
  optionalOperands,
  span,
  stagingFor,
  weightFactors,
} from './attention.ts';
import { expectDType, expectShape, f32Of, input, integers, zerosLike } from './support.ts';

function dotAt(a: Float64Array, at: number, b: Float64Array, bt: number, length: number): number {
  let sum = 0;
  for (let c = 0; c < length; c++) sum += a[at + c] * b[bt + c];
  return sum;
}

function addScaled(to: Float64Array, at: number, from: Float64Array, ft: number, length: number, factor: number): void {
  for (let c = 0; c < length; c++) to[at + c] += factor * from[ft + c];
}

export const attentionGradientOp: OpDefinition = {
  name: 'attentionGradient',
  summary: 'gradients of q, k and v of `attention`, from q, k, v, its two outputs, and the gradient of the first',
  infer: ([q, k, v, out, lse, g]) => {
    for (const [name, abstract] of Object.entries({ q, k, v, output: out, lse, gradient: g }))
      expectDType('attentionGradient', name, abstract, 'f32');
    expectShape('attentionGradient', 'output', out, q.shape);
    expectShape('attentionGradient', 'gradient', g, q.shape);
    return [f32Of(q.shape), f32Of(k.shape), f32Of(v.shape)];
  },
  vjp: { none: 'a second derivative through fused attention; build it from matmul and softmax for that' },
  reference: ([q, k, v, out, lse, g, ...rest], attributes) => {
    const own = attributes as unknown as AttentionAttributes;
    const { heads, causal, scale } = own;
    const { bounds, key } = optionalOperands(rest, own);
    const [batch, queries, width] = q.shape;
    const keys = k.shape[1];
    const headDim = width / heads;
    const [dq, dk, dv] = [q, k, v].map(({ shape }) => zerosLike(shape));
    for (let b = 0; b < batch; b++) {
      for (let h = 0; h < heads; h++) {
        for (let i = 0; i < queries; i++) {
          const at = (b * queries + i) * width + h * headDim;
          const limit = Math.min(bounds ? bounds.data[b * 2 + 1] : keys, causal ? i + keys - queries + 1 : keys);
          const delta = dotAt(g.data, at, out.data, at, headDim);
          const factor = weightFactors(key, own, i, b * heads + h);
          for (const j of span(bounds ? bounds.data[b * 2] : 0, limit)) {
            const kt = (b * keys + j) * width + h * headDim;
            const weight = Math.exp(
              dotAt(q.data, at, k.data, kt, headDim) * scale - lse.data[(b * heads + h) * queries + i],
            );
            const kept = factor(j);
            const d = weight * (kept * dotAt(g.data, at, v.data, kt, headDim) - delta) * scale;
            addScaled(dq, at, k.data, kt, headDim, d);
            addScaled(dk, kt, q.data, at, headDim, d);
            addScaled(dv, kt, g.data, at, headDim, weight * kept);
          }
        }
      }
    }
    return [dq, dk, dv];
  },
  lowering: {
    kind: 'kernel',
    lower: (context) => {
      const own = context.attributes as unknown as AttentionAttributes;
      const { heads, causal, scale } = own;
      const [q, k, , , , , ...rest] = context.inputs;
      const { bounds, key } = optionalOperands(rest, own);
      const [batch, queries, width] = q.shape;
      const keys = k.shape[1];
      const headDim = width / heads;
      const options = {
        headDim,
        causal,
        bounded: bounds !== undefined,
        staging: stagingFor(context.traits),
        dropout: key !== undefined,
      };
      const [qMemory, kMemory, vMemory, outMemory, lseMemory, gMemory, ...others] = context.inputs.map((_, i) =>
        context.input(i),
      );
      const rows = batch * heads * queries;
      const stats = context.scratch(rows * 8);
      context.dispatch({
        source: attentionDeltaKernel(headDim),
        parameters: { count: rows, queries, heads, stride4: width / 4 },
        operands: [outMemory, gMemory, lseMemory, stats],
        grid: attentionDeltaGrid(rows),
      });
      const operands = [qMemory, kMemory, vMemory, gMemory, stats, ...others];
      const parameters = { queries, keys, heads, stride4: width / 4, scale, ...dropoutParametersOf(own) };
      const flops = (2 * batch * queries * keys * width) / (causal ? 2 : 1);
      const queryGrid = attentionGrid(options.staging, queries, heads, batch);
      const keyGrid = attentionGrid(options.staging, keys, heads, batch);
      const calls = [
        { source: attentionQueryGradientKernel(options), grid: queryGrid, flops: 3 * flops },
        { source: attentionKeyGradientKernel({ ...options, of: 'k' }), grid: keyGrid, flops: 3 * flops },
        { source: attentionKeyGradientKernel({ ...options, of: 'v' }), grid: keyGrid, flops: 2 * flops },
      ];
      for (const [i, call] of calls.entries())
        context.dispatch({ ...call, parameters, operands: [...operands, context.output(i)] });
    },
  },
  // outputs and log-sum-exps that no attention gave are fine for comparing with the reference
  cases: [
    {
      inputs: [
        input([1, 5, 16]),
        input([1, 5, 16]),
        input([1, 5, 16]),
        input([1, 5, 16]),
        input([1, 2, 5], 1, 3),
        input([1, 5, 16]),
      ],
      attributes: { heads: 2, causal: false, scale: 0.2 },
    },
    {
      inputs: [
        input([2, 3, 32]),
        input([2, 21, 32]),
        input([2, 21, 32]),
        input([2, 3, 32]),
        input([2, 1, 3], 3, 4),
        input([2, 3, 32]),
      ],
      attributes: { heads: 1, causal: true, scale: 0.1 },
    },
    {
      inputs: [
        input([2, 70, 16]),
        input([2, 70, 16]),
        input([2, 70, 16]),
        input([2, 70, 16]),
        input([2, 1, 70], 3, 4),
        input([2, 70, 16]),
        integers([2, 2], [0, 70, 4, 66]),
      ],
      attributes: { heads: 1, causal: true, scale: 0.1 },
    },
    {
      inputs: [
        input([2, 5, 16]),
        input([2, 9, 16]),
        input([2, 9, 16]),
        input([2, 5, 16]),
        input([2, 2, 5], 1, 3),
        input([2, 5, 16]),
        integers([2], [3, 8]),
      ],
      attributes: { heads: 2, causal: true, scale: 0.2, rate: 0.3, stream: 1 },
    },
    {
      inputs: [
        input([2, 4, 16]),
        input([2, 4, 16]),
        input([2, 4, 16]),
        input([2, 4, 16]),
        input([2, 1, 4], 1, 3),
        input([2, 4, 16]),
        integers([2, 2], [0, 4, 1, 3]),
        integers([2], [3, 8]),
      ],
      attributes: { heads: 1, causal: false, scale: 0.2, rate: 0.5, stream: 9 },
    },
  ],
};
