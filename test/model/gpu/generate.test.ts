/** Generation: order of the stream, batches, sampling, cancellation, memory, and what is refused. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Device, requestDevice } from '../../../engine/device.ts';
import type { HostData } from '../../../engine/dtype.ts';
import { toFloat16Bits } from '../../../engine/safetensors.ts';
import type { Tensor } from '../../../engine/tensor.ts';
import { disposeParameters, loadParameters, parameterRecords } from '../../../model/checkpoint.ts';
import { type GeneratedToken, Generator } from '../../../model/generate.ts';
import { Kosmos2 } from '../../../model/kosmos2.ts';
import type { Kosmos2Parameters } from '../../../model/parameters.ts';
import type { SamplingOptions } from '../../../model/sampling.ts';
import { adapterChoice } from '../../adapter.ts';
import { picturesOf } from '../../golden/tensor-file.ts';
import { rejects } from '../../rejects.ts';
import { loadBroken, openTinyGeneration, rejection, TINY, tinyPrompts } from './tiny.ts';

const test = suite('generate');
const tiny = await tinyPrompts();
const { prompts, padded, pictures, greedy, maxNewTokens } = tiny;
const settings = { maxNewTokens, noRepeatNgramSize: 3 };
const [prompt] = prompts;

let device: Device;
let model: Kosmos2;
let generator: Generator;
let image: Tensor;
let images: Tensor;

test.before(async () => {
  ({ device, model, generator, image, images } = await openTinyGeneration(tiny));
});
test.after(() => device?.close());

test('tokens come step by step, rows in turn, until each row has ended', async () => {
  const tokens: GeneratedToken[] = [];
  for await (const token of generator.stream(padded, images, settings)) tokens.push(token);
  const expected = Array.from({ length: maxNewTokens }, (_, step) =>
    greedy.flatMap((ids, row) => (step < ids.length ? [{ row, id: ids[step], step }] : [])),
  ).flat();
  assert.equal(tokens, expected);
});

test('rows of a batch end as they do alone', async () => {
  const [one] = await generator.generate(prompt, image, settings);
  assert.equal(one, { ids: greedy[0], stopped: 'length' });
  const all = await generator.generate(padded, images, settings);
  assert.equal(
    all,
    greedy.map((ids) => ({ ids, stopped: ids.at(-1) === 2 ? 'end' : 'length' })),
  );
  assert.equal(new Set(all.map(({ stopped }) => stopped)).size, 2);
});

test('prompts of a batch are searched by beams as they are alone', async () => {
  for (const options of [
    { ...settings, beams: 3 },
    { ...settings, beams: 4, earlyStopping: true, lengthPenalty: 0.5 },
  ]) {
    const together = await generator.beamSearch(padded, images, options);
    assert.is(together.length, prompts.length);
    for (const [row, alone] of prompts.entries()) {
      const vectors = await model.encodeImages(picturesOf(pictures, [row]));
      const [expected] = await generator.beamSearch(alone, vectors, options);
      vectors.dispose();
      assert.equal(
        together[row].map(({ ids }) => ids),
        expected.map(({ ids }) => ids),
      );
      for (const [i, { score }] of together[row].entries()) assert.ok(Math.abs(score - expected[i].score) < 1e-4);
    }
  }
});

test('weights that are not numbers are named as the reason', async () => {
  const broken = await loadBroken(device);
  const own = new Generator(broken);
  const message = /logits are not numbers; are the weights of the model sound/;
  await rejects(() => own.generate(prompt, image, settings), Error, message);
  await rejects(() => own.beamSearch(prompt, image, { ...settings, beams: 2 }), Error, message);
  own.dispose();
  broken.dispose();
});

test('text without any image', async () => {
  const text = { inputIds: [[0, 40, 41, 42]], attentionMask: [[1, 1, 1, 1]] };
  const [{ ids }] = await generator.generate(text, null, { maxNewTokens: 3 });
  const { logits } = await model.forward(text, null);
  const last = ((await logits.read()) as Float32Array).slice(-model.config.text.vocabSize);
  logits.dispose();
  assert.is(ids[0], last.indexOf(Math.max(...last)));
});

test('an embedding in shards', async () => {
  const small = await requestDevice({ adapter: adapterChoice(), maxBindingBytes: 123_000 });
  try {
    const sharded = await Kosmos2.load(TINY, small);
    assert.is(sharded.parameters.text_model.model.embed_tokens.weight.storage('test').shards.length, 2);
    const vectors = await sharded.encodeImages(picturesOf(pictures, [0]));
    const other = new Generator(sharded);
    assert.equal((await other.generate(prompt, vectors, settings))[0].ids, greedy[0]);
    const beams = { ...settings, beams: 3, maxNewTokens: 4 };
    const [[best]] = await other.beamSearch(prompt, vectors, beams);
    assert.equal(best.ids, (await generator.beamSearch(prompt, image, beams))[0][0].ids);
  } finally {
    small.close();
  }
});

test('half-precision weights', async () => {
  const half = await Kosmos2.load(TINY, device, { dtype: 'f16' });
  const vectors = await half.encodeImages(picturesOf(pictures, [0]));
  const [{ ids }] = await new Generator(half).generate(prompt, vectors, { ...settings, maxNewTokens: 6 });
  const { logits } = await half.forward(prompt, vectors);
  const last = ((await logits.read()) as Float32Array).slice(-model.config.text.vocabSize);
  assert.is(ids[0], last.indexOf(Math.max(...last)));
  assert.is(ids.length, 6);
  for (const tensor of [vectors, logits]) tensor.dispose();
  half.dispose();
});

test('sampling: the same seed draws the same tokens, another seed others', async () => {
  const draw = async (seed: number) => {
    const sampling = { temperature: 1.5, topP: 0.95, seed };
    const [{ ids }] = await generator.generate(prompt, image, { maxNewTokens: 10, noRepeatNgramSize: 0, sampling });
    return ids;
  };
  const first = await draw(1);
  assert.equal(await draw(1), first);
  assert.not.equal(await draw(2), first);
});

test('sampling at a tiny temperature, or from a tiny nucleus, is greedy', async () => {
  const sharp: Partial<SamplingOptions>[] = [
    { temperature: 1e-4, topP: 1 },
    { temperature: 1, topP: 1e-6 },
  ];
  for (const one of sharp) {
    const sampling = { temperature: 1, topP: 1, seed: 3, ...one };
    const rows = await generator.generate(padded, images, { ...settings, sampling });
    assert.equal(
      rows.map(({ ids }) => ids),
      greedy,
    );
  }
});

test('a signal ends a generation between two steps', async () => {
  const controller = new AbortController();
  const inspect = (_: Float32Array, step: number) => {
    if (step === 2) controller.abort();
  };
  const rows = await generator.generate(prompt, image, { ...settings, inspect, signal: controller.signal });
  assert.equal(rows, [{ ids: greedy[0].slice(0, 3), stopped: 'cancelled' }]);
  // the signal has fired already
  const none = await generator.generate(prompt, image, { ...settings, signal: controller.signal });
  assert.equal(none, [{ ids: [], stopped: 'cancelled' }]);
  const [beams] = await generator.beamSearch(prompt, image, { ...settings, beams: 5, signal: controller.signal });
  assert.is(beams.length, 5, 'the beams as they were when the signal came');
  assert.ok(beams.every(({ ids }) => ids.length === 1));
});

test('who calls hears of the kernels that are compiled for it', async () => {
  const heard = [0, 0];
  const options = (who: number) => ({ maxNewTokens: 2, noRepeatNgramSize: 5, onCompile: () => void heard[who]++ });
  await generator.generate(prompt, image, options(0));
  const before = heard[0];
  assert.ok(before > 0);
  await generator.generate(padded, images, options(1));
  assert.ok(heard[1] > 0);
  assert.is(heard[0], before);
});

test('parameters that are kept in f16 can be written in f16 and in f32', async () => {
  const [exact, half] = await Promise.all(
    (['f32', 'f16'] as const).map((dtype) => loadParameters(TINY, model.config, device, { dtype })),
  );
  const written = async (parameters: Kosmos2Parameters, dtype: 'f16' | 'f32') => {
    const record = parameterRecords(parameters, model.config, dtype).find(({ name }) => name.endsWith('fc1.weight'))!;
    return [...((await (record.data as () => Promise<HostData>)()) as Uint16Array | Float32Array)];
  };
  const rounded = await written(exact, 'f16');
  assert.equal(await written(half, 'f16'), rounded);
  const widened = await written(half, 'f32');
  assert.equal([...toFloat16Bits(Float32Array.from(widened as number[]))], rounded);
  for (const parameters of [exact, half]) disposeParameters(parameters);
});

test('a reader that leaves the stream leaves no memory behind', async () => {
  const before = device.buffers.bytesByOwner();
  for await (const { step } of generator.stream(padded, images, settings)) if (step === 2) break;
  const after = device.buffers.bytesByOwner();
  assert.is(after['KV cache'] ?? 0, 0);
  assert.is(after.tensor, before.tensor);
  assert.equal((await generator.generate(prompt, image, settings))[0].ids, greedy[0]);
});

test('a second generation makes no buffer, and nothing stays behind', async () => {
  const { buffers } = device;
  const runs = [
    () => generator.generate(padded, images, settings),
    () => generator.beamSearch(prompt, image, { ...settings, beams: 5 }),
    () => generator.generate(prompt, image, { ...settings, sampling: { temperature: 1, topP: 0.9, seed: 1 } }),
  ];
  for (const run of runs) {
    const tensors = buffers.bytesByOwner().tensor;
    const first = await run();
    const before = { created: buffers.created, owners: buffers.bytesByOwner() };
    assert.is(before.owners['KV cache'] ?? 0, 0);
    assert.is(before.owners.tensor, tensors);
    assert.equal(await run(), first);
    assert.equal({ created: buffers.created, owners: buffers.bytesByOwner() }, before);
  }
});

test('the context is the limit: shorter answers near its end, an error for a prompt beyond it', async () => {
  const { config, parameters } = model;
  const length = prompt.inputIds[0].length;
  const within = (context: number) =>
    new Generator(
      new Kosmos2({ ...config, text: { ...config.text, maxPositionEmbeddings: context } }, parameters, device),
    ).generate(prompt, image, settings);
  assert.equal(await within(length + 2), [{ ids: greedy[0].slice(0, 2), stopped: 'length' }]);
  assert.match(
    await rejection(within(length)),
    new RegExp(`the prompt has ${length} tokens .* but the context of this model ends at ${length}; shorten it`),
  );
});

test('what makes no sense is refused', async () => {
  const right = { ...padded, imageEmbedsPositionMask: padded.imageEmbedsPositionMask };
  const reversed = (rows: readonly (readonly number[])[]) => rows.map((row) => [...row].reverse());
  const padRight = {
    inputIds: reversed(right.inputIds),
    attentionMask: reversed(right.attentionMask),
    imageEmbedsPositionMask: reversed(right.imageEmbedsPositionMask!),
  };
  const sampling = { temperature: 0, topP: 1, seed: 0 };
  const wrong: [Promise<unknown>, RegExp][] = [
    [generator.generate(prompt, null, settings), /have 5 image slots, but the images give 0 vectors/],
    [generator.generate(prompt, images, settings), /have 5 image slots, but the images give 15 vectors/],
    [generator.generate(padRight, images, settings), /pad the prompts on the left/],
    [generator.generate({ inputIds: [[0, 600]], attentionMask: [[1, 1]] }, null), /token id 600 lies outside/],
    [generator.generate({ inputIds: [[0, 4, 1]], attentionMask: [[1, 1, 0]] }, null), /pad the prompts on the left/],
    [generator.generate({ inputIds: [[0, 4, 5]], attentionMask: [[1, 0, 1]] }, null), /padding between its tokens/],
    [generator.generate({ inputIds: [[]], attentionMask: [[]] }, null), /the batch is empty/],
    [generator.generate(prompt, image, { maxNewTokens: 0 }), /number of new tokens must be a whole number ≥ 1, got 0/],
    [generator.generate(prompt, image, { noRepeatNgramSize: -1 }), /n-gram size must be a whole number ≥ 0, got -1/],
    [generator.generate(prompt, image, { sampling }), /temperature must be a positive number, got 0/],
    [generator.beamSearch(prompt, image, { beams: 1 }), /beams must lie between 2 and 32, got 1/],
  ];
  for (const [attempt, message] of wrong) assert.match(await rejection(attempt), message);
  assert.is(device.buffers.bytesByOwner()['KV cache'] ?? 0, 0);
});

test.run();
