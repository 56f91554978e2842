/** Training steps whose embedding lies in shards, against the same with whole tensors: forward, gradients, clipping, AdamW. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  adamw,
  adamwSettings,
  clipFactor,
  compile,
  crossEntropy,
  type Device,
  gather,
  globalNorm,
  HostArray,
  type Moments,
  mapTree,
  requestDevice,
  type Tensor,
  valueAndGrad,
} from '../../../engine/index.ts';
import { adapterChoice } from '../../adapter.ts';
import { uniform } from '../interpret.ts';

const test = suite('sharded training');
const [vocabulary, width, tokens] = [190, 8, 12];

type Params = { embedding: Tensor; weight: Tensor; bias: Tensor };
interface State {
  params: Params;
  moments: Moments<Params>;
}

/** A tied embedding around one layer. */
function lossOf({ embedding, weight, bias }: Params, ids: Tensor, labels: Tensor): Tensor {
  const x = gather(embedding, ids);
  const hidden = x.matmul(weight, { transposeB: true }).add(bias).gelu().add(x);
  return crossEntropy(hidden, embedding, labels)
    .sum()
    .mul(1 / tokens);
}

function startOn(device: Device): State {
  const random = uniform(3);
  const tensor = (...shape: number[]) =>
    device.tensor(
      Float32Array.from({ length: shape.reduce((a, b) => a * b) }, () => random() - 0.5),
      shape,
    );
  const params = { embedding: tensor(vocabulary, width), weight: tensor(width, width), bias: tensor(width) };
  const zeros = () => mapTree(params, (leaf) => device.zeros((leaf as Tensor).shape));
  return { params, moments: { first: zeros(), second: zeros() } };
}

/** Losses and final embedding of a few steps with changing learning rate; `half` computes with an f16 copy of the embedding. */
async function train(device: Device, half: boolean): Promise<{ losses: number[]; embedding: Float32Array }> {
  const body = ({ params, moments }: State, ids: Tensor, labels: Tensor, settings: Tensor) => {
    const used = (p: Params) => (half ? { ...p, embedding: p.embedding.cast('f16') } : p);
    const [loss, gradients] = valueAndGrad((p: Params) => lossOf(used(p), ids, labels))(params);
    const factor = clipFactor(globalNorm(gradients), 0.5);
    const { parameters, moments: next } = adamw(params, gradients, moments, settings, { factor });
    return { loss, state: { params: parameters, moments: next } };
  };
  const step = compile(body, { donate: [0], name: 'step' });
  const random = uniform(5);
  let state = startOn(device);
  const losses: number[] = [];
  for (let at = 1; at <= 6; at++) {
    const draw = () => Int32Array.from({ length: tokens }, () => Math.floor(random() * vocabulary));
    const settings = adamwSettings({ learningRate: 0.01 * at, step: at });
    const result = await step(state, new HostArray(draw()), new HostArray(draw()), settings);
    state = result.state;
    losses.push(await result.loss.item());
  }
  return { losses, embedding: (await state.params.embedding.read()) as Float32Array };
}

for (const half of [false, true]) {
  for (const kernels of ['software', 'gpu'] as const) {
    test(`in shards as in one piece (${half ? 'f16 copy, ' : ''}${kernels} kernels)`, async () => {
      const whole = await requestDevice({ adapter: adapterChoice(), kernels });
      // 190 rows of 32 bytes: shards of 64, 64, 62 rows; as f16 of 128 and 62
      const small = await requestDevice({ adapter: adapterChoice(), kernels, maxBindingBytes: 2048 });
      const state = startOn(small);
      assert.equal(
        state.params.embedding.storage('test').shards.map(({ rows }) => rows),
        [64, 64, 62],
      );
      const [expected, actual] = [await train(whole, half), await train(small, half)];
      for (const [i, loss] of expected.losses.entries())
        assert.ok(Math.abs(actual.losses[i] - loss) < 1e-5 * loss, `step ${i + 1}: ${actual.losses[i]}, whole ${loss}`);
      assert.ok(expected.losses.at(-1)! !== expected.losses[0]);
      const furthest = expected.embedding.reduce((max, v, i) => Math.max(max, Math.abs(v - actual.embedding[i])), 0);
      assert.ok(furthest < 1e-5, `embedding off by ${furthest}`);
      whole.close();
      small.close();
    });
  }
}

test.run();
