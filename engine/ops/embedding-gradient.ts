/** The backward pass of `gather`: rows of equal id added up, in a fixed order. */
import { elementsGrid } from '../../kernels/indexing.ts';
import { linkEqualKernel, sumLinkedKernel, zeroKernel } from '../../kernels/training.ts';
import { applyOne } from '../apply.ts';
import { attribute, type OpDefinition } from '../op.ts';
import { sizeOf } from '../shape.ts';
import type { Tensor } from '../tensor.ts';
import { gather } from './indexing.ts';
import { expectDType, expectShape, f32Of } from './support.ts';

export const embeddingGradientOp: OpDefinition = {
  name: 'embeddingGradient',
  summary: 'the gradient of a table [rows, width] from that of rows gathered by i32 ids',
  infer: ([g, ids], attributes) => {
    const width = g.shape[g.shape.length - 1];
    expectShape('embeddingGradient', 'gradient', g, [...ids.shape, width]);
    expectDType('embeddingGradient', 'gradient', g, 'f32');
    expectDType('embeddingGradient', 'ids', ids, 'i32');
    return [f32Of([attribute<number>(attributes, 'rows'), width])];
  },
  vjp: ({ inputs: [, ids], cotangents: [c] }) => [c && gather(c, ids), null],
  lowering: {
    kind: 'kernel',
    lower: (context) => {
      const [g, ids] = context.inputs;
      const tokens = sizeOf(ids.shape);
      const columns = g.shape[g.shape.length - 1];
      const [gMemory, idsMemory] = [context.input(0), context.input(1)];
      const link = context.scratch(tokens * 4);
      context.dispatch({
        source: linkEqualKernel(),
        parameters: { count: tokens },
        operands: [idsMemory, link],
        grid: elementsGrid(tokens),
      });
      for (const { memory: out, firstRow, rows } of context.outputShards(0)) {
        context.dispatch({
          source: zeroKernel(),
          parameters: { count: out.bytes / 16 },
          operands: [out],
          grid: elementsGrid(out.bytes / 16),
        });
        context.dispatch({
          source: sumLinkedKernel(),
          parameters: { count: tokens * columns, columns, tokens, firstRow, rows },
          operands: [gMemory, idsMemory, link, out],
          grid: elementsGrid(tokens * columns),
          flops: tokens * columns,
        });
      }
    },
  },
};

/** The gradient [rows, width] of a table, given that of the rows gathered by `ids`. */
export function embeddingGradient(g: Tensor, ids: Tensor, rows: number): Tensor {
  return applyOne(embeddingGradientOp, [g, ids], { rows });
}
