/** What goes wrong is told once, clearly, where it is noticed; nothing hangs. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { compile } from '../../../engine/compile.ts';
import {
  type Device,
  DeviceError,
  HostArray,
  OpError,
  requestDevice,
  type Tensor,
  TensorStateError,
} from '../../../engine/index.ts';
import { attention, concat, gather, layerNorm, matmul, topK, updateRows } from '../../../engine/ops/index.ts';
import { kernelSource } from '../../../kernels/source.ts';
import { adapterChoice } from '../../adapter.ts';
import { rejects } from '../../rejects.ts';

let device: Device;
/** Where devices are lost or closed, they are the test's own. */
const open = () => requestDevice({ adapter: adapterChoice() });

test.before(async () => {
  device = await open();
});

test.after(() => device.close());

const throwsOp = (call: () => unknown, message: RegExp) =>
  assert.throws(call, (error: Error) => {
    assert.match(error.message, message);
    return error instanceof OpError;
  });

test('ops name themselves and the shapes that met', () => {
  const x = device.zeros([2, 3]);
  const y = device.zeros([4, 5]);
  const ids = device.tensor(Int32Array.of(0, 1));
  throwsOp(() => x.add(y), /^add: shapes \[2, 3\] and \[4, 5\] do not broadcast$/);
  throwsOp(() => matmul(x, y), /^matmul: cannot multiply \[2, 3\] and \[4, 5\]: the inner extents 3 and 4 differ/);
  throwsOp(() => matmul(x, device.tensor(Int32Array.of(1, 2, 3), [3, 1])), /^matmul: B must be f32 or f16, got i32/);
  throwsOp(() => x.reshape([4, 2]), /^reshape: \[2, 3\] has not as many elements as \[4, 2\]/);
  throwsOp(() => x.reshape([-1, 4]), /^reshape: shape \[1.5, 4\] must consist of positive integers/);
  throwsOp(() => x.transpose([0, 0]), /^transpose: axes \[0, 0\] are no order of the axes of \[2, 3\]/);
  throwsOp(() => x.slice(0, 1, 3), /^slice: window \[2, 3\] at \[1, 0\] lies not inside \[2, 3\]/);
  throwsOp(() => x.slice(0, 0.5, 1.5), /^slice: window/);
  throwsOp(() => x.sum(2), /^sum: axis 2 is out of range for rank 2/);
  throwsOp(() => x.broadcastTo([2, 4]), /^broadcastTo: shapes \[2, 3\] and \[2, 4\] do not broadcast/);
  throwsOp(() => concat([x, y], 0), /^concat: shapes \[2, 3\] and \[4, 5\] differ outside axis 0/);
  throwsOp(() => concat([], 0), /^concat: there is nothing/);
  throwsOp(() => x.pad(0, -1, 0), /^pad: cannot pad by -1 and 0/);
  throwsOp(
    () => layerNorm(x, device.zeros([3]), device.zeros([2])),
    /^layerNorm: bias must have shape \[3\], got \[2\]/,
  );
  throwsOp(() => device.tensor([1], []).softmax(), /^softmax: a scalar has no last axis/);
  throwsOp(() => ids.l2Normalize(), /^l2Normalize: x must be f32 or f16, got i32/);
  throwsOp(() => gather(x, x), /^gather: ids must be i32, got f32/);
  throwsOp(() => topK(x, 4), /^topK: k = 4 must lie between 1 and 3 for \[2, 3\]/);
  throwsOp(
    () => updateRows(device.zeros([1, 2, 3]), device.zeros([1, 3, 3]), device.tensor(Int32Array.of(0))),
    /^updateRows: 3 rows do not fit into the capacity of 2/,
  );
  const q = device.zeros([1, 2, 12]);
  throwsOp(() => attention(q, q, q, { heads: 5 }), /^attention: 5 heads over width 12/);
  assert.is(device.pipelineCount, 0, 'and nothing is compiled for them');
});

test('data that does not fit its shape, or is no data', () => {
  throwsOp(() => device.tensor([1, 2, 3], [2, 2]), /^tensor: 3 elements do not fill shape \[2, 2\]/);
  throwsOp(() => device.tensor([], [0]), /^tensor: shape \[0\] must consist of positive integers/);
  throwsOp(() => device.zeros([2, -1]), /^zeros: shape \[2, -1\]/);
  throwsOp(() => new HostArray(Float32Array.of(1, 2), [3]), /^HostArray: 2 elements do not fill shape \[3\]/);
  throwsOp(() => new HostArray(new Float32Array(0)), /^HostArray: shape \[0\]/);
  throwsOp(
    () => device.tensor(new Float64Array(2) as unknown as Float32Array),
    /^tensor: data must be .* not Float64Array/,
  );
});

test('traced tensors stay in their function', async () => {
  let escaped: Tensor | null = null;
  const x = device.tensor([1, 2]);
  const step = compile((y: Tensor) => {
    escaped = y.add(1);
    return escaped;
  });
  await step(x);
  const outside = (error: Error) =>
    error instanceof TensorStateError && /used after the function returned/.test(error.message);
  assert.throws(() => escaped!.mul(2), outside);
  await rejects(() => compile((y: Tensor) => y.add(escaped!))(x), TensorStateError, /used after the function returned/);
  await rejects(
    () => escaped!.read(),
    TensorStateError,
    /read: the tensor has no data while a function is being traced/,
  );
  const failing = compile((y: Tensor) => {
    escaped = y;
    throw new Error('in the middle');
  });
  await rejects(() => failing(x), Error, /in the middle/);
  assert.throws(() => escaped!.mul(2), outside);
  await rejects(
    () => compile(async (y: Tensor) => (await step(y)).add(1))(x) as Promise<unknown>,
    OpError,
    /step: the function must not be asynchronous/,
  );
});

test('arguments that are no arguments', async () => {
  const step = compile((x: unknown) => (x as Tensor).add(1), { name: 'first' });
  await rejects(() => step(new Map()), OpError, /^first: argument 0 is neither a tensor/);
  await rejects(() => step(() => 1), OpError, /^first: argument 0 is neither a tensor/);
  await rejects(() => step(Float32Array.of(1)), OpError, /^first: argument 0 .* wrap data as new HostArray/);
  await rejects(() => compile(() => null)(), OpError, /the device is unknown; pass it as an option/);
});

test('disposed tensors', async () => {
  const x = device.tensor([1, 2]);
  const kept = device.tensor([3, 4]);
  const step = compile((y: Tensor) => y.mul(kept), { name: 'product' });
  const y = device.tensor([5, 6]);
  assert.equal(await (await step(y)).toArray(), [15, 24]);
  x.dispose();
  assert.throws(() => x.add(1), /add: the tensor was disposed/);
  await rejects(() => x.read(), TensorStateError, /read: the tensor was disposed/);
  await rejects(() => step(x), TensorStateError, /product: the tensor was disposed/);
  kept.dispose();
  await rejects(() => step(y), TensorStateError, /product: .*a tensor that it captured was disposed/);
});

test('tensors of two devices do not mix', async () => {
  const other = await open();
  try {
    const here = device.tensor([1, 2]);
    const there = other.tensor([1, 2]);
    throwsOp(() => here.add(there), /^add: the operands lie on different devices/);
    const step = compile((a: Tensor, b: Tensor) => a.add(b), { name: 'sum' });
    await rejects(() => step(here, there), OpError, /^sum: argument 1 lies on another device/);
    assert.equal(await (await step(here, here)).toArray(), [2, 4]);
    assert.equal([...(await (await step(there, there)).read())], [2, 4]);
    await rejects(() => compile((a: Tensor) => a.add(there))(here), OpError, /captured lies on another device/);
    await rejects(() => compile(() => here.add(1), { device: other })(), OpError, /from outside/);
  } finally {
    other.close();
  }
});

test('a kernel that does not compile is named, and harms nothing else', async () => {
  const broken = kernelSource({
    name: 'broken on purpose',
    parameters: [],
    buffers: [{ name: 'out', type: 'f32', write: true }],
    workgroupSize: [1],
    body: 'out[0] = no_such_function();',
  });
  const own = await open();
  await rejects(
    () => own.pipelineAsync(broken),
    DeviceError,
    /kernel «broken on purpose» does not compile on .*no_such_function/s,
  );
  await rejects(() => own.pipelineAsync(broken), DeviceError, /broken on purpose/);
  own.close();
});

test('an error that WebGPU tells late is thrown by the next read, and by all steps after it', async () => {
  const own = await open();
  const x = own.tensor([1, 2, 3, 4]);
  const step = compile((y: Tensor) => y.add(1));
  await step(x);
  own.gpu.createBuffer({ size: 16, usage: 0x1 | 0x80, label: 'wrong on purpose' });
  await rejects(() => x.read(), DeviceError, /WebGPU reported an error on .*/s);
  await rejects(() => step(x), DeviceError, /WebGPU reported an error/);
  await rejects(() => own.finish(), DeviceError, /WebGPU reported an error/);
  own.close();
});

test('a closed device says so', async () => {
  const own = await open();
  const x = own.tensor([1, 2, 3, 4]);
  const step = compile((y: Tensor) => y.add(1));
  await step(x);
  const pending = x.read();
  const outcome = pending.then(
    () => null,
    (error: Error) => error,
  );
  own.close();
  own.close();
  const error = await outcome;
  assert.ok(error === null || (error instanceof DeviceError && /closed/.test(error.message)), `${error}`);
  await rejects(() => x.read(), DeviceError, /the device was closed/);
  await rejects(() => step(x), DeviceError, /the device was closed/);
  await rejects(() => own.tensor([1]), DeviceError, /the device was closed/);
  await rejects(() => own.upload([1], 'f32', () => Float32Array.of(1)), DeviceError, /the device was closed/);
  x.dispose();
});

test('a lost device ends every call with one clear error, and nothing hangs', async () => {
  const own = await open();
  const x = own.tensor(
    Array.from({ length: 64 }, () => 1),
    [8, 8],
  );
  const step = compile((y: Tensor) => y.matmul(y).mul(1 / 8));
  const y = await step(x);
  const unhandled: unknown[] = [];
  const note = (reason: unknown) => unhandled.push(reason);
  process.on('unhandledRejection', note);
  const pending = [
    x.read(),
    y.read(),
    step(x),
    own.finish(),
    own.upload([64, 64], 'f32', async (_, rows) => new Float32Array(rows * 64)),
    compile((z: Tensor) => z.softmax().log().sum(0))(x),
  ].map((call) =>
    call.then(
      () => null,
      (error: Error) => error,
    ),
  );
  own.gpu.destroy();
  const late = new Promise<string>((resolve) => setTimeout(() => resolve('it hangs'), 20_000).unref?.());
  for (const [i, outcome] of pending.entries()) {
    const error = await Promise.race([outcome, late]);
    // what was done before the loss may have succeeded
    assert.ok(error === null || error instanceof DeviceError, `call ${i}: ${error}`);
  }
  const lost = /the WebGPU device .* was lost \(.*\).*open a new device/s;
  for (const call of [() => x.read(), () => step(x), () => own.finish(), () => own.tensor([1]), () => x.add(1)]) {
    await rejects(call, DeviceError, lost);
  }
  x.dispose();
  step.dispose();
  own.buffers.trim();
  await new Promise((resolve) => setTimeout(resolve, 50));
  process.off('unhandledRejection', note);
  assert.equal(unhandled, []);
  own.close();
});

test('results that no binding can hold', async () => {
  const small = await requestDevice({ adapter: adapterChoice(), maxBindingBytes: 1024 });
  const x = small.zeros([256]);
  const ramp = small.tensor(Float32Array.from({ length: 256 }, (_, i) => i));
  const sums = ramp.reshape([256, 1]).add(ramp.mul(1000));
  assert.is(sums.storage('test').shards.length, 256, 'elementwise results can lie in shards');
  assert.ok((await sums.read()).every((value, i) => value === Math.floor(i / 256) + 1000 * (i % 256)));
  throwsOp(
    () => x.reshape([64, 4]).matmul(x.reshape([4, 64])),
    /^plan: the f32 result \[64, 64\] of 16384 bytes exceeds the largest binding of 1024 bytes/,
  );
  throwsOp(() => small.zeros([257]), /^allocate: f32 tensor \[257\] does not fit into bindings of 1024 bytes/);
  const step = compile((y: Tensor) => y.sum(), { device: small });
  await rejects(
    () => step(new HostArray(new Float32Array(257))),
    OpError,
    /^plan: the f32 argument \[257\] of 1040 bytes exceeds/,
  );
  throwsOp(() => x.reshape([64, 4]).topK(1), /^plan: the f32 result \[4096\] of 16384 bytes exceeds/);
  small.close();
});

test.run();
