/** One forward pass in many ways: kernels of both kinds, sharded and half-precision weights, batches, and what is refused. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Device, type DeviceOptions, requestDevice } from '../../../engine/device.ts';
import { Kosmos2 } from '../../../model/kosmos2.ts';
import { adapterChoice } from '../../adapter.ts';
import { picturesOf } from '../../golden/tensor-file.ts';
import { rejection, relativeDeviation, TINY, tinyPrompts } from './tiny.ts';

const test = suite('forward');
const { prompts, padded, pictures } = await tinyPrompts();
const devices: Device[] = [];

async function open(options: DeviceOptions = {}): Promise<Device> {
  const device = await requestDevice({ adapter: adapterChoice(), ...options });
  devices.push(device);
  return device;
}

/** Logits of the first prompt. */
async function logitsOf(model: Kosmos2): Promise<Float32Array> {
  const images = await model.encodeImages(picturesOf(pictures, [0]));
  const { logits } = await model.forward(prompts[0], images);
  const values = (await logits.read()) as Float32Array;
  for (const tensor of [images, logits]) tensor.dispose();
  return values;
}

let model: Kosmos2;
let expected: Float32Array;
test.before(async () => {
  model = await Kosmos2.load(TINY, await open());
  expected = await logitsOf(model);
});
test.after(() => {
  for (const device of devices) device.close();
});

const otherKind = 'the other kind of kernels, and an embedding in shards';
// lavapipe compiles the kernels for GPUs for more than a minute
const takesLong = adapterChoice() !== 'swiftshader';
if (takesLong) console.log(`skipped: ${otherKind} (on SwiftShader only)`);
(takesLong ? test.skip : test)(otherKind, async () => {
  // the embedding has 177,600 bytes, the next largest weight 112,896
  const kernels = model.device.traits.software ? 'gpu' : 'software';
  const other = await Kosmos2.load(TINY, await open({ kernels, maxBindingBytes: 120_000 }));
  const { embed_tokens: embedding } = other.parameters.text_model.model;
  const { patch_embedding: patch } = other.parameters.vision_model.model.embeddings;
  assert.is(embedding.weight.storage('test').shards.length, 2);
  assert.is(patch.weight.storage('test').shards.length, 1);
  assert.ok(relativeDeviation(await logitsOf(other), expected) < 5e-6);
});

test('half-precision weights', async () => {
  const bytes = () => model.device.buffers.bytesByOwner().parameters;
  const full = bytes();
  const half = await Kosmos2.load(TINY, model.device, { dtype: 'f16' });
  assert.ok(bytes() - full < 0.52 * full);
  const deviation = relativeDeviation(await logitsOf(half), expected);
  assert.ok(deviation > 1e-5 && deviation < 0.01, `${deviation}`);
  half.dispose();
  assert.is(bytes(), full);
});

test('a row is the same alone and in a padded batch', async () => {
  const images = await model.encodeImages(pictures);
  const { logits } = await model.forward(padded, images);
  const values = (await logits.read()) as Float32Array;
  for (const tensor of [images, logits]) tensor.dispose();
  const { vocabSize } = model.config.text;
  const start = padded.attentionMask[0].indexOf(1);
  const end = padded.inputIds[0].length;
  assert.ok(start > 0);
  assert.ok(relativeDeviation(values.subarray(start * vocabSize, end * vocabSize), expected) < 5e-6);
});

test('the position table grows with the text', async () => {
  const { config, parameters, device } = model;
  const short = new Kosmos2({ ...config, text: { ...config.text, maxPositionEmbeddings: 3 } }, parameters, device);
  assert.is(short.positionTable().shape[0], 5);
  assert.ok(relativeDeviation(await logitsOf(short), expected) < 1e-7);
  assert.ok(short.positionTable().shape[0] > prompts[0].inputIds[0].length);
});

test('a second pass makes no buffer, and nothing stays behind', async () => {
  const { buffers } = model.device;
  await logitsOf(model);
  const before = { created: buffers.created, owners: buffers.bytesByOwner() };
  await logitsOf(model);
  assert.equal({ created: buffers.created, owners: buffers.bytesByOwner() }, before);
});

test('slots and images that do not match', async () => {
  const images = await model.encodeImages(picturesOf(pictures, [0]));
  const two = await model.encodeImages(picturesOf(pictures, [0, 1]));
  const text = { ...prompts[0], imageEmbedsPositionMask: undefined };
  assert.match(await rejection(model.forward(prompts[0], null)), /have 5 image slots, but the images give 0 vectors/);
  assert.match(await rejection(model.forward(prompts[0], two)), /have 5 image slots, but the images give 10 vectors/);
  assert.match(await rejection(model.forward(text, images)), /have 0 image slots, but the images give 5 vectors/);
  for (const tensor of [images, two]) tensor.dispose();
});

test('ids and masks that make no sense', async () => {
  const text = (ids: number[], mask: number[]) =>
    rejection(model.forward({ inputIds: [ids], attentionMask: [mask] }, null));
  assert.match(await text([0, 555], [1, 1]), /token id 555 lies outside the model's vocabulary of 555/);
  assert.match(await text([0, 7, 8], [1, 0, 1]), /row 0 of the batch has padding between its tokens/);
});

test('pictures of a wrong size', async () => {
  const picture = (shape: [number, number, number, number]) =>
    rejection(model.encodeImages({ data: new Float32Array(shape.reduce((a, b) => a * b)), shape }));
  assert.match(await picture([1, 3, 42, 43]), /pictures \[1, 3, 42, 43\] do not fit .* multiples of 14/);
  assert.match(await picture([1, 1, 42, 42]), /takes 3 channels/);
});

test.run();
