/** Attention with head dimensions that are no multiple of 4: padded for the kernels, the same as the float64 reference, gradients too. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { compile, type Device, requestDevice, type Tensor, valueAndGrad } from '../../../engine/index.ts';
import { appendAttention, attention, cacheShape, fillCache } from '../../../engine/ops/index.ts';
import { attentionReference } from '../../../engine/reference/attention.ts';
import { attentionGradientReference } from '../../../engine/reference/attention-gradient.ts';
import { appendAttentionReference } from '../../../engine/reference/decode-attention.ts';
import type { ReferenceArray } from '../../../engine/reference/op-reference.ts';
import { sizeOf } from '../../../engine/shape.ts';
import { adapterChoice } from '../../adapter.ts';
import { expectClose, uniform } from '../interpret.ts';

const tolerance = 2e-6;
const heads = 2;
const width = 18;
const scale = 1 / Math.sqrt(width / heads);
const random = uniform(5);
let device: Device;

test.before(async () => {
  device = await requestDevice({ adapter: adapterChoice() });
});
test.after(() => device.close());

const make = (...shape: number[]): ReferenceArray => ({
  shape,
  data: Float64Array.from({ length: sizeOf(shape) }, () => Math.fround(random() * 4 - 2)),
});
const upload = ({ shape, data }: ReferenceArray) => device.tensor(Float32Array.from(data), shape);
const f32 = (shape: readonly number[]) => ({ shape, dtype: 'f32' as const });

test('forward and backward', async () => {
  const [q, k, v, g] = [make(2, 5, width), make(2, 7, width), make(2, 7, width), make(2, 5, width)];
  const attributes = { heads, causal: true, scale };
  const [out, lse] = attentionReference.values([q, k, v], attributes, [f32(q.shape), f32([2, heads, 5])]);
  const saved = [
    { shape: q.shape, data: out },
    { shape: [2, heads, 5], data: lse },
  ];
  const gradients = attentionGradientReference.values(
    [q, k, v, ...saved, g],
    attributes,
    [q, k, v].map(({ shape }) => f32(shape)),
  );
  const [tq, tk, tv, tg] = [q, k, v, g].map(upload);
  expectClose(await attention(tq, tk, tv, { heads, causal: true }).read(), out, tolerance, 'attention');
  const weigh = ([a, b, c]: Tensor[], weight: Tensor) => attention(a, b, c, { heads, causal: true }).mul(weight).sum();
  const step = compile((params: Tensor[], weight: Tensor) => valueAndGrad(weigh)(params, weight)[1]);
  const computed = await step([tq, tk, tv], tg);
  for (const [i, tensor] of computed.entries())
    expectClose(await tensor.read(), gradients[i], tolerance, `gradient ${i}`);
});

test('over a cache that takes the position in', async () => {
  const [q, key, value] = [make(2, 1, width), make(2, 1, width), make(2, 1, width)];
  const [k, v] = [make(2, 6, width), make(2, 6, width)];
  const bounds = { shape: [2, 2], data: Float64Array.of(0, 5, 2, 6) };
  const [out, after] = appendAttentionReference.values(
    [q, key, value, { shape: [1, 2, 2, 6, width], data: Float64Array.of(...k.data, ...v.data) }, bounds],
    { heads, scale, layer: 0 },
    [f32(q.shape), f32([1, 2, 2, 6, width])],
  );
  const zeros = device.zeros(cacheShape({ layers: 2, rows: 2, capacity: 6, width, heads }));
  const start = device.tensor(Int32Array.of(0, 0));
  const filled = fillCache(zeros, { key: upload(k), value: upload(v) }, start, { heads, layer: 1 });
  const places = device.tensor(Int32Array.from(bounds.data), [2, 2]);
  const result = appendAttention(upload(q), upload(key), upload(value), filled, places, { heads, layer: 1 });
  expectClose(await result.out.read(), out, tolerance, 'appendAttention');
  const layer = result.cache.slice(0, 1, 2).reshape([-1, result.cache.shape[4] / heads]);
  expectClose(await layer.slice(1, 0, width / heads).read(), after, tolerance, 'the cache');
  assert.ok(
    (await result.cache.slice(0, 0, 1).read()).every((element) => element === 0),
    'no other layer is written',
  );
});

test.run();
