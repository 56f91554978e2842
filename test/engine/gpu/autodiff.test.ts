/** Gradients on the device: rematerialised regions, derivatives by hand, frozen parts, second derivatives; fused and not. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  adamw,
  adamwSettings,
  attention,
  compile,
  customGradient,
  type Device,
  grad,
  gradientsOf,
  OpError,
  remat,
  requestDevice,
  type Tensor,
  valueAndGrad,
} from '../../../engine/index.ts';
import { adapterChoice } from '../../adapter.ts';
import { rejects } from '../../rejects.ts';
import { uniform } from '../interpret.ts';

const test = suite('autodiff');
let device: Device;
test.before(async () => {
  device = await requestDevice({ adapter: adapterChoice() });
});
test.after(() => device.close());

function random(seed: number, ...shape: number[]): Tensor {
  const next = uniform(seed);
  return device.tensor(
    Float32Array.from({ length: shape.reduce((a, b) => a * b) }, () => 2 * next() - 1),
    shape,
  );
}

interface Pair {
  readonly a: Tensor;
  readonly b: Tensor;
}

const layer = (x: Tensor, weight: Tensor) => {
  const inner = x.matmul(weight, { transposeB: true }).gelu();
  return inner.mul(inner.sigmoid()).add(x);
};

const deep = (again: boolean) => (weights: Tensor[], x: Tensor) => {
  const run = again ? remat(layer) : layer;
  return weights
    .reduce((value, weight) => run(value, weight), x)
    .square()
    .sum();
};

test('remat: the same gradients, fewer bytes, more work', async () => {
  const weights = Array.from({ length: 8 }, (_, i) => random(i + 1, 16, 16));
  const x = random(99, 256, 16);
  const plain = compile((w: Tensor[], input: Tensor) => valueAndGrad(deep(false))(w, input));
  const again = compile((w: Tensor[], input: Tensor) => valueAndGrad(deep(true))(w, input));
  const [loss, gradients] = await plain(weights, x);
  const [lossAgain, gradientsAgain] = await again(weights, x);
  assert.is(await lossAgain.item(), await loss.item());
  const [a, b] = [plain.describe(), again.describe()];
  assert.ok(b.bytes.slots < 0.7 * a.bytes.slots, `${b.bytes.slots} bytes instead of ${a.bytes.slots}`);
  assert.ok(b.flops > 1.2 * a.flops);
  const unfused = compile((w: Tensor[], input: Tensor) => valueAndGrad(deep(true))(w, input), { fusion: false });
  const [, slow] = await unfused(weights, x);
  for (const [i, gradient] of gradients.entries()) {
    const wanted = await gradient.toArray();
    const largest = Math.max(...wanted.map(Math.abs));
    for (const other of [gradientsAgain[i], slow[i]]) {
      const actual = await other.toArray();
      // sums of products are taken in another order
      assert.ok(wanted.every((value, at) => Math.abs(value - actual[at]) < 1e-5 * largest));
    }
  }
});

test('remat within remat, of a function with several results, and outside a compiled function', async () => {
  const weight = random(1, 8, 8);
  const both = (x: Tensor, w: Tensor) => {
    const y = layer(x, w);
    return { y, z: remat(layer)(y, w) };
  };
  const lossOf = (run: typeof both) => (w: Tensor, x: Tensor) => {
    const { y, z } = run(x, w);
    return y.mul(z).sum();
  };
  const x = random(2, 4, 8);
  const [plain, again] = [both, remat(both)].map((run) =>
    compile((w: Tensor, input: Tensor) => grad(lossOf(run))(w, input)),
  );
  assert.equal(await (await again(weight, x)).read(), await (await plain(weight, x)).read());
  assert.equal(await remat(layer)(x, weight).read(), await layer(x, weight).read());
});

test('a derivative by hand takes the place of the computed one', async () => {
  const clipped = customGradient(
    (x: Tensor, y: Tensor) => x.mul(y),
    (g, [x, y], result) => [g.mul(y).minimum(0.5), result.mul(0).add(x.shape[0])],
  );
  const step = compile((x: Tensor, y: Tensor) => {
    const loss = clipped(x, y).mul(3).sum();
    const [dx, dy] = gradientsOf(loss, [x, y]);
    return { loss, dx: dx!, dy: dy! };
  });
  const [x, y] = [device.tensor([1, 2, 3]), device.tensor([-1, 0.125, 5])];
  const { loss, dx, dy } = await step(x, y);
  assert.is(await loss.item(), 3 * 14.25);
  assert.equal(await dx.toArray(), [-3, 0.375, 0.5]);
  assert.equal(await dy.toArray(), [3, 3, 3]);
  assert.equal(await clipped(x, y).toArray(), [-1, 0.25, 15]);
  const wrong = customGradient(
    (input: Tensor) => input.square(),
    () => [],
  );
  await rejects(
    () => compile((input: Tensor) => grad((v: Tensor) => wrong(v).sum())(input))(x),
    OpError,
    /customGradient: the derivative gave 0 gradients for 1 inputs/,
  );
});

test('attention on f16 has the gradient of attention on f32', async () => {
  const [q, k, v] = [random(1, 1, 6, 16), random(2, 1, 6, 16), random(3, 1, 6, 16)];
  const lossOf = (cast: boolean) => (p: Tensor[]) => {
    const [a, b, c] = p.map((x) => (cast ? x.cast('f16') : x));
    return attention(a, b, c, { heads: 2 }).square().sum();
  };
  const [exact, half] = await Promise.all(
    [false, true].map((cast) => compile((p: Tensor[]) => grad(lossOf(cast))(p))([q, k, v])),
  );
  for (const [i, gradient] of exact.entries()) {
    const [a, b] = [await gradient.toArray(), await half[i].toArray()];
    const furthest = a.reduce((most, value, at) => Math.max(most, Math.abs(value - b[at])), 0);
    const largest = a.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    assert.ok(largest > 0 && furthest < 5e-3 * largest, `${furthest} of ${largest}`);
  }
});

test('AdamW pairs parameters, gradients and moments by name, not by order', async () => {
  const [a, b, ga, gb] = [random(1, 4), random(2, 4), random(3, 4), random(4, 4)];
  const zeros = () => device.zeros([4]);
  const step = compile((state: { p: Pair; g: Pair; first: Pair; second: Pair }, settings: Tensor) => {
    const moments = { first: state.first, second: state.second };
    return adamw(state.p, state.g, moments, settings).parameters;
  });
  const settings = adamwSettings({ learningRate: 0.1, step: 1 });
  const [p, first, second] = [
    { a, b },
    { a: zeros(), b: zeros() },
    { b: zeros(), a: zeros() },
  ];
  const one = await step({ p, g: { a: ga, b: gb }, first, second }, settings);
  const other = await step({ p, g: { b: gb, a: ga }, first, second }, settings);
  assert.equal(await other.a.read(), await one.a.read());
  assert.equal(await other.b.read(), await one.b.read());
  assert.not.equal(await one.a.read(), await a.read());
  const fewer = compile((x: Pair, s: Tensor) => adamw(x, { a: x.a } as Pair, { first: x, second: x }, s).parameters);
  await rejects(() => fewer(p, settings), OpError, /^adamw: the gradients have no tensor for the parameter b/);
});

test('what is frozen costs nothing; stopGradient; a leaf that the loss does not need gets zeros', async () => {
  const lossOf = (w: Tensor, frozen: Tensor, x: Tensor) =>
    x.matmul(frozen).matmul(w).add(x.matmul(w).stopGradient()).square().sum();
  const args = [random(1, 8, 8), random(2, 8, 8), random(3, 4, 8)] as const;
  const one = compile((w: Tensor, f: Tensor, x: Tensor) => grad((v: Tensor) => lossOf(v, f, x))(w));
  const two = compile((w: Tensor, f: Tensor, x: Tensor) =>
    grad(({ v, u }: { v: Tensor; u: Tensor }) => lossOf(v, u, x))({ v: w, u: f }),
  );
  const alone = await one(...args);
  const { v } = await two(...args);
  assert.equal(await alone.read(), await v.read());
  assert.ok(one.describe().flops < two.describe().flops);
  const unused = compile((a: Tensor, b: Tensor) => grad(([p]: Tensor[]) => p.sum())([a, b]));
  const [, zero] = await unused(args[0], args[1]);
  assert.ok((await zero.toArray()).every((value) => value === 0));
});

test('second derivatives through rematerialised regions; fused kernels say that they have none', async () => {
  const cube = remat((x: Tensor) => x.mul(x).mul(x));
  const second = compile((x: Tensor) => grad((y: Tensor) => grad((z: Tensor) => cube(z).sum())(y).sum())(x));
  assert.equal(await (await second(device.tensor([1, -2, 0.5]))).toArray(), [6, -12, 3]);
  const normed = (x: Tensor) =>
    x
      .layerNorm(device.tensor([1, 1, 1]), device.tensor([0, 0, 0]))
      .square()
      .sum();
  await rejects(
    () =>
      compile((x: Tensor) => grad((y: Tensor) => grad(normed)(y).square().sum())(x))(
        device.tensor([[1, 2, 4]].flat(), [1, 3]),
      ),
    OpError,
    /layerNormGradient: has no derivative: a second derivative/,
  );
});

test.run();
