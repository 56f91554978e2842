/** Donated arguments: their buffers come back as results, what is read later is never overwritten, and what is gone says where it went. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type CompileOptions, compile } from '../../../engine/compile.ts';
import { type Device, requestDevice, type Tensor, TensorStateError } from '../../../engine/index.ts';
import { concat, updateRows } from '../../../engine/ops/index.ts';
import { adapterChoice } from '../../adapter.ts';
import { rejects } from '../../rejects.ts';

let device: Device;

test.before(async () => {
  device = await requestDevice({ adapter: adapterChoice() });
});

test.after(() => device.close());

const ramp = (count: number, from = 0) => Array.from({ length: count }, (_, i) => from + i);

test('results take the buffers of donated arguments', async () => {
  const step = compile(
    function advance(state: { weight: Tensor; moment: Tensor }, gradient: Tensor) {
      const moment = state.moment.mul(0.5).add(gradient);
      return { state: { weight: state.weight.sub(moment), moment }, norm: gradient.square().sum() };
    },
    { donate: [0] },
  );
  const gradient = device.tensor([1, 2, 3, 4]);
  let state = { weight: device.tensor([10, 10, 10, 10]), moment: device.zeros([4]) };
  const buffers = [state.weight, state.moment].map((tensor) => tensor.storage('test').shards[0].buffer.id);
  const first = state;
  for (let i = 0; i < 3; i++) {
    const { state: next, norm } = await step(state, gradient);
    assert.is(await norm.item(), 30);
    norm.dispose();
    state = next;
  }
  const moments = [1.75, 3.5, 5.25, 7];
  assert.equal(await state.moment.toArray(), moments);
  assert.equal(
    await state.weight.toArray(),
    [1, 2, 3, 4].map((g) => 10 - (1 + 1.5 + 1.75) * g),
  );
  const after = [state.weight, state.moment].map((tensor) => tensor.storage('test').shards[0].buffer.id);
  assert.equal(after.sort(), buffers.sort(), 'the same two buffers');
  assert.throws(
    () => first.weight.add(1),
    (error: Error) => error instanceof TensorStateError && /donated to «advance»/.test(error.message),
  );
  await rejects(() => first.moment.read(), TensorStateError, /read: the tensor was donated to «advance»/);
  await rejects(() => step(first, gradient), TensorStateError, /advance: the tensor was donated to «advance»/);
  step.dispose();
});

test('a donated tensor that no result replaces is gone all the same', async () => {
  const step = compile((x: Tensor) => x.sum(), { donate: [0], name: 'total' });
  const x = device.tensor(ramp(8));
  assert.is(await (await step(x)).item(), 28);
  await rejects(() => x.read(), TensorStateError, /donated to «total»/);
  step.dispose();
});

test('a donated tensor must not be passed twice, nor be used otherwise', async () => {
  const x = device.tensor([1, 2, 3, 4]);
  const both = compile((a: Tensor, b: Tensor) => a.add(1).mul(b), { donate: [0], name: 'both' });
  await rejects(() => both(x, x), TensorStateError, /both: a donated tensor was passed twice/);
  const captures = compile((a: Tensor) => a.add(1).mul(x), { donate: [0], name: 'captures' });
  await rejects(() => captures(x), TensorStateError, /captures: a donated tensor is also used/);
  assert.equal(await x.toArray(), [1, 2, 3, 4], 'the tensor is still there');
  const y = device.tensor([1, 1, 1, 2]);
  assert.equal(await (await both(y, x)).toArray(), [2, 4, 6, 12], 'and so are the plans');
});

test('arguments handed on: as they are, swapped, reshaped, in part', async () => {
  const step = compile(
    (a: Tensor, b: Tensor) => ({ swapped: [b, a.reshape([3, 4])], part: b.slice(0, 0, 1), again: b.mul(1) }),
    { donate: [0, 1] },
  );
  const { swapped, part, again } = await step(device.tensor(ramp(12), [2, 6]), device.tensor(ramp(8, 100), [4, 2]));
  assert.equal(await swapped[0].toArray(), ramp(8, 100));
  assert.equal(swapped[1].shape, [3, 4]);
  assert.equal(await swapped[1].toArray(), ramp(12));
  assert.equal(await part.toArray(), [100, 101]);
  assert.equal(await again.toArray(), ramp(8, 100));
  const shorten = compile((x: Tensor) => x.slice(0, 0, 2).add(1), { donate: [0] });
  const short = await shorten(swapped[1]);
  assert.equal(await short.toArray(), ramp(8, 1));
  const sum = compile((x: Tensor) => x.sum(0));
  assert.equal(await (await sum(short)).toArray(), [6, 8, 10, 12], 'a shortened result can be used on');
});

test('arithmetic in place spares what others read', async () => {
  const x = () => device.tensor(ramp(8), [2, 4]);
  const run = async (body: (a: Tensor) => Tensor[]) => {
    const step = compile(body, { donate: [0] });
    const results = await step(x());
    const values = await Promise.all(results.map((result) => result.toArray()));
    step.dispose();
    return values;
  };
  const doubled = ramp(8).map((v) => 2 * v);
  assert.equal(await run((a) => [a.mul(2), a.softmax().mul(0).add(a).reshape([8])]), [doubled, ramp(8)]);
  assert.equal(await run((a) => [a.mul(2), a]), [doubled, ramp(8)]);
  assert.equal(await run((a) => [a.mul(2), a.transpose().transpose()]), [doubled, ramp(8)]);
  assert.equal(await run((a) => [a.mul(2).sum(), a.slice(0, 1, 2)]), [[56], ramp(4, 4)]);
  assert.equal(await run((a) => [a.add(a.slice(0, 0, 1))]), [[0, 2, 4, 6, 4, 6, 8, 10]]);
  assert.equal(await run((a) => [a.add(a.sum(1, true))]), [[6, 7, 8, 9, 26, 27, 28, 29]]);
  assert.equal(await run((a) => [a.add(a.reshape([4, 2]).transpose().reshape([2, 4]))]), [[0, 3, 6, 9, 5, 8, 11, 14]]);
});

// ---- rows written into a cache

const cacheShape = [1, 4, 2];
const cacheRows = ramp(8);
const written = [0, 1, 100, 101, 4, 5, 6, 7];

/** Runs `body` on a cache of rows 0 … 7 with [100, 101] for slot 1, with and without donating it; both must give the same. */
async function withCache(
  body: (cache: Tensor, rows: Tensor, position: Tensor) => Tensor[],
  expected: number[][],
  options: CompileOptions = {},
): Promise<void> {
  for (const donate of [[0], []]) {
    for (const fusion of [true, false]) {
      const step = compile(body, { ...options, donate, fusion });
      const cache = device.tensor(cacheRows, cacheShape);
      const position = device.tensor(Int32Array.of(1));
      const results = await step(cache, device.tensor([100, 101], [1, 1, 2]), position);
      const values = await Promise.all(results.map((result) => result.toArray()));
      assert.equal(values, expected, `donated: ${donate}, fusion: ${fusion}`);
      if (donate.length === 0) assert.equal(await cache.toArray(), cacheRows, 'what was not donated is untouched');
      step.dispose();
    }
  }
}

const sum = (values: number[]) => values.reduce((total, value) => total + value, 0);

test('rows are written in place, without a copy', async () => {
  const step = compile((cache: Tensor, rows: Tensor, position: Tensor) => updateRows(cache, rows, position), {
    donate: [0],
  });
  let cache = device.tensor(cacheRows, cacheShape);
  const rows = device.tensor([100, 101], [1, 1, 2]);
  const positions = [1, 3].map((at) => device.tensor(Int32Array.of(at)));
  const { id } = cache.storage('test').shards[0].buffer;
  for (const position of positions) cache = await step(cache, rows, position);
  assert.is(cache.storage('test').shards[0].buffer.id, id);
  assert.equal(await cache.toArray(), [0, 1, 100, 101, 4, 5, 100, 101]);
  assert.equal(step.describe().bytes.results, 0);
  step.dispose();
});

test('a cache read before and after', () =>
  withCache(
    (cache, rows, position) => {
      const before = cache.sum();
      const after = updateRows(cache, rows, position);
      return [before, after.sum(), after];
    },
    [[28], [sum(written)], written],
  ));

test('the old cache read after the new one', () =>
  withCache(
    (cache, rows, position) => {
      const after = updateRows(cache, rows, position);
      return [after, after.sum().add(cache.sum()), cache.softmax().mul(0).add(cache)];
    },
    [written, [sum(written) + 28], cacheRows],
  ));

test('the old cache is a result too', () =>
  withCache((cache, rows, position) => [updateRows(cache, rows, position), cache], [written, cacheRows]));

test('a view of the old cache is read later, or is a result', () =>
  withCache(
    (cache, rows, position) => {
      const view = cache.transpose([0, 2, 1]);
      const after = updateRows(cache, rows, position);
      return [after, view.slice(2, 1, 2), cache.reshape([4, 2]).slice(0, 1, 2).mul(after.sum().mul(0).add(1))];
    },
    [written, [2, 3], [2, 3]],
  ));

test('an elementwise value of the old cache joins a kernel that runs after the write', () =>
  withCache(
    (cache, rows, position) => {
      const doubled = cache.mul(2);
      const after = updateRows(cache, rows, position);
      return [doubled.add(after)];
    },
    [written.map((value, i) => value + 2 * cacheRows[i])],
  ));

test('a copy of a view is written, then the view read', () =>
  withCache(
    (cache, rows, position) => {
      const turned = cache.reshape([2, 1, 2, 2]).transpose([1, 2, 0, 3]).reshape([1, 4, 2]);
      const view = cache.transpose([0, 2, 1]).reshape([2, 4]).transpose().reshape([1, 4, 2]);
      const swapped = cache.reshape([1, 2, 4]).transpose([0, 2, 1]);
      const after = updateRows(swapped, rows, position);
      return [after, swapped.sum(1), swapped.softmax().mul(0).add(swapped), turned.sum(), view.sum()];
    },
    [[0, 4, 100, 101, 2, 6, 3, 7], [6, 22], [0, 4, 1, 5, 2, 6, 3, 7], [28], [28]],
  ));

test('writes one after the other, and two different ones to the same cache', () =>
  withCache(
    (cache, rows, position) => {
      const once = updateRows(cache, rows, position);
      const twice = updateRows(once, rows.add(1), position.add(1).cast('i32'));
      const other = updateRows(cache, rows.neg(), position);
      return [twice, other, once.sum()];
    },
    [[0, 1, 100, 101, 101, 102, 6, 7], [0, 1, -100, -101, 4, 5, 6, 7], [sum(written)]],
  ));

test('rows that come from the cache itself', () =>
  withCache(
    (cache, rows, position) => {
      const zero = position.mul(0).cast('i32');
      const same = updateRows(cache, cache, zero);
      return [updateRows(same, cache.slice(1, 2, 4), zero), updateRows(same, rows, position)];
    },
    [[4, 5, 6, 7, 4, 5, 6, 7], written],
  ));

test('a cache written over itself, with nobody else to read it', () =>
  withCache((cache, _, position) => [updateRows(cache, cache, position)], [[0, 1, 0, 1, 2, 3, 4, 5]]));

test('the front part of a cache is written', () =>
  withCache(
    (cache, rows, position) => {
      const double = concat([cache, cache.neg()], 0);
      const front = double.slice(0, 0, 1);
      return [updateRows(front, rows, position), double.sum(), updateRows(cache.slice(1, 0, 3), rows, position)];
    },
    [written, [0], written.slice(0, 6)],
  ));

test.run();
