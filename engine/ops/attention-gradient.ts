/** The backward pass of `attention`: gradients of q, k and v from the saved output and log-sum-exp. */
import { attentionGrid } from '../../kernels/attention.ts';
import {
  attentionDeltaGrid,
  attentionDeltaKernel,
  attentionKeyGradientKernel,
  attentionQueryGradientKernel,
} from '../../kernels/attention-backward.ts';
import type { OpDefinition } from '../op.ts';
import { type AttentionAttributes, dropoutParametersOf, optionalOperands, stagingFor } from './attention.ts';
import { expectDType, expectShape, f32Of } from './support.ts';

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
};
