/** Models through tasks: batches, pictures, likelihoods, runs that go on, and what is wrong with rows. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { encodePng } from '../../../data/index.ts';
import { type Device, requestDevice } from '../../../engine/device.ts';
import type { Row } from '../../../evaluate/data/fields.ts';
import type { RunOptions } from '../../../evaluate/run/respond.ts';
import { evaluateShapes } from '../../../evaluate/shapes.ts';
import type { TaskRequest, TaskResult } from '../../../evaluate/task.ts';
import { SHAPES_TASK_TABLE, taskFor } from '../../../evaluate/tasks.ts';
import { adapterChoice } from '../../adapter.ts';
import { repositoryRoot } from '../../shared.ts';
import { type SmallModel, smallModel } from '../small-model.ts';

const test = suite('evaluations of a model');
const DATA = `${repositoryRoot()}test/goldens/data/eval`;
const REFCOCO = `${DATA}/refcoco/finetune_refcoco_testA_50.json`;
const root = mkdtempSync(join(tmpdir(), 'evaluate-run-'));

let device: Device;
let subject: SmallModel;

test.before(async () => {
  device = await requestDevice({ adapter: adapterChoice() });
  subject = await smallModel(device);
});
test.after(() => {
  device?.close();
  rmSync(root, { recursive: true });
});

interface Ran {
  readonly result: TaskResult;
  readonly rows: Row[];
}

/** A run, and the lines that it wrote, sorted by id. */
async function run(
  task: string,
  data: string,
  request: Partial<TaskRequest> = {},
  options: Partial<RunOptions> = {},
): Promise<Ran> {
  const rows: Row[] = [];
  const result = await taskFor(task, data)!.run(
    subject,
    { data, split: 'test', meteor: null, ...request },
    {
      pictures: root,
      write: async (lines) => {
        rows.push(...lines);
      },
      ...options,
    },
  );
  return { result, rows: rows.sort((a, b) => String(a.id).localeCompare(String(b.id))) };
}

/** Random pictures under the names that the data set gives them. */
function picture(name: string, seed: number): void {
  const size = { width: 40 + seed, height: 30 };
  const data = Uint8Array.from({ length: size.width * size.height * 3 }, (_, i) => (i * (seed + 3) * 7919) % 256);
  writeFileSync(join(root, name), encodePng({ ...size, data }));
}

function logProbabilitiesOf(rows: readonly Row[]): number[] {
  return rows.flatMap(({ logProbabilities }) => (logProbabilities as number[][]).flat());
}

/** The same lines; numbers may differ by rounding. */
function assertSameRows(actual: readonly Row[], expected: readonly Row[]): void {
  const rest = ({ logProbabilities, ...others }: Row) => others;
  assert.equal(actual.map(rest), expected.map(rest));
  if (expected[0].logProbabilities === undefined) return;
  const values = logProbabilitiesOf(expected);
  for (const [i, value] of logProbabilitiesOf(actual).entries()) assert.ok(Math.abs(value - values[i]) < 1e-4);
}

for (const task of Object.keys(SHAPES_TASK_TABLE)) {
  test(`shapes, ${task}: alone, in batches and all at once`, async () => {
    const request = { limit: 5 };
    const alone = await run(task, 'shapes:test', request, { batch: 1 });
    assert.equal([alone.rows.length, alone.result.items, alone.result.scored], [5, 5, 5]);
    assert.equal(alone.result.problems, []);
    assertSameRows((await run(task, 'shapes:test', request, { batch: 3 })).rows, alone.rows);
    const together = await run(task, 'shapes:test', request);
    assertSameRows(together.rows, alone.rows);
    assert.equal(together.result.rows, alone.result.rows);
  });
}

test('evaluateShapes: the same scores in any batch, the device as before, and an end by signal', async () => {
  const options = { seed: 2, split: 'novel', count: 4 } as const;
  const before = device.buffers.liveBytes();
  const progress: number[] = [];
  const alone = await evaluateShapes(subject.model, subject.tokenizer, { ...options, batch: 1 });
  const together = await evaluateShapes(subject.model, subject.tokenizer, {
    ...options,
    onProgress: ({ done }) => progress.push(done),
  });
  assert.equal(together, alone);
  assert.equal(progress, [4, 4, 4, 4]);
  assert.equal(
    Object.values(alone).map(({ count }) => count),
    [4, 4, 4, 4],
  );
  assert.equal(Object.keys(alone.comprehension!.byNovelty), ['pair', 'relation']);
  const some = await evaluateShapes(subject.model, subject.tokenizer, { ...options, tasks: ['questions'] });
  assert.equal(some, { questions: alone.questions });
  // the plans of the model itself, which encodes the pictures, stay with it
  const kept = device.buffers.liveBytes();
  await evaluateShapes(subject.model, subject.tokenizer, options);
  assert.is(device.buffers.liveBytes(), kept);
  assert.ok(kept - before < 2 ** 22, `${kept - before} bytes are kept`);
  const stopped = evaluateShapes(subject.model, subject.tokenizer, {
    ...options,
    signal: AbortSignal.abort(new Error('enough')),
  });
  assert.match(await stopped.then(String, String), /enough/);
});

test('RefCOCO: pictures by name; missing and damaged ones are named and counted', async () => {
  const first = 'COCO_train2014_000000266240.jpg';
  picture(first, 1);
  const { result, rows } = await run('comprehension', REFCOCO, { limit: 50 });
  assert.ok(rows.length > 0 && rows.length < 50);
  assert.is(result.scored, rows.length);
  const missing = result.problems.filter(({ kind }) => kind === 'missing picture');
  assert.is(missing.length, 50 - rows.length);
  assert.is(result.problems.length, missing.length, 'each is told once');
  assert.match(
    missing[0].message,
    /holds no COCO_train2014_\d+\.jpg, nor one of 4 other names for it; --pictures tells/,
  );
  assert.match(String(rows[0].prompt), /^<grounding><phrase>.+<\/phrase>$/);
  mkdirSync(join(root, 'train2014'));
  const other = missing[0].message.match(/COCO_train2014_\d+\.jpg/)![0];
  writeFileSync(join(root, 'train2014', other), 'no picture');
  const again = await run('comprehension', REFCOCO, { limit: 50 });
  const damaged = again.result.problems.filter(({ kind }) => kind === 'unreadable picture');
  assert.ok(damaged.length > 0 && damaged.every(({ message }) => message.includes(`train2014/${other}: `)));
  assertSameRows(again.rows, rows);
});

test('no picture at all: the error says where they were looked for', async () => {
  const elsewhere = join(root, 'train2014');
  const message = await run('comprehension', REFCOCO, { limit: 3 }, { pictures: elsewhere }).then(
    () => '',
    (error) => error.message,
  );
  assert.match(message, /no prediction could be scored against 3 rows .* missing picture \(.*train2014 holds no COCO/);
});

test('generation: demonstrations are of other pictures, in front of the question', async () => {
  picture('COCO_train2014_000000266240.jpg', 1);
  rmSync(join(root, 'train2014'), { recursive: true });
  const objects = await run('generation', REFCOCO);
  const names = new Set(objects.result.problems.map(({ message }) => message.match(/COCO_train2014_\d+\.jpg/)![0]));
  for (const [i, name] of [...names].entries()) picture(name, i);
  const zero = await run('generation', REFCOCO, { limit: 3 });
  assert.is(zero.rows[0].prompt, '<grounding><phrase>It</phrase> is');
  const two = await run('generation', REFCOCO, { limit: 3 }, { shots: 2, batch: 1 });
  assert.match(
    String(two.rows[0].prompt),
    /^(<image><grounding><phrase>It<\/phrase> is [^<]+){2}<image><grounding><phrase>It<\/phrase> is$/,
  );
  assertSameRows((await run('generation', REFCOCO, { limit: 3 }, { shots: 2 })).rows, two.rows);
  assert.ok(two.result.notes.some((note) => /2 demonstrations/.test(note)));
});

test('phrase grounding, questions and captions of their own files', async () => {
  const flickr = `${DATA}/flickr30k_entities`;
  mkdirSync(join(root, 'flickr30k-images'));
  for (let i = 1; i <= 10; i++) picture(`flickr30k-images/91000000${String(i).padStart(2, '0')}.jpg`, i);
  const phrases = await run('phrase-grounding', flickr, { limit: 4, split: 'val' });
  assert.equal(phrases.result.problems, []);
  for (const { id, prompt } of phrases.rows) {
    assert.match(String(prompt), /^<grounding>.*<phrase>[^<]+<\/phrase>$/);
    assert.is(String(prompt).indexOf(' <phrase>') - '<grounding>'.length, Number(String(id).split('/')[2]));
  }
  picture('COCO_val2014_000000262148.jpg', 1);
  const questions = await run('vqa', `${DATA}/vqav2`, { limit: 3 });
  assert.is(questions.rows[0].prompt, 'Question: Where is he looking? Answer:');
  assert.equal([questions.result.scored, questions.result.problems], [3, []]);
  const captions = join(root, 'captions.jsonl');
  writeFileSync(captions, `${JSON.stringify({ id: 7, image: 'seven.png', captions: ['a star', 'one star'] })}\n`);
  picture('seven.png', 7);
  const { rows } = await run('captioning', captions);
  assert.equal([rows.length, rows[0].prompt, typeof rows[0].text], [1, 'An image of', 'string']);
});

test('language tasks: log-probabilities of the plain forward pass, for endings and for contexts', async () => {
  const winogrande = join(root, 'winogrande.jsonl');
  const row = {
    qID: 'a',
    sentence: 'The ring is left of the star so _ is left.',
    option1: 'the ring',
    option2: 'the star',
  };
  writeFileSync(winogrande, `${JSON.stringify({ ...row, answer: '1' })}\n`);
  const [given] = (await run('winogrande', winogrande)).rows;
  const { tokenizer, model } = subject;
  const contexts = [row.option1, row.option2].map((option) => row.sentence.replace(/_.*/, option));
  for (const [i, context] of contexts.entries()) {
    const before = [tokenizer.bosId!, ...tokenizer.encode(context)];
    const scored = tokenizer.encode(' is left.');
    const ids = [...before, ...scored];
    const { logits } = await model.forward({ inputIds: [ids], attentionMask: [ids.map(() => 1)] }, null);
    const values = (await logits.read()) as Float32Array;
    logits.dispose();
    const { vocabSize } = model.config.text;
    const expected = scored.map((id, k) => {
      const at = (before.length + k - 1) * vocabSize;
      const all = values.subarray(at, at + vocabSize);
      return all[id] - Math.log(all.reduce((sum, value) => sum + Math.exp(value), 0));
    });
    const actual = (given.logProbabilities as number[][])[i];
    assert.is(actual.length, expected.length);
    for (const [k, value] of expected.entries()) assert.ok(Math.abs(actual[k] - value) < 1e-4);
  }
  for (const [task, file] of [
    ['cb', 'cb_synthetic_6.jsonl'],
    ['storycloze', 'storycloze_synthetic_6.csv'],
    ['hellaswag', 'hellaswag_original_format.jsonl'],
  ]) {
    const alone = await run(task, `${DATA}/${file}`, {}, { batch: 1 });
    assertSameRows((await run(task, `${DATA}/${file}`)).rows, alone.rows);
  }
});

test('rows that cannot be asked: too long for the model, or with nothing to score', async () => {
  const file = join(root, 'copa.jsonl');
  const row = { choice1: 'It is.', choice2: 'It is not.', question: 'cause', label: 0 };
  const rows = [
    { ...row, idx: 0, premise: 'A star is red.' },
    { ...row, idx: 1, premise: 'a star '.repeat(400) },
  ];
  writeFileSync(file, rows.map((one) => `${JSON.stringify(one)}\n`).join(''));
  const { result } = await run('copa', file);
  assert.equal([result.items, result.scored], [2, 1]);
  assert.equal(
    result.problems.map(({ id, kind }) => `${id} ${kind}`),
    ['1 unusable row'],
  );
  assert.match(result.problems[0].message, /its \d+ tokens do not fit the model, which takes 512/);
});

test('a run that was stopped goes on with what is missing', async () => {
  const whole = await run('vqa', 'shapes:test', { limit: 6 }, { batch: 2 });
  const controller = new AbortController();
  const written: Row[] = [];
  const stopped = run(
    'vqa',
    'shapes:test',
    { limit: 6 },
    {
      batch: 2,
      signal: controller.signal,
      write: async (rows) => {
        written.push(...rows);
        controller.abort(new Error('interrupted'));
      },
    },
  );
  assert.match(await stopped.then(String, String), /interrupted/);
  assert.is(written.length, 2);
  const earlier = new Map(written.map((row) => [String(row.id), row]));
  const rest = await run('vqa', 'shapes:test', { limit: 6 }, { batch: 2, earlier });
  assert.is(rest.rows.length, 4);
  assert.equal(rest.result.rows, whole.result.rows);
  const all = [...written, ...rest.rows].sort((a, b) => String(a.id).localeCompare(String(b.id)));
  assertSameRows(all, whole.rows);
});

test.run();
