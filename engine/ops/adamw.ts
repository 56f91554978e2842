/** One AdamW update of one parameter, in place where parameter and moments are donated. */
import { elementsGrid } from '../../kernels/indexing.ts';
import { adamwKernel } from '../../kernels/training.ts';
import { apply } from '../apply.ts';
import { OpError } from '../errors.ts';
import type { OpDefinition } from '../op.ts';
import { formatShape, sizeOf } from '../shape.ts';
import type { Tensor } from '../tensor.ts';
import { expectDType, expectShape } from './support.ts';

export const adamwOp: OpDefinition = {
  name: 'adamwUpdate',
  summary:
    'parameter and moments after one AdamW step; settings: rate, β₁, β₂, ε, decay, 1 − β₁ᵗ, 1 − β₂ᵗ, factor on the gradient (negative: no step)',
  infer: ([x, m, v, g, settings]) => {
    for (const [name, other] of Object.entries({ x, m, v, g })) {
      expectShape('adamwUpdate', name, other, x.shape);
      expectDType('adamwUpdate', name, other, 'f32');
    }
    expectShape('adamwUpdate', 'settings', settings, [8]);
    expectDType('adamwUpdate', 'settings', settings, 'f32');
    return [x, m, v].map(({ shape, dtype }) => ({ shape, dtype }));
  },
  vjp: { none: 'an optimiser step is not differentiated' },
  lowering: {
    kind: 'kernel',
    lower: (context) => {
      const settings = context.input(4);
      const gradients = context.shards(3);
      const state = [0, 1, 2].map((i) => context.inPlace(i, i));
      const width = sizeOf(context.inputs[0].shape.slice(1));
      for (const [i, { memory: g, rows }] of gradients.entries()) {
        const own = state.map((shards) => shards[i]);
        if (own.some((shard) => shard?.rows !== rows))
          throw new OpError(
            'adamwUpdate',
            `${formatShape(context.inputs[0].shape)}: parameter, moments and gradient are sharded differently`,
          );
        const count = Math.ceil((rows * width) / 4);
        context.dispatch({
          source: adamwKernel(),
          parameters: { count },
          operands: [g, settings, ...own.map(({ memory }) => memory)],
          grid: elementsGrid(count),
          flops: 48 * count,
        });
      }
    },
  },
};

/** Parameter and moments after one step. */
export function adamwUpdate(
  x: Tensor,
  m: Tensor,
  v: Tensor,
  gradient: Tensor,
  settings: Tensor,
): [Tensor, Tensor, Tensor] {
  const [parameter, first, second] = apply(adamwOp, [x, m, v, gradient, settings]);
  return [parameter, first, second];
}
