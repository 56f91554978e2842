/** One step of AdamW in float64. */
import { adamwOp } from '../ops/adamw.ts';
import type { OpReference } from './op-reference.ts';
import { input } from './support.ts';

export const adamwReference: OpReference = {
  op: adamwOp,
  values: ([x, m, v, g, settings]) => {
    const [rate, beta1, beta2, epsilon, decay, correction1, correction2, factor] = settings.data;
    if (factor < 0) return [x, m, v].map(({ data }) => data.slice());
    const first = m.data.map((value, i) => beta1 * value + (1 - beta1) * g.data[i] * factor);
    const second = v.data.map((value, i) => beta2 * value + (1 - beta2) * (g.data[i] * factor) ** 2);
    const step = (i: number) => first[i] / correction1 / (Math.sqrt(second[i] / correction2) + epsilon);
    return [x.data.map((value, i) => value * (1 - rate * decay) - rate * step(i)), first, second];
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
