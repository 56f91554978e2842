/** Plans on paper: what they would cost, without a device. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { DeviceTraits } from '../../engine/device.ts';
import { compile, HostArray, type Tensor, TensorShape, updateRows } from '../../engine/index.ts';
import { tilesFor } from '../../kernels/tiles.ts';

const test = suite('engine: estimate');

const traits: DeviceTraits = {
  software: false,
  subgroupLanes: 0,
  maxBindingBytes: 2 ** 27,
  maxBindings: 16,
  tiles: tilesFor({ vendor: '', architecture: '' }),
};

const product = compile((a: Tensor, b: Tensor) => a.matmul(b).add(1), { name: 'product' });

test('work and bytes follow from shapes alone', () => {
  const { flops, bytes, dispatches, pipelines } = product.estimate(
    traits,
    new TensorShape([100, 40]),
    new TensorShape([40, 60]),
  );
  assert.is(flops, 2 * 100 * 40 * 60);
  assert.equal([dispatches, pipelines], [1, 1]);
  assert.equal([bytes.arguments, bytes.results, bytes.slots], [4 * (100 * 40 + 40 * 60), 4 * 100 * 60, 0]);
});

test('a tensor larger than a binding is planned in shards', () => {
  const look = compile((table: Tensor, ids: Tensor) => table.gather(ids), { name: 'look-up' });
  const ids = new HostArray(Int32Array.of(3, 1));
  const whole = look.estimate(traits, new TensorShape([64, 16]), ids);
  const sharded = look.estimate({ ...traits, maxBindingBytes: 1024 }, new TensorShape([64, 16]), ids);
  assert.is(whole.bytes.arguments, sharded.bytes.arguments);
  assert.ok(sharded.dispatches > whole.dispatches);
});

test('what is given up takes no new memory', () => {
  const results = (donate: number[]) =>
    compile((cache: Tensor, rows: Tensor, slots: Tensor) => updateRows(cache, rows, slots), { donate }).estimate(
      traits,
      new TensorShape([2, 8, 16]),
      new TensorShape([2, 1, 16]),
      new HostArray(Int32Array.of(3, 4)),
    ).bytes.results;
  assert.equal([results([]), results([0])], [4 * 2 * 8 * 16, 0]);
});

test('nothing is kept: describe still has no plan, and a shape is no argument of a call', async () => {
  assert.throws(() => product.describe(), /there is no plan yet/);
  const shape = new TensorShape([2, 2]) as never;
  const message = await product(shape, shape).catch((error: Error) => error.message);
  assert.match(String(message), /argument 0 is neither a tensor, a HostArray/);
});

test.run();
