/** Small random functions of tensors, for comparing the ways of running them. */
import { concat, layerNorm, matmul } from '../../engine/ops/index.ts';
import type { CaseInput } from '../../engine/reference/op-reference.ts';
import { input } from '../../engine/reference/support.ts';
import { broadcastShapes, sameShape } from '../../engine/shape.ts';
import type { Tensor } from '../../engine/tensor.ts';
import type { Body } from './agreement.ts';
import { uniform } from './interpret.ts';

/** Of these extents some are multiples of 4 and some are not. */
const extents = [1, 4, 6, 8];

type Chooser = <T>(list: readonly T[]) => T;

function broadcasts(a: Tensor, b: Tensor): boolean {
  try {
    return broadcastShapes('test', a.shape, b.shape).reduce((size, extent) => size * extent, 1) <= 512;
  } catch {
    return false;
  }
}

/** One step: a new tensor of those there are, or null where the choice does not fit. */
function randomStep(pool: readonly Tensor[], choose: Chooser): Tensor | null {
  const x = choose(pool);
  const other = choose(pool);
  const axis = Math.max(0, x.rank - choose([1, 2]));
  const extent = x.shape[axis] ?? 1;
  const steps: (() => Tensor | null)[] = [
    () => x.tanh(),
    () => x.gelu(),
    () => x.square().mul(0.25),
    () => x.neg().add(choose([1, 0.5])),
    () => (broadcasts(x, other) ? x.add(other) : null),
    () => (broadcasts(x, other) ? x.mul(other) : null),
    () => (broadcasts(x, other) ? x.maximum(other.mul(0.5)) : null),
    () => (broadcasts(x, other) ? x.sub(other).sigmoid() : null),
    () => (x.rank > 1 ? x.transpose() : null),
    () => (x.rank > 0 ? x.reshape([-1]) : null),
    () => (x.rank === 1 && extent % 4 === 0 ? x.reshape([4, extent / 4]) : null),
    () => (extent > 2 ? x.slice(axis, choose([0, 1, 2]), extent - choose([0, 1]) * Number(extent > 3)) : null),
    () => (x.rank > 0 && x.size <= 64 ? concat([x, x.neg()], axis) : null),
    () => (x.rank > 0 && extent > 1 ? x.sum(axis, choose([true, false])) : null),
    () => (extent > 1 && axis === x.rank - 1 ? x.softmax() : null),
    () => {
      const width = x.shape[x.rank - 1];
      const vector = pool.find((one) => sameShape(one.shape, [width]));
      return vector ? layerNorm(x, vector, vector) : null;
    },
  ];
  // products are worth more tries: their tails are where fusion is hard
  for (const transposeB of [false, true]) {
    const multiply = () => {
      const fits =
        x.rank > 1 && other.rank === 2 && x.shape[x.rank - 1] === other.shape[transposeB ? 1 : 0] && x.size <= 256;
      return fits ? matmul(x, other, { transposeB }).mul(0.25) : null;
    };
    steps.push(multiply, multiply, multiply);
  }
  return choose(steps)();
}

/** The function that belongs to a seed: always the same, whatever tensors it is given. */
export function randomFunction(seed: number, steps = 12): { inputs: CaseInput[]; body: Body } {
  const random = uniform(seed);
  const extent = () => extents[Math.floor(random() * extents.length)];
  const inputs = [
    input([4 + 4 * Math.floor(random() * 2), 8], -1, 1),
    input([8, 6], -1, 1),
    input([8], -1, 1),
    input([extent(), extent()], -1, 1),
    input([2, extent(), 8], -1, 1),
  ];
  const body: Body = (args) => {
    const choices = uniform(seed + 1000);
    const choose: Chooser = (list) => list[Math.floor(choices() * list.length)];
    const pool = [...args];
    for (let tries = 0; tries < 40 * steps && pool.length < args.length + steps; tries++) {
      const made = randomStep(pool, choose);
      if (made) pool.push(made);
    }
    return [pool[pool.length - 1], choose(pool.slice(args.length)), choose(pool), pool[pool.length - 2]];
  };
  return { inputs, body };
}
