/** How long kernels take, by the device's clock. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { compile, type Device, DeviceError, requestDevice, type Tensor } from '../../../engine/index.ts';
import { adapterChoice } from '../../adapter.ts';
import { rejects } from '../../rejects.ts';

let device: Device;
test.before(async () => {
  device = await requestDevice({ adapter: adapterChoice() });
});
test.after(() => device.close());

/** False, saying so, where the adapter has no clock to read. */
function hasClock(): boolean {
  const has = device.gpu.features.has('timestamp-query');
  if (!has) console.log(`skipped: no timestamps on ${device.description}`);
  return has;
}

test('every dispatch of what ran is timed, and the results are the same', async () => {
  if (!hasClock()) return;
  const product = compile((a: Tensor, b: Tensor) => a.matmul(b).relu().sum(), { name: 'product' });
  const side = 128;
  const values = Float32Array.from({ length: side * side }, (_, i) => Math.sin(i));
  const [a, b] = [device.tensor(values, [side, side]), device.tensor(values, [side, side])];
  const plain = await (await product(a, b)).toArray();
  const { result, kernels } = await device.profile(async () => {
    const again = await product(a, b);
    return (await again.add(1).toArray())[0];
  });
  assert.is(result, Math.fround(plain[0] + 1));
  const own = kernels.filter(({ plan }) => plan === 'product');
  const { dispatches, flops } = product.describe();
  const sum = (of: (kernel: (typeof own)[number]) => number) => own.reduce((total, kernel) => total + of(kernel), 0);
  assert.is(
    sum((kernel) => kernel.dispatches),
    dispatches,
  );
  assert.is(
    sum((kernel) => kernel.flops),
    flops,
  );
  assert.ok(own.some(({ kernel, op }) => kernel.startsWith('matmul') && op.includes('[128, 128]')));
  assert.ok(
    kernels.some(({ plan }) => plan !== 'product'),
    'the op outside of the compiled function too',
  );
  const times = kernels.map(({ milliseconds }) => milliseconds);
  assert.equal(
    times,
    [...times].sort((x, y) => y - x),
    'what took longest comes first',
  );
  assert.ok(times[0] > 0 && times.every((time) => time >= 0 && time < 60_000));
  // nothing is timed any more
  assert.is(device.profiler, null);
  assert.equal(await (await product(a, b)).toArray(), plain);
  product.dispose();
});

test('more dispatches than fit into one set of queries', async () => {
  if (!hasClock()) return;
  const count = 2100;
  const chain = compile(
    (x: Tensor) => {
      let y = x;
      for (let i = 0; i < count; i++) y = y.add(1);
      return y;
    },
    { name: 'chain', fusion: false },
  );
  const x = device.zeros([4]);
  const { result, kernels } = await device.profile(async () => (await chain(x)).toArray());
  assert.equal([...(result as Iterable<number>)], [count, count, count, count]);
  assert.is(
    kernels.reduce((sum, { dispatches }) => sum + dispatches, 0),
    count,
  );
  chain.dispose();
});

test('one at a time; a failure ends it', async () => {
  if (!hasClock()) return;
  await device.profile(async () => {
    await rejects(
      () => device.profile(() => undefined),
      DeviceError,
      /^profile: the device is being profiled already$/,
    );
  });
  await rejects(
    () =>
      device.profile(() => {
        throw new Error('of its own');
      }),
    Error,
    /^of its own$/,
  );
  const { kernels } = await device.profile(() => undefined);
  assert.equal(kernels, []);
});

test('an adapter without a clock is told of', async () => {
  const blind = await requestDevice({ adapter: adapterChoice() });
  Object.defineProperty(blind.gpu, 'features', { value: new Set() });
  await rejects(
    () => blind.profile(() => undefined),
    DeviceError,
    /has no timestamp queries, so its kernels cannot be timed$/,
  );
  blind.close();
});

test.run();
