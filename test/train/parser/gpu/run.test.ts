/** Trainings of a parser in a folder: what they write, resuming to the bit, and what they refuse. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Parser } from '../../../../data/grit/parser/index.ts';
import { type ParserRunOptions, runParserTraining } from '../../../../train/parser/run.ts';
import { readMetrics } from '../../../../train/report/metrics.ts';
import { adapterChoice } from '../../../adapter.ts';
import { rejects } from '../../../rejects.ts';
import { TINY_TRAINING, TINY_TREEBANK } from '../tiny.ts';

const test = suite('trainings of a parser');
const folder = mkdtempSync(join(tmpdir(), 'parser-training-'));
test.after(() => rmSync(folder, { recursive: true }));
for (const section of ['train', 'dev']) writeFileSync(join(folder, `xx-ud-${section}.conllu`), TINY_TREEBANK);

const training = {
  ...TINY_TRAINING,
  steps: 6,
  dropout: { input: 0.1, block: 0.1, hidden: 0.1 },
  validation: { every: 3, sentences: 0 },
  checkpoint: { every: 2, keep: 2 },
};
const run = (name: string, options: Partial<ParserRunOptions> = {}) =>
  runParserTraining({
    training,
    data: folder,
    out: join(folder, name),
    resume: false,
    adapter: adapterChoice(),
    ...options,
  });

test('a run that was interrupted goes on to the same bits', async () => {
  const notes: string[] = [];
  const whole = await run('whole', { onNote: (text) => notes.push(text) });
  assert.is(whole.step, 6);
  assert.ok(whole.finished);
  assert.match(notes[0], /^step 3: loss \d+\.\d+, UPOS \d+\.\d\d %, .* of 27 words$/);
  assert.equal(readdirSync(join(folder, 'whole/checkpoints')), ['step-0000004', 'step-0000006']);

  const controller = new AbortController();
  const parts = await run('parts', {
    signal: controller.signal,
    onStep: ({ step }) => step === 3 && controller.abort(),
  });
  assert.is(parts.step, 3);
  assert.is.not(parts.finished, true);
  await rejects(() => run('parts'), Error, /holds a run that has come to step 3; go on with --resume/);
  const wider = { ...training, model: { ...training.model, width: 32 } };
  await rejects(
    () => run('parts', { training: wider, resume: true }),
    Error,
    /model was .*"width":16.* now it is .*"width":32/,
  );
  const other = { ...training, seed: training.seed + 1 };
  await rejects(() => run('parts', { training: other, resume: true }), Error, /another configuration: seed was/);
  await run('parts', { resume: true });

  const [metrics, again] = [await metricsOf('whole'), await metricsOf('parts')];
  assert.equal(metrics.length, 8);
  assert.equal(again, metrics);
  const state = (name: string) =>
    readFileSync(join(folder, name, 'checkpoints/step-0000006/training_state.safetensors'));
  assert.ok(state('whole').equals(state('parts')), 'parameters, moments and average');
});

test('the best parser lies in model/', async () => {
  const parser = await Parser.load(join(folder, 'whole/model'));
  assert.is(parser.parse([['A', 'dog', 'runs']])[0].heads.length, 3);
});

test('a folder without a treebank', async () => {
  await rejects(() => run('other', { data: join(folder, 'whole') }), Error, /whole has no file \*-ud-train\.conllu/);
});

/** Rows without what differs from run to run. */
async function metricsOf(name: string): Promise<unknown[]> {
  const rows = await readMetrics(join(folder, name, 'metrics.jsonl'));
  return rows.map((row) => (row.kind === 'step' ? { ...row, seconds: 0, tokensPerSecond: 0 } : row));
}

test.run();
