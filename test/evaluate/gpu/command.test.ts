/** The command `evaluate` with a model: tables, files, going on after Ctrl-C, and other weights under the same name. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { exitCodeOf } from '../../../cli/command.ts';
import { evaluate } from '../../../cli/evaluate.ts';
import { buildShapesTokenizer } from '../../../data/index.ts';
import { requestDevice } from '../../../engine/device.ts';
import { SHAPES_TASK_TABLE } from '../../../evaluate/tasks.ts';
import { writeModelFolder } from '../../../train/checkpoint.ts';
import { adapterChoice } from '../../adapter.ts';
import { captured } from '../../cli/terminal.ts';
import { SMALL_CONFIG, SMALL_GRID, smallModel } from '../small-model.ts';

const test = suite('evaluate with a model');
const root = mkdtempSync(join(tmpdir(), 'evaluate-gpu-'));
const folder = join(root, 'model');
test.after(() => rmSync(root, { recursive: true }));

test.before(async () => {
  const device = await requestDevice({ adapter: adapterChoice() });
  const { model, tokenizer } = await smallModel(device);
  const { tokenizerJson, tokenizerConfig } = buildShapesTokenizer({ gridSize: SMALL_GRID });
  const files = {
    'config.json': JSON.stringify({
      ...SMALL_CONFIG,
      text_config: { ...SMALL_CONFIG.text_config, vocab_size: tokenizer.size },
    }),
    'tokenizer.json': JSON.stringify(tokenizerJson),
    'tokenizer_config.json': JSON.stringify(tokenizerConfig),
    'preprocessor_config.json': JSON.stringify({ size: { height: 32, width: 32 }, do_center_crop: false }),
  };
  await writeModelFolder(folder, files, model.parameters, model.config, 'f32');
  device.close();
});

async function run(signal: AbortSignal, ...words: string[]) {
  const terminal = captured(signal);
  const model = ['--model', folder, '--adapter', adapterChoice()];
  const code = await exitCodeOf('evaluate', evaluate, [...words, ...model], terminal);
  return { code, out: terminal.out, errors: terminal.errors };
}

const quiet = new AbortController().signal;

function lines(path: string): string[] {
  return readFileSync(path, 'utf8').trimEnd().split('\n');
}

test('all: a table for each task of the shapes world, and a folder with its files', async () => {
  const out = join(root, 'all');
  const { code, out: printed, errors } = await run(quiet, 'all', '--data', 'shapes:test', '--limit', '2', '--out', out);
  assert.is(code, 0, errors);
  const names = Object.keys(SHAPES_TASK_TABLE);
  for (const name of names) {
    assert.ok(printed.includes(`${name}: 2 of 2 rows scored\n`), printed);
    assert.is(lines(join(out, name, 'predictions.jsonl')).length, 2);
    assert.ok(existsSync(join(out, name, 'gallery.html')));
    const document = JSON.parse(readFileSync(join(out, name, 'metrics.json'), 'utf8'));
    assert.equal([document.task, document.model, document.scored], [name, folder, 2]);
  }
  const all = JSON.parse(readFileSync(join(out, 'metrics.json'), 'utf8'));
  assert.equal(
    all.tasks.map(({ task }: { task: string }) => task),
    names,
  );
});

test('a run that was interrupted goes on, and then is done', async () => {
  const out = join(root, 'cut');
  const words = ['vqa', '--data', 'shapes:validation', '--limit', '4', '--batch', '2', '--out', out];
  const controller = new AbortController();
  const file = join(out, 'predictions.jsonl');
  const watch = setInterval(() => {
    if (existsSync(file) && readFileSync(file, 'utf8') !== '') controller.abort(new Error('interrupted'));
  }, 1);
  const cut = await run(controller.signal, ...words);
  clearInterval(watch);
  // a fast machine may have been through before it was interrupted
  if (cut.code !== 0) {
    assert.match(
      cut.errors,
      /The answers so far are in .*cut; the same command goes on with them\.\nevaluate: interrupted/,
    );
    assert.ok(!existsSync(join(out, 'metrics.json')));
  }
  const whole = await run(quiet, ...words, '--json');
  assert.is(whole.code, 0, whole.errors);
  const document = JSON.parse(whole.out);
  assert.equal([document.scored, document.items], [4, 4]);
  const before = readFileSync(file, 'utf8');
  assert.is(lines(file).length, 4);
  // its predictions are a file to score like any other
  const again = captured();
  const scoring = ['vqa', '--data', 'shapes:validation', '--limit', '4', '--predictions', file, '--json'];
  assert.is(await exitCodeOf('evaluate', evaluate, scoring, again), 0, again.errors);
  assert.equal(JSON.parse(again.out).metrics, document.metrics);
  await run(quiet, ...words);
  assert.is(readFileSync(file, 'utf8'), before);
});

test('predictions of other settings or weights are not mixed in', async () => {
  const out = join(root, 'cut');
  const other = await run(quiet, 'vqa', '--data', 'shapes:test', '--limit', '4', '--out', out);
  assert.is(other.code, 1);
  assert.match(other.errors, /another run \(data "shapes:validation", not "shapes:test"\): give another --out/);
  const weights = join(folder, 'model.safetensors');
  const bytes = readFileSync(weights);
  writeFileSync(weights, bytes.fill(0, bytes.length - 64));
  const changed = await run(quiet, 'vqa', '--data', 'shapes:validation', '--limit', '4', '--out', out);
  assert.match(changed.errors, /another run \(weights "[0-9a-f]+", not "[0-9a-f]+"\)/);
});

test.run();
