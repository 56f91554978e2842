/** Dropout by counter-based random numbers, the same on every runtime, and recomputed where the backward pass needs it. */
import { dropoutGrid, dropoutKernel } from '../../kernels/dropout.ts';
import { dropThreshold } from '../../kernels/random.ts';
import { applyOne } from '../apply.ts';
import { OpError } from '../errors.ts';
import type { OpDefinition } from '../op.ts';
import { sizeOf } from '../shape.ts';
import type { Tensor } from '../tensor.ts';
import { expectDType, expectIntegers, f32Of } from './support.ts';

export interface DropoutAttributes {
  /** Probability of zero. */
  rate: number;
  /** Tells the random numbers of one place in a model apart from those of others. */
  stream: number;
}

export function checkRate(op: string, { rate, stream }: DropoutAttributes): void {
  if (!(rate >= 0 && rate < 1)) throw new OpError(op, `the rate must be at least 0 and below 1, got ${rate}`);
  if (!Number.isInteger(stream) || stream < 0 || stream >= 2 ** 32)
    throw new OpError(op, `the stream must be a whole number of 32 bits, got ${stream}`);
}

export const dropoutOp: OpDefinition = {
  name: 'dropout',
  summary:
    'x with elements set to 0 at random and the others divided by 1 − rate; key: two i32 words, say seed and step',
  infer: ([x, key], attributes) => {
    checkRate('dropout', attributes as unknown as DropoutAttributes);
    expectDType('dropout', 'x', x, 'f32');
    expectIntegers('dropout', 'key', key, [2]);
    return [f32Of(x.shape)];
  },
  vjp: ({ inputs: [, key], attributes, cotangents: [g] }) => [g && applyOne(dropoutOp, [g, key], attributes), null],
  lowering: {
    kind: 'kernel',
    lower: (context) => {
      const { rate, stream } = context.attributes as unknown as DropoutAttributes;
      const count = Math.ceil(sizeOf(context.inputs[0].shape) / 4);
      context.dispatch({
        source: dropoutKernel(),
        parameters: { count, stream, threshold: dropThreshold(rate), scale: 1 / (1 - rate) },
        operands: [context.input(0), context.input(1), context.output(0)],
        grid: dropoutGrid(count),
      });
    },
  },
};

/**
 * Dropout of x (f32). `key` (i32 [2]) is data: seed and step, so that every step drops others. `stream` must differ between the places of a
 * model.
 */
export function dropout(x: Tensor, key: Tensor, rate: number, stream = 0): Tensor {
  return rate === 0 ? x : applyOne(dropoutOp, [x, key], { rate, stream });
}
