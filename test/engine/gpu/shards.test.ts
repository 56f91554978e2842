/** Tensors larger than a binding, in shards of rows; and grids larger than one dimension of a dispatch. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { compile } from '../../../engine/compile.ts';
import { type Device, OpError, requestDevice, type Tensor } from '../../../engine/index.ts';
import { gather, matmul, updateRows } from '../../../engine/ops/index.ts';
import { toFloat16Bits } from '../../../engine/safetensors.ts';
import { adapterChoice } from '../../adapter.ts';
import { rejects } from '../../rejects.ts';

const rows = 90;
const width = 8;
const table = Float32Array.from({ length: rows * width }, (_, i) => ((i * 37) % 101) / 64 - 0.75);
const tableRow = (row: number) => [...table.subarray(row * width, (row + 1) * width)];
const ids = [89, 0, 31, 32, 63, 64, 5];

const rowsOfShards = (tensor: Tensor) => tensor.storage('test').shards.map((shard) => shard.rows);

for (const kernels of ['software', 'gpu'] as const) {
  let device: Device;

  test(`a device of small bindings opens (${kernels} kernels)`, async () => {
    device = await requestDevice({ adapter: adapterChoice(), kernels, maxBindingBytes: 1024 });
  });

  test(`upload in slices, and back (${kernels} kernels)`, async () => {
    const asked: number[][] = [];
    const whole = await device.upload([rows, width], 'f32', (firstRow, count) => {
      asked.push([firstRow, count]);
      return table.subarray(firstRow * width, (firstRow + count) * width);
    });
    assert.equal(asked, [
      [0, 32],
      [32, 32],
      [64, 26],
    ]);
    assert.equal(rowsOfShards(whole), [32, 32, 26]);
    assert.equal(await whole.read(), table);
    const before = device.buffers.liveBytes();
    whole.dispose();
    assert.is(device.buffers.liveBytes(), before - 2 * 1024 - 26 * 32);
    const half = toFloat16Bits(table.subarray(0, 90 * 7));
    const odd = device.tensor(half, [90, 7]);
    assert.equal(rowsOfShards(odd), [72, 18]);
    assert.equal(await odd.read(), half);
    odd.dispose();
    const zeros = device.zeros([rows, width]);
    assert.ok((await zeros.read()).every((value) => value === 0));
    zeros.dispose();
  });

  test(`rows by number (${kernels} kernels)`, async () => {
    const expected = ids.flatMap(tableRow);
    const places = device.tensor(Int32Array.from(ids));
    const sharded = device.tensor(table, [rows, width]);
    assert.equal(await gather(sharded, places).toArray(), expected);
    const half = device.tensor(toFloat16Bits(table), [rows, width]);
    assert.equal(await gather(half, places).toArray(), expected, 'these numbers are exact in f16');
    const step = compile((t: Tensor, at: Tensor) => gather(t, at).mul(2).sum(0));
    const sums = Array.from({ length: width }, (_, c) => ids.reduce((sum, id) => sum + 2 * table[id * width + c], 0));
    assert.equal(await (await step(sharded, places)).toArray(), sums);
    const captured = compile((at: Tensor) => gather(sharded, at));
    assert.equal(await (await captured(places)).toArray(), expected);
    assert.is(captured.describe().bytes.captured, rows * width * 4);
  });

  test(`products with every tail (${kernels} kernels)`, async () => {
    const sharded = device.tensor(table, [rows, width]);
    const x = Float32Array.from({ length: 2 * width }, (_, i) => (i % 5) - 2);
    const [a, bias, residual, row] = [
      device.tensor(x, [2, width]),
      device.tensor(Array.from({ length: rows }, (_, n) => n / 8)),
      device.tensor(
        Array.from({ length: 2 * rows }, (_, i) => -i),
        [2, rows],
      ),
      device.tensor([1, -2], [2, 1]),
    ];
    const step = compile((u: Tensor, w: Tensor) => matmul(u, w, { transposeB: true }).add(bias).mul(row).add(residual));
    const expected = Array.from({ length: 2 * rows }, (_, i) => {
      const [m, n] = [Math.floor(i / rows), i % rows];
      const product = tableRow(n).reduce((sum, value, k) => sum + value * x[m * width + k], 0);
      return (product + n / 8) * (m === 0 ? 1 : -2) - i;
    });
    assert.equal(await (await step(a, sharded)).toArray(), expected);
    assert.is(step.describe().dispatches, 3, 'one a shard, with the tail in each');
  });

  test(`what cannot take shards says so (${kernels} kernels)`, async () => {
    const sharded = device.tensor(table, [rows, width]);
    const message =
      /cannot take the row-sharded tensor \[90, 8\]; elementwise ops, gather, sums over all axes and matmul with transposed B can/;
    const calls = [
      () => sharded.sum(0),
      () => sharded.transpose(),
      () => sharded.softmax(),
      () => matmul(sharded, device.zeros([8, 4])),
      () => matmul(device.zeros([4, 90]), sharded),
    ];
    for (const call of calls) await rejects(call, OpError, message);
    await rejects(() => sharded.add(device.zeros([3, 1, 8])), OpError, /cannot spread row-sharded tensors|exceeds/);
    assert.equal(await sharded.read(), table);
  });

  test(`elementwise ops, sums and results in shards (${kernels} kernels)`, async () => {
    const sharded = device.tensor(table, [rows, width]);
    const half = device.tensor(toFloat16Bits(table), [rows, width]);
    assert.equal(rowsOfShards(half), [64, 26], 'other borders than in f32');
    const bias = device.tensor(Array.from({ length: width }, (_, c) => c));
    const body = (x: Tensor, h: Tensor, b: Tensor) => x.mul(2).add(h).add(b).sub(0.5);
    const expected = [...table].map((value, i) => 3 * value + (i % width) - 0.5);
    for (const fusion of [true, false]) {
      const result = await compile(body, { fusion })(sharded, half, bias);
      assert.equal(rowsOfShards(result), [32, 32, 26]);
      assert.equal(await result.toArray(), expected);
    }
    const halved = await compile((x: Tensor) => x.cast('f16'))(sharded);
    assert.equal(rowsOfShards(halved), [64, 26]);
    assert.equal(await halved.read(), toFloat16Bits(table));
    const total = [...table].reduce((sum, value) => sum + value, 0);
    assert.is(await sharded.sum().item(), total, 'these sums are exact');
    assert.is(
      await sharded.sumSquares().item(),
      [...table].reduce((sum, value) => sum + value * value, 0),
    );
    const copy = await compile((x: Tensor) => x)(sharded);
    assert.equal(await copy.read(), table);
    const created = device.buffers.created;
    const doubled = await compile((x: Tensor) => x.mul(2), { donate: [0] })(copy);
    assert.equal(
      await doubled.toArray(),
      [...table].map((value) => 2 * value),
    );
    assert.is(device.buffers.created, created, 'in the place of the donated shards');
    assert.equal(await sharded.read(), table);
  });

  test(`a factor for each row, and donated rows of odd width (${kernels} kernels)`, async () => {
    const sharded = device.tensor(table, [rows, width]);
    const factors = device.tensor(
      Array.from({ length: rows }, (_, row) => row / 4),
      [rows, 1],
    );
    const byRow = await compile((x: Tensor, f: Tensor) => x.mul(f))(sharded, factors);
    assert.equal(
      await byRow.toArray(),
      [...table].map((value, i) => value * (Math.floor(i / width) / 4)),
    );
    const odd = device.tensor(table.subarray(0, 90 * 5), [90, 5]);
    assert.ok(rowsOfShards(odd).length > 1);
    const bias = device.tensor([1, 2, 3, 4, 5]);
    const moved = await compile((x: Tensor, b: Tensor) => x.add(b), { donate: [0] })(odd, bias);
    assert.equal(
      await moved.toArray(),
      [...table.subarray(0, 90 * 5)].map((value, i) => value + 1 + (i % 5)),
    );
  });

  test(`a cache in shards is refused (${kernels} kernels)`, async () => {
    const [cache, row, at] = [device.zeros([4, 16, 8]), device.zeros([4, 1, 8]), device.zeros([4], 'i32')];
    await rejects(() => updateRows(cache, row, at), OpError, /^updateRows: the cache lies in 2 buffers/);
  });

  test(`the device of small bindings closes (${kernels} kernels)`, () => device.close());
}

test('shards of a few short rows', async () => {
  const tiny = await requestDevice({ adapter: adapterChoice(), maxBindingBytes: 16 });
  const values = Uint16Array.from({ length: 15 }, (_, i) => i + 1);
  const x = tiny.tensor(values, [5, 3]);
  assert.equal(rowsOfShards(x), [2, 2, 1]);
  assert.equal(await x.read(), values);
  assert.throws(() => tiny.zeros([2, 5]), /does not fit into bindings of 16 bytes/);
  tiny.close();
});

test('more workgroups than one dimension takes', async () => {
  const device = await requestDevice({ adapter: adapterChoice() });
  const [high, wide] = [2049, 2048];
  const data = Float32Array.from({ length: high * wide }, (_, i) => i % 8191);
  const x = device.tensor(data, [high, wide]);
  const turned = await x.transpose().add(1).read();
  for (let i = 0; i < data.length; i += 997) {
    const [r, c] = [Math.floor(i / wide), i % wide];
    if (turned[c * high + r] !== data[i] + 1) assert.is(turned[c * high + r], data[i] + 1, `element ${i}`);
  }
  assert.is(turned[turned.length - 1], data[data.length - 1] + 1);
  const many = 66_000;
  const best = await x
    .reshape([-1])
    .slice(0, 0, 2 * many)
    .reshape([many, 2])
    .argmax()
    .read();
  assert.is(best.length, many);
  for (let row = 0; row < many; row++) {
    const expected = data[2 * row + 1] > data[2 * row] ? 1 : 0;
    if (best[row] !== expected) assert.is(best[row], expected, `row ${row}`);
  }
  device.close();
});

test.run();
