/** The command `evaluate`: goldens scored from files of predictions, and everything that can be wrong with these. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { exitCodeOf } from '../../cli/command.ts';
import { evaluate } from '../../cli/evaluate.ts';
import { shapesEvaluation } from '../../data/index.ts';
import { type Json, readJson } from '../golden/json.ts';
import { repositoryRoot } from '../shared.ts';

const GOLDENS = `${repositoryRoot()}test/goldens`;
const VQA = `${GOLDENS}/data/eval/vqav2`;
const REFCOCO = `${GOLDENS}/data/eval/refcoco/finetune_refcoco_testA_50.json`;
const root = mkdtempSync(join(tmpdir(), 'evaluate-'));
test.after(() => rmSync(root, { recursive: true }));

async function run(...words: string[]): Promise<{ code: number; out: string; errors: string }> {
  const out: string[] = [];
  const errors: string[] = [];
  const terminal = {
    signal: new AbortController().signal,
    stdout: { write: (text: string) => out.push(text) },
    stderr: { write: (text: string) => errors.push(text) },
  };
  const code = await exitCodeOf('evaluate', evaluate, words, terminal);
  return { code, out: out.join(''), errors: errors.join('') };
}

function predictions(name: string, rows: readonly unknown[]): string {
  const path = join(root, name);
  writeFileSync(path, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  return path;
}

/** The document of a run that must succeed. */
async function scored(task: string, data: string, file: string, ...more: string[]): Promise<Json> {
  const { code, out, errors } = await run(task, '--data', data, '--predictions', file, '--json', ...more);
  assert.equal([code, errors], [0, '']);
  return JSON.parse(out);
}

function metricOf(document: Json, metric: string): number {
  return document.metrics.find((row: Json) => row.metric === metric).value;
}

const golden = (file: string): Promise<Json> => readJson(`${GOLDENS}/metrics/${file}`);

test('VQA: an official result file gives the official accuracy', async () => {
  for (const set of (await golden('vqa.json')).sets) {
    const path = join(root, `${set.name}.json`);
    writeFileSync(path, JSON.stringify(set.predictions));
    const document = await scored('vqa', VQA, path);
    assert.ok(Math.abs(metricOf(document, 'accuracy') - set.expected.overall_unrounded) < 1e-9);
    assert.equal([document.items, document.scored, document.problemCounts], [100, 100, {}]);
    assert.is(document.metrics[0].paper, 45.6);
  }
});

test('phrase grounding: recall of the goldens from both forms of the data', async () => {
  const { queries, recall } = (await golden('grounding.json')).phrase_grounding_val;
  const rows = queries.map((query: Json) => ({
    id: `${query.image_id}/${query.sentence_id}/${query.span[0]}`,
    text: query.output,
  }));
  const file = predictions('phrases.jsonl', rows);
  const folder = `${GOLDENS}/data/eval/flickr30k_entities`;
  const official = await scored('phrase-grounding', folder, file, '--split', 'val');
  for (const rank of ['1', '5', '10']) {
    assert.is(metricOf(official, `R@${rank}`), 100 * recall[rank].all);
    assert.is(metricOf(official, `R@${rank} people`), 100 * recall[rank].people);
  }
  assert.is(official.metrics[0].paper, 77.8);
  const mdetr = await scored('phrase-grounding', `${folder}/final_flickr_separateGT_val.json`, file);
  assert.is(metricOf(mdetr, 'R@10'), 100 * recall['10'].all);
  assert.equal([mdetr.metrics[0].paper, mdetr.notes.length], [77.8, 1]);
});

test('comprehension: text, fractions and pixels; malformed boxes are misses', async () => {
  const { queries, accuracy } = (await golden('grounding.json')).referring_expression_comprehension;
  const forms = {
    text: (query: Json) => ({ id: query.id, text: query.output }),
    pixels: (query: Json) => ({ id: query.id, pixels: query.boxes }),
    boxes: ({ id, boxes, width, height }: Json) => ({
      id,
      boxes: boxes.map(([a, b, c, d]: number[]) => [a / width, b / height, c / width, d / height]),
    }),
  };
  for (const [name, form] of Object.entries(forms)) {
    const document = await scored('comprehension', REFCOCO, predictions(`${name}.jsonl`, queries.map(form)));
    assert.is(metricOf(document, 'accuracy'), 100 * accuracy.first);
    assert.is(document.metrics[0].paper, 57.42);
  }
  const right = queries.filter((query: Json) => query.hit).slice(0, 2);
  const rows = [
    { id: right[0].id, pixels: right[0].boxes },
    // what comes behind keeps its place
    { id: right[1].id, pixels: [right[1].boxes[0].slice(1), right[1].boxes[0]] },
  ];
  const document = await scored('comprehension', REFCOCO, predictions('malformed.jsonl', rows));
  assert.equal([metricOf(document, 'accuracy'), document.scored], [50, 2]);
  assert.equal(document.problemCounts, { 'malformed box': 1, 'no prediction': 48 });
});

test('captions: metrics without tables, METEOR named as left out', async () => {
  const { items, expected } = (await golden('nlg.json')).sets[2];
  const data = predictions(
    'captions-data.jsonl',
    items.map(({ references }: Json, id: number) => ({ id, captions: references })),
  );
  const file = predictions(
    'captions.jsonl',
    items.map(({ hypothesis }: Json, id: number) => ({ image_id: id, caption: hypothesis })),
  );
  const document = await scored('captioning', data, file);
  assert.ok(Math.abs(metricOf(document, 'CIDEr') - 100 * expected.cider_d) < 1e-7);
  assert.ok(Math.abs(metricOf(document, 'BLEU-4') - 100 * expected.bleu[3]) < 1e-7);
  assert.ok(document.notes.some((note: string) => /METEOR is left out: --meteor/.test(note)));
  const missing = await scored('captioning', data, file, '--meteor', root);
  assert.ok(
    missing.notes.some((note: string) =>
      /left out: .*english\.words.*english\.synsets.* are missing: get them/.test(note),
    ),
  );
});

test('generation: expressions of one object are its references', async () => {
  const file = predictions('expressions.jsonl', [
    { id: 0, text: 'person in red' },
    { id: 3, text: 'very front botom' },
    { id: 1, text: 'the second expression of the first object' },
  ]);
  const document = await scored('generation', REFCOCO, file);
  assert.equal([document.items, document.scored], [17, 2]);
  assert.equal(document.problemCounts, { 'unknown id in the predictions': 1, 'no prediction': 15 });
  assert.ok(metricOf(document, 'BLEU-1') > 0);
});

test('multiple choice: sums, means and lists of tokens', async () => {
  const cb = `${GOLDENS}/data/eval/cb_synthetic_6.jsonl`;
  const tokens = predictions(
    'tokens.jsonl',
    [0, 1, 2, 3, 4, 5].map((id) => ({ id, logProbabilities: [[-1, -1, -1], [-2], [-9]] })),
  );
  const document = await scored('cb', cb, tokens);
  assert.ok(Math.abs(metricOf(document, 'accuracy by sum') - 100 / 3) < 1e-9);
  assert.ok(Math.abs(metricOf(document, 'accuracy by mean') - 100 / 3) < 1e-9);
  assert.is(document.metrics[0].paper, 30.4);
  const sums = predictions('sums.jsonl', [
    { id: 0, scores: [-1, -2, -3] },
    { id: 1, scores: [-1, -2] },
    { id: 2, scores: [-1, null, -3] },
    { id: 3 },
  ]);
  const partial = await scored('cb', cb, sums);
  assert.equal(partial.problemCounts, { 'unusable prediction': 3, 'no prediction': 2 });
  assert.equal([partial.scored, partial.metrics.length, partial.notes.length], [1, 1, 2]);
  assert.match(partial.problems[0].message, /sums\.jsonl:2: "scores" has 2 members for 3 options/);
});

test('ids that are unknown, there twice or missing are reported and counted; --limit; metrics.json', async () => {
  const file = predictions('ids.jsonl', [
    { id: 262148000, answer: 'down' },
    { id: 262148000, answer: 'up' },
    { id: 'nobody', answer: 'x' },
    { id: 262148002, answer: 5 },
    { id: 393225000, answer: 'beyond the limit' },
  ]);
  const out = join(root, 'new', 'folder');
  const document = await scored('vqa', VQA, file, '--limit', '3', '--out', `${out}/`);
  assert.equal([document.items, document.scored, document.limit], [3, 1, 3]);
  assert.equal(document.problemCounts, {
    'unknown id in the predictions': 1,
    'duplicated id in the predictions': 1,
    'unusable prediction': 1,
    'no prediction': 1,
  });
  assert.equal(JSON.parse(readFileSync(join(out, 'metrics.json'), 'utf8')), document);
  const { out: table } = await run('vqa', '--data', VQA, '--predictions', file, '--limit', '3');
  assert.match(table, /vqa: 1 of 3 rows scored\n.*here +paper\n +accuracy .* 45\.60\n/);
  assert.match(table, /Problem: unknown id in the predictions: 1: nobody \(the data has no row of this id\)\n/);
  assert.match(table, /Problem: no prediction: 1: 262148001\n/);
  const gallery = readFileSync(join(out, 'gallery.html'), 'utf8');
  assert.match(gallery, /<b>written<\/b>down<\/p>/);
  assert.match(gallery, /COCO_val2014_000000262148\.jpg/, 'a picture that is not there is named');
});

test('the shapes world: predictions that are all right, and some that are not', async () => {
  const items = shapesEvaluation({ seed: 1, split: 'test', count: 10, task: 'questions' });
  const row = (answer: string, index: number) => ({ id: items[index].id, answer, entities: [] });
  const right = items.map(({ answer }, index) => row(`${answer.toUpperCase()}.`, index));
  const document = await scored('vqa', 'shapes:test', predictions('shapes.jsonl', right), '--limit', '10');
  assert.equal([metricOf(document, 'accuracy'), metricOf(document, 'where')], [100, 100]);
  const broken = [right[0], { ...right[1], answer: 5 }, { ...right[2], entities: [{ text: 'x' }] }, row('nothing', 3)];
  const partial = await scored('vqa', 'shapes:test', predictions('broken.jsonl', broken), '--limit', '4');
  assert.equal([metricOf(partial, 'accuracy'), partial.problemCounts], [50, { 'unusable prediction': 2 }]);
});

test('exit codes: failures 1 with one line, wrong usage 2', async () => {
  const file = predictions('one.jsonl', [{ id: 'nobody', answer: 'x' }]);
  const failure = async (pattern: RegExp, ...words: string[]) => {
    const { code, out, errors } = await run(...words);
    assert.equal([code, out], [1, '']);
    assert.match(errors, pattern);
    assert.is(errors.trim().split('\n').length, 1);
  };
  await failure(/no prediction could be scored.*nobody: unknown id/, 'vqa', '--data', VQA, '--predictions', file);
  await failure(/absent/, 'vqa', '--data', VQA, '--predictions', join(root, 'absent.jsonl'));
  await failure(/absent/, 'vqa', '--data', join(root, 'absent'), '--predictions', file);
  await failure(/shapes:new: there are shapes:train, /, 'vqa', '--data', 'shapes:new', '--predictions', file);
  const nameless = predictions('nameless.jsonl', [{ answer: 'x' }]);
  await failure(/nameless\.jsonl:1: a prediction needs an "id"/, 'vqa', '--data', VQA, '--predictions', nameless);
  const usage = async (pattern: RegExp, ...words: string[]) => {
    const { code, errors } = await run(...words);
    assert.is(code, 2);
    assert.match(errors, pattern);
  };
  const scoring = ['vqa', '--data', VQA, '--predictions', file];
  await usage(/--predictions excludes --model/, ...scoring, '--model', 'x');
  await usage(/--predictions excludes --batch/, ...scoring, '--batch', '2');
  await usage(/those of one task/, 'all', '--data', 'shapes:test', '--predictions', file);
  await usage(/all takes data of the shapes world/, 'all', '--data', VQA);
  await usage(/the shapes world has no boolq: phrase-grounding, /, 'boolq', '--data', 'shapes:test');
  await usage(/--shots is for the task generation/, 'vqa', '--data', VQA, '--shots', '2');
  await usage(/--dtype takes f32, f16/, 'vqa', '--data', VQA, '--dtype', 'f8');
  await usage(/--batch takes a whole number from 1/, 'vqa', '--data', VQA, '--batch', '0');
  await usage(/there is no task "sums": phrase-grounding, /, 'sums');
  await usage(/one task is expected/);
  await usage(/--data PATH is expected/, 'vqa', '--predictions', file);
  await usage(/--limit takes a whole number/, 'vqa', '--data', VQA, '--predictions', file, '--limit', '0');
  await usage(/--split takes test, val/, 'vqa', '--data', VQA, '--predictions', file, '--split', 'all');
  await usage(/Unknown option '--what'/, 'vqa', '--what');
  const { code, out } = await run('--help');
  assert.is(code, 0);
  assert.match(out, /Usage: evaluate TASK/);
  assert.ok(
    out.split('\n').every((line) => line.length <= 130),
    'no line is longer than a wide terminal',
  );
});

test.run();
