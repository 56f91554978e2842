/** One AdamW update of one parameter, in place where parameter and moments are donated. */
import { elementsGrid } from '../../kernels/indexing.ts';
import { adamwKernel } from '../../kernels/training.ts';
import { apply } from '../apply.ts';
import { OpError } from '../errors.ts';
import type { OpDefinition } from '../op.ts';
import { formatShape, sizeOf } from '../shape.ts';
import type { Tensor } from '../tensor.ts';
import { expectDType, expectShape, input } from './support.ts';

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
  reference: ([x, m, v, g, settings]) => {
    const [rate, beta1, beta2, epsilon, decay, correction1, correction2, factor] = settings.data;
    if (factor < 0) return [x, m, v].map(({ data }) => data.slice());
    const first = m.data.map((value, i) => beta1 * value + (1 - beta1) * g.data[i] * factor);
    const second = v.data.map((value, i) => beta2 * value + (1 - beta2) * (g.data[i] * factor) ** 2);
    const step = (i: number) => first[i] / correction1 / (Math.sqrt(second[i] / correction2) + epsilon);
    return [x.data.map((value, i) => value * (1 - rate * decay) - rate * step(i)), first, second];
  },
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
  cases: [
    {
      inputs: [
        input([3, 5]),
        input([3, 5], -0.5, 0.5),
        input([3, 5], 0, 0.5),
        input([3, 5]),
        { shape: [8], values: [0.1, 0.9, 0.98, 1e-3, 0.01, 0.271, 0.0588, 0.5].map(Math.fround) },
      ],
    },
    {
      inputs: [
        input([7]),
        input([7], -0.5, 0.5),
        input([7], 0, 0.5),
        input([7]),
        { shape: [8], values: [0.1, 0.9, 0.98, 1e-3, 0.01, 0.271, 0.0588, -1].map(Math.fround) },
      ],
    },
  ],
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
