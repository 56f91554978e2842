/** What a step that repeats has beside its kernels: results for the host, host data and small constants. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { compile, type Device, HostArray, requestDevice, type Tensor } from '../../../engine/index.ts';
import { adapterChoice } from '../../adapter.ts';

let device: Device;

test.before(async () => {
  device = await requestDevice({ adapter: adapterChoice() });
});
test.after(() => device.close());

/** Submits that `body` makes. */
async function submitsOf(body: () => Promise<unknown>): Promise<number> {
  const { queue } = device.gpu;
  const submit = queue.submit;
  let submits = 0;
  queue.submit = (buffers) => {
    submits++;
    return submit.call(queue, buffers);
  };
  await body();
  queue.submit = submit;
  return submits;
}

const timers = () => new Promise((resolve) => setTimeout(resolve, 5));

/** Long enough to be encoded ahead; adds 20 times x. */
const addTwenty = (x: Tensor) => {
  let sum = x.mul(0);
  for (let i = 0; i < 20; i++) sum = sum.add(x);
  return sum;
};

test('what a loop reads comes with the step, with the values of that step', async () => {
  const step = compile((x: Tensor) => addTwenty(x), { device, fusion: false });
  const turn = async (i: number) => {
    const result = await step(new HostArray(Float32Array.of(i, -i)));
    const values = await result.toArray();
    result.dispose();
    await timers();
    return values;
  };
  assert.is(await submitsOf(() => turn(1)), 2, 'the step, and reading');
  for (let i = 2; i < 5; i++) assert.equal(await turn(i), [20 * i, -20 * i]);
  assert.is(await submitsOf(() => turn(6)), 1);
  assert.equal(await turn(7), [140, -140]);
  step.dispose();
});

test('results that wait to be read keep their values, and can be read again', async () => {
  const step = compile((x: Tensor) => addTwenty(x), { device, fusion: false });
  for (let i = 0; i < 4; i++) {
    const result = await step(i);
    await result.read();
    result.dispose();
    await timers();
  }
  const waiting = [await step(5), await step(6), await step(7)];
  for (const [i, tensor] of waiting.reverse().entries()) {
    assert.is(await tensor.item(), 20 * (7 - i));
    assert.is(await tensor.item(), 20 * (7 - i), 'again');
    tensor.dispose();
  }
  step.dispose();
});

test('what is read no more is copied no more, and its buffers are used again', async () => {
  const step = compile((x: Tensor) => addTwenty(x), { device, fusion: false });
  const { createBuffer } = device.gpu;
  let made = 0;
  device.gpu.createBuffer = (descriptor) => {
    made++;
    return createBuffer.call(device.gpu, descriptor);
  };
  const turn = async (reads: boolean) => {
    const result = await step(1);
    if (reads) assert.is(await result.item(), 20);
    result.dispose();
    await timers();
  };
  for (let i = 0; i < 5; i++) await turn(true);
  made = 0;
  for (let i = 0; i < 20; i++) await turn(false);
  assert.is(await submitsOf(() => turn(true)), 2, 'the habit is gone');
  for (let i = 0; i < 5; i++) await turn(true);
  assert.is(made, 0);
  device.gpu.createBuffer = createBuffer;
  step.dispose();
});

test('small and large host data beside each other', async () => {
  const large = Float32Array.from({ length: 10_000 }, (_, i) => i);
  const step = compile((a: Tensor, b: Tensor, c: Tensor, ids: Tensor) => [
    b.gather(ids).sum(),
    a.add(c),
    b.slice(0, 9_999, 10_000),
  ]);
  for (const factor of [1, 3]) {
    const results = await step(
      new HostArray(Float32Array.of(1, 2, 3).map((value) => value * factor)),
      new HostArray(
        large.map((value) => value * factor),
        [10_000, 1],
      ),
      device.tensor([10, 20, 30]),
      new HostArray(Int32Array.of(0, 7_000, 9)),
    );
    const values = await Promise.all(results.map((tensor) => tensor.toArray()));
    assert.equal(values, [[7_009 * factor], [10 + factor, 20 + 2 * factor, 30 + 3 * factor], [9_999 * factor]]);
  }
  step.dispose();
});

test('captured tensors: small ones lie side by side, and all have the values that they had', async () => {
  const small = Array.from({ length: 5 }, (_, i) => device.tensor([i, 2 * i, 3 * i]));
  const large = device.tensor(new Float32Array(3 * 2 ** 14).fill(0.5), [2 ** 14, 3]);
  const step = compile((x: Tensor) => large.add(small.reduce((sum, tensor) => sum.mul(2).add(tensor), x)), { device });
  const result = await step(1);
  const first = await result.slice(0, 0, 1).toArray();
  assert.equal(first, [32 + 26.5, 32 + 52.5, 32 + 78.5]);
  assert.is(step.describe().bytes.captured, 5 * 16 + large.size * 4);
  for (const tensor of [...small, large]) tensor.dispose();
});

test.run();
