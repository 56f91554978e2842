/** Compiled functions against the same ops run one by one and against float64, and what a plan says of itself. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { compile } from '../../../engine/compile.ts';
import {
  applyOne,
  crossEntropy,
  type Device,
  globalNorm,
  grad,
  HostArray,
  OpError,
  requestDevice,
  type Tensor,
} from '../../../engine/index.ts';
import type { OpDefinition } from '../../../engine/op.ts';
import { elementwiseOps } from '../../../engine/ops/elementwise.ts';
import { concat, gather, matmul, where } from '../../../engine/ops/index.ts';
import type { CaseInput } from '../../../engine/reference/op-reference.ts';
import { input, integers } from '../../../engine/reference/support.ts';
import { adapterChoice } from '../../adapter.ts';
import { rejects } from '../../rejects.ts';
import { type Body, expectAgreement } from '../agreement.ts';

let device: Device;

test.before(async () => {
  device = await requestDevice({ adapter: adapterChoice() });
});

test.after(() => device.close());

const matrix = [input([6, 8]), input([8, 12])];

const functions: Record<string, [CaseInput[], Body]> = {
  'a chain of broadcasts from both sides': [
    [input([3, 1, 8]), input([4, 1]), input([8])],
    ([a, b, c]) => [a.add(b).mul(c).sub(0.5).square().add(a)],
  ],
  'more operands than a kernel has bindings': [
    Array.from({ length: 10 }, () => input([5, 4])),
    (all) => [
      all
        .reduce((sum, next) => sum.add(next))
        .mul(all[0])
        .add(all[9].mul(all[4])),
    ],
  ],
  'matmul and a bias of columns, gelu': [[...matrix, input([12])], ([a, b, bias]) => [matmul(a, b).add(bias).gelu()]],
  'matmul and a full residual': [[...matrix, input([6, 12])], ([a, b, x]) => [x.add(matmul(a, b))]],
  'matmul and a factor a row': [[...matrix, input([6, 1])], ([a, b, rows]) => [matmul(a, b).mul(rows)]],
  'matmul and scalars, of the graph and as data': [
    [...matrix, input([])],
    ([a, b, scale]) => [matmul(a, b).mul(scale).mul(0.25).add(1)],
  ],
  'matmul with all kinds of operands in one tail': [
    [...matrix, input([12]), input([6, 12]), input([6, 1]), input([1, 1])],
    ([a, b, column, full, row, scalar]) => [matmul(a, b).add(column).mul(row).add(full).sub(scalar).tanh()],
  ],
  'batched matmul with rows and columns in its tail': [
    [input([2, 3, 8]), input([5, 8]), input([5]), input([2, 3, 1])],
    ([a, b, column, row]) => [matmul(a, b, { transposeB: true }).add(column).mul(row)],
  ],
  'a residual that repeats along the batch': [
    [input([2, 3, 8]), input([8, 4]), input([3, 4])],
    ([a, b, residual]) => [matmul(a, b).add(residual)],
  ],
  'the square of a matmul': [matrix, ([a, b]) => [((y) => y.mul(y))(matmul(a, b))]],
  'a matmul that is read twice': [
    matrix,
    ([a, b]) => {
      const y = matmul(a, b);
      return [y.add(1), y.sum(1)];
    },
  ],
  'two matmuls in one sum': [
    [...matrix, input([6, 8]), input([8, 12])],
    ([a, b, c, d]) => [matmul(a, b).add(matmul(c, d)).relu()],
  ],
  'a matmul cast to integers': [
    [input([4, 8], 1, 2), input([8, 12], 1, 2)],
    ([a, b]) => [matmul(a, b).mul(0).add(7.25).cast('i32')],
  ],
  'a matmul stored in half precision': [
    [input([4, 8], 1, 2), input([8, 12], 1, 2)],
    ([a, b]) => [matmul(a, b).mul(0).add(0.375).cast('f16').cast('f32')],
  ],
  'a matmul of rows that end inside a vec4': [
    [input([3, 7]), input([7, 5]), input([5]), input([3, 1])],
    ([a, b, bias, row]) => [matmul(a, b).add(bias).mul(row).sigmoid()],
  ],
  'views into elementwise': [
    [input([4, 6]), input([6, 4])],
    ([a, b]) => [a.transpose().add(b), a.slice(1, 1, 5).mul(2), a.reshape([2, 12]).slice(0, 1, 2).neg()],
  ],
  'views into matmul': [
    [input([4, 6]), input([8, 4]), input([2, 2, 8])],
    ([a, b, c]) => [
      matmul(a.transpose(), b.slice(0, 2, 6)),
      matmul(c.transpose([1, 0, 2]).reshape([4, 8]), b),
      matmul(a.slice(1, 0, 4), b.transpose().slice(1, 3, 7)),
    ],
  ],
  'a view of a view that needs a copy': [
    [input([2, 3, 4])],
    ([a]) => [a.transpose([2, 0, 1]).reshape([8, 3]).slice(1, 1, 3).transpose().add(1)],
  ],
  'a broadcast that is read as a matrix': [
    [input([8]), input([8, 4])],
    ([row, b]) => [matmul(row.broadcastTo([3, 8]), b), row.broadcastTo([3, 8]).sum(0)],
  ],
  'concatenations of views, of one another, and of single elements': [
    [input([2, 3]), input([2, 5]), input([1])],
    ([a, b, one]) => {
      const both = concat([a, b.slice(1, 1, 3)], 1);
      return [
        concat([both, both.neg()], 0),
        concat([one, one.mul(2), one], 0),
        concat([a.transpose(), a.transpose()], 1),
      ];
    },
  ],
  'values that are results and intermediates': [
    [input([3, 4])],
    ([a]) => {
      const b = a.mul(2);
      const c = b.add(1);
      return [b, c, c.square(), b.reshape([4, 3])];
    },
  ],
  'an argument, a view of it, and the same result twice': [
    [input([3, 4])],
    ([a]) => [a, a.slice(0, 0, 2), a.mul(3), a.mul(3), a.transpose()],
  ],
  'reductions between elementwise ops': [
    [input([3, 2, 8])],
    ([a]) => [a.sub(a.mean(2, true)).square().sum([0, 2]), a.sum().mul(a.max()), a.softmax().mul(a).sum(-1)],
  ],
  'rows by number, then arithmetic': [
    [input([7, 4]), integers([2, 3], [6, 0, 1, 1, 3, 2])],
    ([table, ids]) => [gather(table.mul(2), ids).add(gather(table, ids).sum(-1, true))],
  ],
  'conditions on integers': [
    [integers([4], [0, 1, 2, 0]), input([3, 4])],
    ([flags, x]) => [where(flags, x, x.neg()), where(x.greater(0), 1, flags.mul(2))],
  ],
  'layer norm, attention-like products and a residual': [
    [input([2, 4, 8]), input([8], 0.5, 1.5), input([8]), input([8, 8]), input([8])],
    ([x, weight, bias, w, b]) => {
      const y = x.layerNorm(weight, bias);
      const scores = matmul(y, y, { transposeB: true }).mul(0.35).softmax();
      return [x.add(matmul(matmul(scores, y), w, { transposeB: true }).add(b))];
    },
  ],
};

for (const [name, [inputs, body]] of Object.entries(functions)) {
  test(`compiled, eager and float64 agree: ${name}`, () => expectAgreement(device, body, inputs));
}

test('integers survive copies, concatenations and slices whatever their size', async () => {
  const values = Int32Array.of(2 ** 31 - 1, -(2 ** 31), 16777217, -16777219, 1, 0, -1, 123456789);
  const x = device.tensor(values, [2, 4]);
  const step = compile((y: Tensor) => [concat([y, y], 1).slice(1, 2, 6), y.transpose().reshape([8]), y.slice(1, 1, 3)]);
  const [joined, turned, part] = await step(x);
  const [a, b, c, d, e, f, g, h] = values;
  assert.equal(await joined.toArray(), [c, d, a, b, g, h, e, f]);
  assert.equal(await turned.toArray(), [a, e, b, f, c, g, d, h]);
  assert.equal(await part.toArray(), [b, c, f, g]);
  for (const tensor of [x, joined, turned, part]) tensor.dispose();
  step.dispose();
});

test('the same tensor as two arguments', async () => {
  const x = device.tensor([1, 2, 3, 4]);
  const step = compile((a: Tensor, b: Tensor) => a.mul(b).add(a));
  assert.equal(await (await step(x, x)).toArray(), [2, 6, 12, 20]);
  step.dispose();
});

test('a captured tensor is read where it lies, and is no result', async () => {
  const captured = device.tensor([1, 2, 3, 4]);
  const step = compile((a: Tensor) => ({ sum: a.add(captured), view: a.mul(captured.reshape([4])) }));
  const { sum, view } = await step(device.tensor([10, 20, 30, 40]));
  assert.equal(await sum.toArray(), [11, 22, 33, 44]);
  assert.equal(await view.toArray(), [10, 40, 90, 160]);
  assert.is(step.describe().bytes.captured, 16);
  step.dispose();
  const passed = compile((a: Tensor) => ({ list: [a, captured] }));
  await rejects(() => passed(device.tensor([1])), OpError, /step: the result list\.1 is a tensor from outside/);
});

test('results keep the form that the function gives them', async () => {
  const step = compile((tree: { a: Tensor; list: Tensor[] }, flag: boolean) => ({
    none: null,
    text: flag ? 'yes' : 'no',
    list: tree.list.map((x) => x.add(tree.a)),
  }));
  const a = device.tensor([1]);
  const list = [device.tensor([2]), device.tensor([3])];
  const yes = await step({ a, list }, true);
  assert.is(yes.none, null);
  assert.is(yes.text, 'yes');
  assert.equal(await Promise.all(yes.list.map((x) => x.item())), [3, 4]);
  assert.is((await step({ a, list }, false)).text, 'no');
  step.dispose();
});

test('numbers are data: another number, the same plan', async () => {
  let traces = 0;
  const scale = compile((x: Tensor, factor: Tensor, more: Tensor) => {
    traces++;
    return x.mul(factor).add(more);
  });
  const x = device.tensor([1, -2, 3]);
  const row = (value: number) => new HostArray(Float32Array.of(value));
  assert.equal(await (await scale(x, 2, row(1))).toArray(), [3, -3, 7]);
  const before = { plan: scale.describe(), pipelines: device.pipelineCount };
  assert.equal(await (await scale(x, -0.5, row(10))).toArray(), [9.5, 11, 8.5]);
  assert.equal(await (await scale(x, 0, row(0.25))).toArray(), [0.25, 0.25, 0.25]);
  assert.is(traces, 1);
  assert.equal({ plan: scale.describe(), pipelines: device.pipelineCount }, before);
  await scale(device.tensor([1, 2, 3, 4, 5]), 2, row(1));
  assert.is(traces, 2, 'another shape is traced anew');
  assert.is(device.pipelineCount, before.pipelines, 'and needs no pipeline more');
  scale.dispose();
});

test('numbers in the function are no part of a kernel', async () => {
  const x = device.tensor([1, 2, 3, 4]);
  const of = async (factor: number) =>
    (await compile((y: Tensor) => y.mul(factor).add(factor * 2), { device })(x)).toArray();
  assert.equal(await of(3), [9, 12, 15, 18]);
  const { pipelineCount } = device;
  assert.equal(await of(0.5), [1.5, 2, 2.5, 3]);
  assert.is(device.pipelineCount, pipelineCount);
});

test('a plan tells its cost', async () => {
  const mlp = compile((x: Tensor, w1: Tensor, b1: Tensor, w2: Tensor) =>
    matmul(matmul(x, w1, { transposeB: true }).add(b1).gelu(), w2, { transposeB: true }).add(x),
  );
  const [x, w1, b1, w2] = [[6, 8], [16, 8], [16], [8, 16]].map((shape) => device.zeros(shape));
  assert.throws(() => mlp.describe(), /there is no plan yet/);
  await mlp.prepare(x, w1, b1, w2);
  const plan = mlp.describe();
  assert.is(plan.ops, 5);
  assert.is(plan.dispatches, 2);
  assert.is(plan.pipelines, 2);
  assert.is(plan.flops, 2 * (2 * 6 * 8 * 16));
  assert.equal(plan.bytes, {
    slots: 6 * 16 * 4,
    parameters: 2 * 256,
    results: 6 * 8 * 4,
    arguments: (48 + 128 + 16 + 128) * 4,
    captured: 0,
  });
  assert.is(
    plan.kernels.reduce((sum, { dispatches }) => sum + dispatches, 0),
    2,
  );
  mlp.dispose();
});

test('intermediates that do not live at the same time share a slot', async () => {
  const steps = 12;
  const deep = compile((x: Tensor) => {
    let y = x;
    for (let i = 0; i < steps; i++)
      y = y
        .softmax()
        .transpose()
        .layerNorm(x.slice(0, 0, 1).reshape([8]), x.slice(0, 1, 2).reshape([8]));
    return y;
  });
  const x = device.tensor(
    Array.from({ length: 64 }, (_, i) => Math.sin(i)),
    [8, 8],
  );
  await deep.prepare(x);
  const { slots } = deep.describe().bytes;
  assert.ok(slots <= 4 * 256, `${slots} bytes of slots for ${3 * steps} intermediates of 256 bytes`);
  deep.dispose();
});

test('data are taken as they are when the call is made', async () => {
  const step = compile((x: Tensor) => x.mul(2), { device });
  const data = Float32Array.of(1, 2);
  for (const time of ['with a plan to make', 'with a plan at hand']) {
    data.set([1, 2]);
    const result = step(new HostArray(data));
    data.fill(9);
    assert.equal(await (await result).toArray(), [2, 4], time);
  }
  step.dispose();
});

test('more shapes at a time than plans are kept', async () => {
  const step = compile((x: Tensor) => x.sum(), { plans: 2 });
  const sums = await Promise.all(
    [1, 2, 3, 4, 5].map(async (size) => (await step(device.tensor(Array(size).fill(1)))).item()),
  );
  assert.equal(sums, [1, 2, 3, 4, 5]);
  step.dispose();
  assert.throws(() => compile((x: Tensor) => x, { plans: 0 }), /plans must be a whole number from 1 on, got 0/);
});

test('a function that is disposed while it makes a plan keeps nothing', async () => {
  const x = device.tensor([1, 2, 3]);
  const step = compile((y: Tensor) => y.softmax().mul(y).sum(), { name: 'late' });
  const before = device.buffers.bytesByOwner().plan ?? 0;
  const result = step(x);
  step.dispose();
  await rejects(() => result, OpError, /^late: the function was disposed while its plan was made/);
  assert.is(device.buffers.bytesByOwner().plan ?? 0, before);
  assert.ok((await (await step(x)).item()) > 2, 'it can be used again');
  step.dispose();
});

test('reductions over axes that are no neighbours, and over none', async () => {
  const x = device.tensor([1, 2, 3, 4, 5, 6, 7, 8], [2, 2, 2]);
  assert.equal(await x.sumSquares([0, 2]).toArray(), [1 + 4 + 25 + 36, 9 + 16 + 49 + 64]);
  assert.equal(await x.sum([0, 2]).toArray(), [14, 22]);
  const one = device.tensor([-3], []);
  const alone = [one.sumSquares(), one.sum(), one.max(), one.mean()];
  assert.equal(await Promise.all(alone.map((value) => value.item())), [9, -3, -3, -3]);
  for (const value of alone) value.dispose();
  assert.is(await globalNorm([one, device.tensor([4])]).item(), 5);
  const [norm] = await compile((y: Tensor) => [grad((z: Tensor) => z.sumSquares([0, 2]).sum())(y)])(x);
  assert.equal(await norm.toArray(), [2, 4, 6, 8, 10, 12, 14, 16]);
});

test('the largest of rows without a finite number', async () => {
  const [low, none] = [-Infinity, Number.NaN];
  const x = device.tensor([1, low, low, low, low, low, none, none, none], [3, 3]);
  const { values, indices } = x.topK(2);
  assert.equal((await indices.toArray()).slice(0, 4), [0, 1, 0, 1]);
  assert.equal((await values.toArray()).slice(0, 4), [1, low, low, low]);
  assert.equal(await x.argmax().toArray(), [0, 0, -1]);
  assert.equal((await x.max(1).toArray()).slice(0, 2), [1, low]);
});

test('a label outside the vocabulary costs as much as can be', async () => {
  const [hidden, weight] = [device.tensor([1, 2, 3, 4], [2, 2]), device.tensor([1, 0, 0, 1, 1, 1], [3, 2])];
  const [own, outside] = await crossEntropy(hidden, weight, device.tensor(Int32Array.of(2, 3))).toArray();
  assert.ok(Math.abs(own - Math.log(1 + Math.exp(-2) + Math.exp(-1))) < 1e-5);
  assert.ok(outside > 1e38, `${outside}`);
});

test('two ops of one name are two ops', async () => {
  const named = (wgsl: string): OpDefinition => ({
    ...elementwiseOps.abs,
    name: 'mine',
    lowering: { kind: 'elementwise', wgsl: ([x]) => wgsl.replace('x', x) },
  });
  const [twice, negative] = [named('2.0 * x'), named('-x')];
  const x = device.tensor([1, 2]);
  for (let round = 0; round < 2; round++) {
    assert.equal(await applyOne(twice, [x]).toArray(), [2, 4]);
    assert.equal(await applyOne(negative, [x]).toArray(), [-1, -2]);
  }
  const both = compile((y: Tensor) => [applyOne(twice, [y]), applyOne(negative, [y])]);
  const results = await both(x);
  assert.equal(await Promise.all(results.map((result) => result.toArray())), [
    [2, 4],
    [-1, -2],
  ]);
  both.dispose();
});

test('a step that repeats with pauses, which is encoded meanwhile: data, state and other arguments in between', async () => {
  const chain = (x: Tensor, rate: Tensor) => {
    let y = x;
    for (let i = 0; i < 12; i++) y = y.mul(rate).add(i);
    return y;
  };
  const expected = (value: number, rate: number) => {
    for (let i = 0; i < 12; i++) value = Math.fround(Math.fround(value * Math.fround(rate)) + i);
    return value;
  };
  const near = (value: number, other: number) => assert.ok(Math.abs(value - other) < 1e-4 * Math.abs(other));
  const pause = () => new Promise((resolve) => setTimeout(resolve, 5));
  const step = compile(chain, { name: 'chain', fusion: false, donate: [0] });
  let state = device.tensor([3]);
  let value = 3;
  for (let i = 0; i < 6; i++) {
    const rate = 0.5 + 0.01 * i;
    state = await step(state, rate);
    value = expected(value, rate);
    near(await state.item(), value);
    await pause();
    if (i !== 3) continue;
    using other = await step(device.tensor([7]), 0.25);
    near(await other.item(), expected(7, 0.25));
  }
  await pause();
  step.dispose();
  await pause();
  state.dispose();
});

test('calls may overlap', async () => {
  const step = compile((x: Tensor, n: Tensor) => x.add(n).softmax().mul(n).sum());
  const x = device.tensor([1, 2, 3]);
  const sums = await Promise.all([1, 2, 3, 4].map(async (n) => (await step(x, n)).item()));
  for (const [i, sum] of sums.entries()) assert.ok(Math.abs(sum - (i + 1)) < 1e-5);
  step.dispose();
});

test.run();
