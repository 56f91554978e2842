/** Fresh parameters: the distributions of the released code, the same bits for a seed, and the balanced start. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Device, requestDevice } from '../../../engine/index.ts';
import {
  disposeParameters,
  type InitializeOptions,
  initializeParameters,
  namedLeaves,
  parseConfig,
  subLayerNormGain,
} from '../../../model/index.ts';
import { adapterChoice } from '../../adapter.ts';

const test = suite('initialize');
let device: Device;
test.before(async () => {
  device = await requestDevice({ adapter: adapterChoice() });
});
test.after(() => device.close());

const config = parseConfig({
  latent_query_num: 9,
  text_config: { vocab_size: 300, embed_dim: 64, layers: 3, ffn_dim: 128, attention_heads: 4 },
  vision_config: {
    hidden_size: 64,
    intermediate_size: 128,
    num_hidden_layers: 2,
    num_attention_heads: 4,
    image_size: 32,
    patch_size: 8,
  },
});

async function draw(seed: number, options: InitializeOptions = {}): Promise<Map<string, Float32Array>> {
  const parameters = await initializeParameters(config, device, seed, options);
  const values = new Map<string, Float32Array>();
  for (const [name, tensor] of namedLeaves(parameters)) values.set(name, (await tensor.read()) as Float32Array);
  disposeParameters(parameters);
  return values;
}

function deviation(values: Float32Array): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
}

function assertDeviation(values: Float32Array, expected: number, name: string): void {
  const off = Math.abs(deviation(values) / expected - 1);
  // four standard errors of a deviation
  assert.ok(off < 4 / Math.sqrt(2 * values.length), `${name}: ${deviation(values)}, expected ${expected}`);
}

test('the distributions of the released code, with the sub-LayerNorm gain', async () => {
  const values = await draw(1);
  const gain = subLayerNormGain(3);
  assert.ok(Math.abs(gain - Math.sqrt(Math.log(6))) < 1e-12);
  assert.ok(Math.abs(subLayerNormGain(24) - 1.9675367876885788) < 1e-12, 'of the full size');
  const text = (name: string) => values.get(`text_model.model.${name}`)!;
  const layer = (name: string) => text(`layers.1.${name}`);
  const uniform = (fanIn: number) => 1 / Math.sqrt(3 * fanIn);
  const expected: [Float32Array, number, string][] = [
    [text('embed_tokens.weight').slice(128), 1 / 8, 'embedding'],
    [layer('self_attn.q_proj.weight'), uniform(64), 'query'],
    [layer('self_attn.v_proj.weight'), gain * uniform(64), 'value'],
    [layer('self_attn.out_proj.weight'), gain * uniform(64), 'output'],
    [layer('ffn.fc1.weight'), gain * uniform(64), 'fc1'],
    [layer('ffn.fc2.weight'), gain * uniform(128), 'fc2'],
    [layer('ffn.fc1.bias'), gain * uniform(64), 'bias of fc1'],
    [
      values.get('vision_model.model.encoder.layers.0.self_attn.q_proj.weight')!,
      64 ** -0.5 * 4 ** -0.5,
      'vision query',
    ],
    [values.get('vision_model.model.encoder.layers.0.self_attn.out_proj.weight')!, 64 ** -0.5, 'vision output'],
    [values.get('vision_model.model.encoder.layers.0.mlp.fc1.weight')!, 128 ** -0.5, 'vision fc1'],
    [values.get('vision_model.model.embeddings.patch_embedding.weight')!, 0.02, 'patches'],
    [values.get('image_to_text_projection.latent_query')!, 1, 'latent queries'],
    [values.get('image_to_text_projection.x_attn.k_proj.weight')!, Math.sqrt(1 / 64) * Math.SQRT1_2, 'resampler key'],
    [values.get('image_to_text_projection.x_attn.out_proj.weight')!, Math.sqrt(1 / 64), 'resampler output'],
  ];
  for (const [drawn, wanted, name] of expected) assertDeviation(drawn, wanted, name);
  const pad = text('embed_tokens.weight').subarray(64, 128);
  assert.ok(pad.every((value) => value === 0));
  for (const name of ['layers.0.self_attn.inner_attn_ln', 'layers.2.ffn.ffn_layernorm', 'layer_norm']) {
    assert.ok(text(`${name}.weight`).every((value) => value === 1));
    assert.ok(text(`${name}.bias`).every((value) => value === 0));
  }
});

test('a seed gives the same bits, another one others; no two parameters are drawn alike', async () => {
  const [first, second, other] = [await draw(7), await draw(7), await draw(8)];
  for (const [name, values] of first) assert.equal(second.get(name), values, name);
  const key = 'text_model.model.layers.0.self_attn.q_proj.weight';
  assert.not.equal(other.get(key), first.get(key));
  assert.not.equal(first.get(key.replace('layers.0', 'layers.1')), first.get(key));
});

test('balanced: queries and keys compare places, which have one code in patches, latent queries and location tokens', async () => {
  const locations = { first: 200, grid: 4 };
  const values = await draw(1, { initialization: 'balanced', locations });
  const projection = (name: string) => values.get(`image_to_text_projection.${name}`)!;
  assert.equal(projection('x_attn.q_proj.weight'), projection('x_attn.k_proj.weight'));
  const cosine = (a: Float32Array, b: Float32Array) => {
    const dot = (u: Float32Array, v: Float32Array) => u.reduce((sum, value, i) => sum + value * v[i], 0);
    return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
  };
  const positions = values.get('vision_model.model.embeddings.position_embedding.weight')!;
  const patch = (place: number) => positions.subarray((1 + place) * 64, (2 + place) * 64);
  assert.ok(
    positions.subarray(0, 64).every((value) => value === 0),
    'the class token has no place',
  );
  assert.ok(cosine(patch(5), patch(6)) > cosine(patch(5), patch(7)), 'neighbours are more alike');
  const embedding = values.get('text_model.model.embed_tokens.weight')!;
  const token = (id: number) => embedding.subarray(id * 64, (id + 1) * 64);
  const length = Math.sqrt(token(205).reduce((sum, value) => sum + value * value, 0));
  assert.ok(Math.abs(length - 1) < 1e-5);
  assert.ok(cosine(token(205), token(206)) > cosine(token(205), token(207)));
  assertDeviation(token(199), 1 / 8, 'the token before the first location');
  // 9 latent queries for 4 × 4 patches: each scores highest where it stands
  const dense = projection('dense.weight');
  const projected = (place: number) =>
    Float32Array.from({ length: 64 }, (_, out) =>
      patch(place).reduce((sum, value, c) => sum + value * dense[out * 64 + c], 0),
    );
  const query = (row: number) => projection('latent_query').subarray(row * 64, (row + 1) * 64);
  const nearest = (row: number) => {
    const scores = Array.from({ length: 16 }, (_, place) => cosine(query(row), projected(place)));
    return scores.indexOf(Math.max(...scores));
  };
  assert.equal([0, 2, 6, 8].map(nearest), [0, 3, 12, 15]);
});

test('balanced: each head of the vision tower scores its neighbour highest, by places that have half of the columns to themselves', async () => {
  const values = await draw(1, { initialization: 'balanced' });
  const side = 4;
  const positions = values.get('vision_model.model.embeddings.position_embedding.weight')!;
  const steps = [
    [0, 1],
    [0, -1],
    [1, 0],
    [-1, 0],
  ];
  const patches = values.get('vision_model.model.embeddings.patch_embedding.weight')!;
  const inputs = 3 * 8 * 8;
  assert.ok(patches.subarray(0, 32 * inputs).every((value) => value === 0));
  assertDeviation(patches.subarray(32 * inputs), 0.6 / Math.sqrt(inputs), 'patches');
  for (const layer of [0, 1]) {
    const matrix = (role: string) =>
      values.get(`vision_model.model.encoder.layers.${layer}.self_attn.${role}_proj.weight`)!;
    const vector = (role: string, head: number, place: number) =>
      Array.from({ length: 8 }, (_, j) => {
        const row = (head * 16 + j) * 64;
        return positions
          .subarray((1 + place) * 64, (2 + place) * 64)
          .reduce((sum, value, c) => sum + value * matrix(role)[row + c], 0);
      });
    for (const [head, [down, across]] of steps.entries()) {
      // a place whose neighbour lies inside
      const [row, column] = [down < 0 ? 3 : 0, across < 0 ? 3 : 0];
      const query = vector('q', head, row * side + column);
      const scores = Array.from({ length: side * side }, (_, place) =>
        vector('k', head, place).reduce((sum, value, j) => sum + value * query[j], 0),
      );
      const neighbour = (row + down) * side + column + across;
      assert.is(scores.indexOf(Math.max(...scores)), neighbour, `layer ${layer}, head ${head}`);
    }
  }
});

test.run();
