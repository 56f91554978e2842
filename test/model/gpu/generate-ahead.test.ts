/** Generation that submits a step before the token of the one before it is read. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Device } from '../../../engine/device.ts';
import type { Tensor } from '../../../engine/tensor.ts';
import { Generator } from '../../../model/generate.ts';
import { rejects } from '../../rejects.ts';
import { loadBroken, openTinyGeneration, tinyPrompts } from './tiny.ts';

const test = suite('generate ahead');
const tiny = await tinyPrompts();
const { prompts, padded, greedy, maxNewTokens } = tiny;
const settings = { maxNewTokens, noRepeatNgramSize: 3, ahead: true };
const [prompt] = prompts;

let device: Device;
let generator: Generator;
let image: Tensor;
let images: Tensor;

test.before(async () => {
  ({ device, generator, image, images } = await openTinyGeneration(tiny));
});
test.after(() => device?.close());

/** How many token steps were submitted when each token of a prompt came. */
async function stepsAtTokens(options: object): Promise<number[]> {
  const { gpu } = device;
  const { createCommandEncoder } = gpu;
  const { submit } = gpu.queue;
  const ofSteps = new Set<GPUCommandBuffer>();
  let submitted = 0;
  gpu.createCommandEncoder = (descriptor) => {
    const encoder = createCommandEncoder.call(gpu, descriptor);
    if (descriptor?.label !== 'decode step') return encoder;
    const { finish } = encoder;
    encoder.finish = () => {
      const commands = finish.call(encoder);
      ofSteps.add(commands);
      return commands;
    };
    return encoder;
  };
  gpu.queue.submit = (buffers) => {
    for (const commands of buffers) if (ofSteps.has(commands)) submitted++;
    return submit.call(gpu.queue, buffers);
  };
  const steps: number[] = [];
  for await (const _ of generator.stream(prompt, image, { ...settings, ...options })) steps.push(submitted);
  Object.assign(gpu, { createCommandEncoder });
  gpu.queue.submit = submit;
  return steps;
}

test('the device has the next step before the host has the token; a step that waits for the host has not', async () => {
  // the plan of the step is there
  await generator.generate(prompt, image, settings);
  const places = greedy[0].map((_, step) => step);
  const last = places.length - 1;
  assert.equal(
    await stepsAtTokens({}),
    places.map((step) => Math.min(step + 1, last)),
  );
  for (const waits of [{ ahead: false }, { sampling: { temperature: 1e-4, topP: 1, seed: 0 } }]) {
    await generator.generate(prompt, image, { ...settings, ...waits });
    assert.equal(await stepsAtTokens(waits), places);
  }
});

test('tokens are those of the reference, and for every n-gram ban those of steps that wait', async () => {
  const rows = async (options: object) =>
    (await generator.generate(padded, images, { ...settings, ...options })).map(({ ids }) => ids);
  assert.equal(await rows({}), greedy);
  for (const noRepeatNgramSize of [0, 1, 2])
    assert.equal(
      await rows({ noRepeatNgramSize }),
      await rows({ noRepeatNgramSize, ahead: false }),
      `n = ${noRepeatNgramSize}`,
    );
});

test('logits heard are those of the token that follows', async () => {
  const heard: number[] = [];
  const inspect = (logits: Float32Array, step: number) => {
    assert.is(step, heard.length);
    heard.push(logits.indexOf(Math.max(...logits)));
  };
  const [{ ids }] = await generator.generate(prompt, image, { ...settings, noRepeatNgramSize: 0, inspect });
  assert.equal(heard, ids);
});

test('a second generation makes no buffer; neither an end, a signal nor a reader that leaves keeps memory', async () => {
  const { buffers } = device;
  const controller = new AbortController();
  const leave = async () => {
    for await (const { step } of generator.stream(padded, images, settings)) if (step === 2) break;
  };
  const stop = async () => {
    const signal = { ...settings, signal: controller.signal };
    for await (const { step } of generator.stream(padded, images, signal)) if (step === 1) controller.abort();
  };
  const before = buffers.bytesByOwner();
  for (const run of [() => generator.generate(padded, images, settings), leave, stop]) {
    await run();
    const { tensor, 'KV cache': cache = 0 } = buffers.bytesByOwner();
    assert.equal({ tensor, cache }, { tensor: before.tensor, cache: 0 });
  }
  const { created } = buffers;
  const [{ ids }] = await generator.generate(prompt, image, settings);
  assert.equal(ids, greedy[0]);
  assert.is(buffers.created, created);
});

test('weights that are not numbers are named as the reason, and the step ahead leaves nothing behind', async () => {
  const broken = await loadBroken(device);
  const own = new Generator(broken);
  const { tensor } = device.buffers.bytesByOwner();
  for (let i = 0; i < 2; i++)
    await rejects(() => own.generate(prompt, image, settings), Error, /are the weights of the model sound/);
  const after = device.buffers.bytesByOwner();
  assert.equal([after.tensor, after['KV cache'] ?? 0], [tensor, 0]);
  own.dispose();
  broken.dispose();
});

test.run();
