/** The public face on a device: answers, streams, several pictures, what ends and what is refused. */
import { readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { requestDevice } from '../../engine/index.ts';
import { decodeImage, Kosmos, markPhrases } from '../../index.ts';
import { adapterChoice } from '../adapter.ts';
import { HOUSE_BOXES } from '../fixtures/house.ts';
import { randomModelFolder } from '../fixtures/random-model.ts';
import { repositoryRoot, skipUnlessShared } from '../shared.ts';

const path = `${repositoryRoot()}test/fixtures/house.png`;
const bytes = new Uint8Array(readFileSync(path));
const device = await requestDevice({ adapter: adapterChoice() });
const kosmos = await Kosmos.load(await randomModelFolder(), { device });
test.after(() => {
  kosmos.close();
  device.close();
});

const maxNewTokens = 6;

test('a path, bytes and pixels are the same picture', async () => {
  const answer = await kosmos.ask(path, { maxNewTokens });
  assert.is(answer.prompt, '<grounding>An image of');
  assert.is(answer.generatedIds.length, maxNewTokens);
  assert.is(answer.stopped, 'length');
  assert.ok(answer.raw.startsWith('<grounding> An image of'));
  for (const image of [bytes, await decodeImage(bytes)])
    assert.equal((await kosmos.ask(image, { maxNewTokens })).generatedIds, answer.generatedIds);
  const { prepare, encode, firstToken, generate, total } = answer.timings;
  assert.ok(Math.abs(prepare + encode + firstToken + generate - total) < 1e-6);
});

test('the pieces of a stream are the text, and tokens are heard one by one', async () => {
  const heard: number[] = [];
  const pieces: string[] = [];
  const stream = kosmos.stream(path, { maxNewTokens: 12, onToken: (id) => heard.push(id) });
  let step = await stream.next();
  for (; !step.done; step = await stream.next()) pieces.push(step.value);
  assert.is(pieces.join('').trim(), step.value.text);
  assert.equal(heard, step.value.generatedIds);
  assert.ok(pieces.length > 3);
});

test('leaving a stream early frees what it held', async () => {
  for await (const piece of kosmos.stream(path, { maxNewTokens })) {
    assert.is(piece.trim(), 'An image of');
    break;
  }
  const before = device.buffers.liveBytes();
  for await (const _ of kosmos.stream(path, { maxNewTokens })) break;
  assert.is(device.buffers.liveBytes(), before);
});

test('boxes of the prompt are entities of the answer', async () => {
  const marked = markPhrases('<grounding>the tree is', [{ phrase: 'the tree', box: HOUSE_BOXES['the tree'] }]);
  const { entities } = await kosmos.ask(path, { ...marked, maxNewTokens: 2 });
  assert.equal(entities[0], { text: 'the tree', span: [0, 8], boxes: [[...HOUSE_BOXES['the tree']]] });
});

test('several pictures, and none', async () => {
  const prompt = '<image> and <image> are';
  const two = await kosmos.ask([path, bytes], { prompt, maxNewTokens: 2 });
  const slots = kosmos.processor.numImageTokens;
  assert.is(two.inputIds.length, 1 + 2 * (slots + 2) + kosmos.processor.tokenizer.encode('and').length + 1);
  const none = await kosmos.ask([], { prompt: 'a house', maxNewTokens: 2 });
  assert.equal(none.inputIds, [0, ...kosmos.processor.tokenizer.encode('a house')]);
  await rejects(() => kosmos.ask([path, path], { prompt: 'no marker' }), /2 images for 0 <image> markers/);
});

test('literal tags are text', async () => {
  const prompt = '<phrase>a</phrase></image> b';
  const { inputIds, text, entities } = await kosmos.ask(path, { prompt, literalTags: true, maxNewTokens: 1 });
  assert.not.ok(inputIds.includes(kosmos.processor.tokenizer.tokenToId('<phrase>')!));
  assert.ok(text.startsWith(prompt), text);
  assert.equal(entities, []);
});

test('a signal ends the generation and keeps what has come', async () => {
  const controller = new AbortController();
  const onToken = () => controller.abort();
  const answer = await kosmos.ask(path, { maxNewTokens: 50, signal: controller.signal, onToken });
  assert.is(answer.stopped, 'cancelled');
  assert.is(answer.generatedIds.length, 1);
});

test('what makes no sense is refused', async () => {
  await rejects(() => kosmos.ask(path, { prompt: ' ' }), /the prompt is empty/);
  await rejects(() => kosmos.ask(path, { beams: 2, sampling: {} }), /exclude each other/);
  await rejects(() => kosmos.ask(path, { beams: 0 }), /beams/);
  await rejects(() => kosmos.ask(path, { maxNewTokens: 0 }), /new tokens/);
  await rejects(() => kosmos.ask(path, { noRepeatNgram: -1 }), /n-gram/);
  await rejects(() => kosmos.ask(path, { sampling: { topP: 2 } }), /top-p/);
  await rejects(() => kosmos.ask(path, { boxes: [[{ box: [0, 0, 1, 1] }]] }), /1 entries for 0 <phrase>/);
  await rejects(
    () => kosmos.ask(path, { prompt: '<phrase>a</phrase>', boxes: [[{ box: [0, 0, 1, 2] }]] }),
    /from 0 to 1/,
  );
  await rejects(() => kosmos.ask(path, { prompt: 'the sun '.repeat(200) }), /context of this model ends at 256/);
  await rejects(() => kosmos.ask(bytes.subarray(0, 100)), /png/i);
  const { generatedIds } = await kosmos.ask(path, { maxNewTokens });
  assert.is(generatedIds.length, maxNewTokens, 'and it goes on working');
});

test('loading can be stopped, and reports what it read', async () => {
  const folder = await randomModelFolder();
  const heard: number[] = [];
  const again = await Kosmos.load(folder, {
    device,
    onProgress: ({ stage, bytes: read, totalBytes }) => {
      assert.is(stage, 'weights');
      heard.push(read / totalBytes);
    },
  });
  again.close();
  assert.is(heard.at(-1), 1);
  const before = device.buffers.liveBytes();
  const controller = new AbortController();
  const onProgress = () => controller.abort(new Error('enough'));
  await rejects(() => Kosmos.load(folder, { device, signal: controller.signal, onProgress }), /enough/);
  assert.is(device.buffers.liveBytes(), before);
});

skipUnlessShared(test, 'goldens/model/e2e', 'ids, text and boxes of all goldens', async (folder) => {
  const { generations, images } = JSON.parse(readFileSync(`${folder}/expected.json`, 'utf8'));
  const model = await Kosmos.load(folder, { device });
  try {
    for (const golden of generations) {
      const image = `${folder}/${images[golden.image].file}`;
      const answer = await model.ask(image, { prompt: golden.prompt, maxNewTokens: 32 });
      const entities = answer.entities.map(({ text: name, span, boxes }) => ({ name, span, boxes }));
      assert.equal(
        [answer.inputIds, answer.generatedIds, answer.raw, answer.text, entities],
        [golden.input_ids, golden.generated_ids, golden.caption, golden.text, golden.entities],
        `${image}: ${golden.prompt}`,
      );
    }
  } finally {
    model.close();
  }
});

async function rejects(attempt: () => Promise<unknown>, message: RegExp): Promise<void> {
  try {
    await attempt();
  } catch (error) {
    assert.match((error as Error).message, message);
    return;
  }
  assert.unreachable(`not refused: ${message}`);
}

test.run();
