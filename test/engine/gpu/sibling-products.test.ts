/** Products of one input with several matrices as one dispatch, as kernels for GPUs do them: the same as the float64 reference, and when they are one. */
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
const transposed = { transposeB: true };
const random = uniform(23);
let device: Device;

test.before(async () => {
  device = await requestDevice({ adapter: adapterChoice(), kernels: 'gpu' });
});
test.after(() => device.close());

const make = (...shape: number[]): ReferenceArray => ({
  shape,
  data: Float64Array.from({ length: sizeOf(shape) }, () => Math.fround(random() * 2 - 1)),
});
const upload = ({ shape, data }: ReferenceArray) => device.tensor(Float32Array.from(data), shape);
const f32 = (shape: readonly number[]) => ({ shape, dtype: 'f32' as const });

function product(x: ReferenceArray, w: ReferenceArray): Float64Array {
  const shape = [x.shape[0], w.shape[0]];
  return matmulReference.values([x, w], { transposeA: false, transposeB: true }, [f32(shape)])[0];
}

type Affine = readonly [weight: ReferenceArray, bias: ReferenceArray];

function affine(x: ReferenceArray, [w, b]: Affine): Float64Array {
  return product(x, w).map((value, i) => value + b.data[i % b.data.length]);
}

const layers = (count: number, columns: number, K: number): Affine[] =>
  Array.from({ length: count }, () => [make(columns, K), make(columns)] as const);

const step = () => compile((x: Tensor, layers: Tensor[][]) => layers.map(([w, b]) => x.matmul(w, transposed).add(b)));

for (const [rows, columns, K] of [
  [1, 12, 8],
  [2, 7, 64],
  [1, 16, 30],
]) {
  test(`three products of ${rows} × ${columns} × ${K}`, async () => {
    const [x, three] = [make(rows, K), layers(3, columns, K)];
    const all = step();
    const results = await all(
      upload(x),
      three.map((layer) => layer.map(upload)),
    );
    for (const [i, layer] of three.entries())
      expectClose(await results[i].read(), affine(x, layer), tolerance, `product ${i}`);
    assert.equal(
      all.describe().kernels.map(({ name }) => name),
      [`3 × matvec ${rows} rows`],
    );
  });
}

test('with the LayerNorm that they share', async () => {
  const [x, gain, shift, three] = [make(1, 32), make(32), make(32), layers(3, 8, 32)];
  const all = compile((input: Tensor, [g, s]: Tensor[], pairs: Tensor[][]) => {
    const h = input.layerNorm(g, s, 1e-5);
    return pairs.map(([w, b]) => h.matmul(w, transposed).add(b));
  });
  const results = await all(
    upload(x),
    [gain, shift].map(upload),
    three.map((layer) => layer.map(upload)),
  );
  const [data] = layerNormReference.values([x, gain, shift], { epsilon: 1e-5 }, [f32(x.shape)]);
  for (const [i, layer] of three.entries())
    expectClose(await results[i].read(), affine({ shape: x.shape, data }, layer), tolerance, `product ${i}`);
  // twelve bindings; adapters with ten have two products at most in one
  assert.is(all.describe().dispatches, device.traits.maxBindings >= 12 ? 1 : 2);
});

for (const bits of [4, 8] as const) {
  test(`int${bits}`, async () => {
    const x = make(1, 64);
    const matrices = Array.from({ length: 3 }, (_, i) =>
      matrixInputs(10, 64, { bits, group: 8 }).map(({ shape, values }) => ({
        shape,
        // each matrix is the first one with its rows in another order
        data: Float64Array.from(values!, (_, at) => values![(at + i * (values!.length / 10)) % values!.length]),
      })),
    );
    const all = compile((input: Tensor, parts: { words: Tensor; scales: Tensor }[]) =>
      parts.map((part) => quantizedMatmul(input, part)),
    );
    const results = await all(
      upload(x),
      matrices.map(([words, scales]) => ({
        words: device.tensor(Int32Array.from(words.data), words.shape),
        scales: upload(scales).cast('f16'),
      })),
    );
    for (const [i, [words, scales]] of matrices.entries()) {
      const [expected] = quantizedMatmulReference.values([x, words, scales], {}, [f32([1, 10])]);
      expectClose(await results[i].read(), expected, tolerance, `matrix ${i}`);
    }
    assert.is(all.describe().dispatches, 1);
  });
}

test('a product that adds the result of the one before it stays behind it', async () => {
  const [x, w, v, residual] = [make(1, 16), make(8, 16), make(8, 16), make(1, 8)];
  const chain = compile((input: Tensor, [first, second, r]: Tensor[]) => {
    const one = input.matmul(first, transposed).add(r);
    return [one, input.matmul(second, transposed).add(one)];
  });
  const results = await chain(upload(x), [w, v, residual].map(upload));
  const one = product(x, w).map((value, i) => value + residual.data[i]);
  expectClose(await results[0].read(), one, tolerance, 'first');
  const two = product(x, v).map((value, i) => value + one[i]);
  expectClose(await results[1].read(), two, tolerance, 'second');
  assert.is(chain.describe().dispatches, 2);
});

test('other inputs, sizes and tails are other dispatches; so is what bindings do not hold, and without fusion all are', () => {
  const x = upload(make(1, 16));
  const [[w, b], [v, c]] = layers(2, 8, 16).map((layer) => layer.map(upload));
  const [large, rows] = [make(12, 16), make(3, 16)].map(upload);
  const times = (input: Tensor, weight: Tensor) => input.matmul(weight, transposed);
  const two = (input: Tensor) => [times(input, w), times(input, v)];
  const expectDispatches = (expected: number, body: (x: Tensor) => Tensor[], { fusion = true, given = x } = {}) =>
    assert.is(compile(body, { fusion }).estimate(device.traits, given).dispatches, expected);
  expectDispatches(1, two);
  expectDispatches(2, two, { fusion: false });
  expectDispatches(2, two, { given: rows });
  expectDispatches(3, (input) => [times(input, w), times(input.mul(2), v)]);
  expectDispatches(2, (input) => [times(input, w), times(input, large)]);
  expectDispatches(2, (input) => [times(input, w).add(b), times(input, v).add(c).gelu()]);
  const four = layers(4, 8, 16).map((layer) => layer.map(upload));
  const inBindings = (maxBindings: number) => step().estimate({ ...device.traits, maxBindings }, x, four).dispatches;
  assert.equal([13, 12, 8, 7].map(inBindings), [1, 2, 2, 2]);
  assert.equal([6, 4].map(inBindings), [4, 4]);
});

test.run();
