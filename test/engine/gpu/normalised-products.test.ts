/** Products of few rows that compute the LayerNorm before them, as on GPUs: the same as the float64 reference, and when they do. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { compile, type Device, requestDevice, type Tensor } from '../../../engine/index.ts';
import { quantizedMatmul } from '../../../engine/ops/quantized.ts';
import { matmulReference } from '../../../engine/reference/matmul.ts';
import { layerNormReference } from '../../../engine/reference/normalize.ts';
import type { ReferenceArray } from '../../../engine/reference/op-reference.ts';
import { matrixInputs, quantizedMatmulReference } from '../../../engine/reference/quantized.ts';
import { sizeOf } from '../../../engine/shape.ts';
import { adapterChoice } from '../../adapter.ts';
import { expectClose, uniform } from '../interpret.ts';

const tolerance = 2e-6;
const epsilon = 1e-5;
const attributes = { transposeA: false, transposeB: true };
const random = uniform(11);
let device: Device;

test.before(async () => {
  device = await requestDevice({ adapter: adapterChoice(), kernels: 'gpu' });
});
test.after(() => device.close());

const make = (shape: number[], low = -1, high = 1): ReferenceArray => ({
  shape,
  data: Float64Array.from({ length: sizeOf(shape) }, () => Math.fround(low + random() * (high - low))),
});
const upload = ({ shape, data }: ReferenceArray) => device.tensor(Float32Array.from(data), shape);
const f32 = (shape: readonly number[]) => ({ shape, dtype: 'f32' as const });

function normalised(x: ReferenceArray, weight: ReferenceArray, bias: ReferenceArray): ReferenceArray {
  const [data] = layerNormReference.values([x, weight, bias], { epsilon }, [f32(x.shape)]);
  return { shape: x.shape, data };
}

/** norm(x)·Wᵀ + b + residual beside norm(x)·Vᵀ, compared with the reference; how many dispatches it took. */
async function dispatchesOf(x: ReferenceArray, columns: number): Promise<number> {
  const rows = x.shape.slice(0, -1);
  const K = x.shape.at(-1)!;
  const [gain, shift, w, v] = [make([K], 0.5, 1.5), make([K]), make([columns, K]), make([12, K])];
  const [bias, residual] = [make([columns]), make([...rows, columns])];
  const step = compile((input: Tensor, [g, s, first, second, b, r]: Tensor[]) => {
    const h = input.layerNorm(g, s, epsilon);
    return [h.matmul(first, { transposeB: true }).add(b).add(r), h.matmul(second, { transposeB: true })];
  });
  const results = await step(upload(x), [gain, shift, w, v, bias, residual].map(upload));
  const h = normalised(x, gain, shift);
  const [one] = matmulReference.values([h, w], attributes, [f32([...rows, columns])]);
  const [two] = matmulReference.values([h, v], attributes, [f32([...rows, 12])]);
  const tailed = one.map((value, i) => value + bias.data[i % columns] + residual.data[i]);
  for (const [i, expected] of [tailed, two].entries())
    expectClose(await results[i].read(), expected, tolerance, `product ${i} of ${x.shape}`);
  return step.describe().dispatches;
}

for (const shape of [
  [1, 8],
  [2, 260],
  [3, 1, 64],
  [8, 12],
  [5, 1024],
]) {
  test(`rows ${shape}: a dispatch for each product`, async () => {
    assert.is(await dispatchesOf(make(shape), 20), 2);
  });
}

test('columns that are no multiple of four', async () => {
  assert.is(await dispatchesOf(make([2, 32]), 7), 2);
});

test('a large mean, and a first element far from it, take no digits', async () => {
  assert.is(await dispatchesOf(make([1, 512], 1000, 1001), 8), 2);
  const x = make([2, 512]);
  x.data[0] = 300;
  assert.is(await dispatchesOf(x, 8), 2);
});

test('more rows, or widths that are no multiple of four, have the norm on its own', async () => {
  assert.is(await dispatchesOf(make([9, 16]), 8), 3);
  assert.is(await dispatchesOf(make([2, 18]), 8), 3);
});

test('a norm that is read elsewhere is on its own', async () => {
  const [x, gain, shift, w] = [make([2, 16]), make([16], 0.5, 1.5), make([16]), make([8, 16])];
  const step = compile((input: Tensor, [g, s, weight]: Tensor[]) => {
    const h = input.layerNorm(g, s, epsilon);
    return [h, h.matmul(weight, { transposeB: true })];
  });
  const [h, out] = await step(upload(x), [gain, shift, w].map(upload));
  const expected = normalised(x, gain, shift);
  expectClose(await h.read(), expected.data, tolerance, 'norm');
  expectClose(
    await out.read(),
    matmulReference.values([expected, w], attributes, [f32([2, 8])])[0],
    tolerance,
    'product',
  );
  assert.is(step.describe().dispatches, 2);
});

test('the input of a norm may be computed beside, and read after', async () => {
  const [x, gain, shift, w] = [make([2, 16]), make([16], 0.5, 1.5), make([16]), make([16, 16])];
  const step = compile((input: Tensor, [g, s, weight]: Tensor[]) => {
    const doubled = input.mul(2);
    return doubled.layerNorm(g, s, epsilon).matmul(weight, { transposeB: true }).add(doubled);
  });
  const out = await step(upload(x), [gain, shift, w].map(upload));
  const doubled = { shape: x.shape, data: x.data.map((value) => 2 * value) };
  const [product] = matmulReference.values([normalised(doubled, gain, shift), w], attributes, [f32([2, 16])]);
  const expected = product.map((value, i) => value + doubled.data[i]);
  expectClose(await out.read(), expected, tolerance, 'residual');
  assert.is(step.describe().dispatches, 2);
});

test('the input of a norm stays until the last product that normalises it, whichever came first', async () => {
  const [x, gain, shift, w, v] = [make([2, 16]), make([16], 0.5, 1.5), make([16]), make([16, 16]), make([8, 16])];
  const step = compile(
    (input: Tensor, [g, s, first, second]: Tensor[]) => {
      const h = input.layerNorm(g, s, epsilon);
      const early = h.matmul(first, { transposeB: true });
      const other = h.matmul(second, { transposeB: true });
      const doubled = input.mul(2);
      return [early.add(doubled), other, doubled];
    },
    { donate: [0] },
  );
  const results = await step(upload(x), [gain, shift, w, v].map(upload));
  const h = normalised(x, gain, shift);
  const doubled = x.data.map((value) => 2 * value);
  const [early] = matmulReference.values([h, w], attributes, [f32([2, 16])]);
  const [other] = matmulReference.values([h, v], attributes, [f32([2, 8])]);
  const expected = [early.map((value, i) => value + doubled[i]), other, doubled];
  for (const [i, values] of expected.entries()) expectClose(await results[i].read(), values, tolerance, `result ${i}`);
});

for (const bits of [4, 8] as const) {
  for (const [rows, width] of [
    [1, 64],
    [3, 40],
  ]) {
    test(`int${bits}, ${rows} rows of ${width}`, async () => {
      const [x, gain, shift] = [make([rows, width]), make([width], 0.5, 1.5), make([width])];
      const [words, scales] = matrixInputs(10, width, { bits, group: 8 }).map(({ shape, values }) => ({
        shape,
        data: Float64Array.from(values!),
      }));
      const tensors = {
        words: device.tensor(Int32Array.from(words.data), words.shape),
        scales: upload(scales).cast('f16'),
      };
      const step = compile((input: Tensor, [g, s]: Tensor[]) =>
        quantizedMatmul(input.layerNorm(g, s, epsilon), tensors),
      );
      const out = await step(upload(x), [gain, shift].map(upload));
      const h = normalised(x, gain, shift);
      const [expected] = quantizedMatmulReference.values([h, words, scales], {}, [f32([rows, 10])]);
      expectClose(await out.read(), expected, tolerance, `int${bits}`);
      assert.is(step.describe().dispatches, 1);
    });
  }
}

test.run();
