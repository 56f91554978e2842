/** `predictions.jsonl` of a run: lines as they come, and going on after a stop. */
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { modelFingerprint } from '../../evaluate/run/fingerprint.ts';
import { PredictionsLog } from '../../evaluate/run/predictions-log.ts';

const root = mkdtempSync(join(tmpdir(), 'predictions-'));
test.after(() => rmSync(root, { recursive: true }));

const SETTINGS = { task: 'vqa', data: 'shapes:test', weights: 'abc', seed: 1 };

function messageOf(attempt: Promise<unknown>): Promise<string> {
  return attempt.then(
    () => 'accepted',
    (error: Error) => error.message,
  );
}

test('lines are there at once; a line that was cut off is left out', async () => {
  const folder = join(root, 'new', 'run');
  const path = join(folder, 'predictions.jsonl');
  const log = await PredictionsLog.open(folder, SETTINGS);
  assert.is(log.earlier.size, 0);
  await log.append([{ id: 'a', answer: 'red' }]);
  assert.is(readFileSync(path, 'utf8'), '{"id":"a","answer":"red"}\n');
  await log.append([
    { id: 'b', answer: 'é' },
    { id: 'c', answer: '' },
  ]);
  await log.close();
  appendFileSync(path, '{"id":"d","ans');
  const again = await PredictionsLog.open(folder, SETTINGS);
  assert.equal([...again.earlier.keys()], ['a', 'b', 'c']);
  assert.is(again.earlier.get('b')!.answer, 'é');
  await again.append([{ id: 'd', answer: 'whole' }]);
  await again.close();
  assert.is(readFileSync(path, 'utf8').split('\n').length, 5);
});

test('predictions of another run, or of an unknown one, are left alone', async () => {
  const folder = join(root, 'other');
  const log = await PredictionsLog.open(folder, SETTINGS);
  await log.append([{ id: 'a' }]);
  await log.close();
  const message = await messageOf(PredictionsLog.open(folder, { ...SETTINGS, weights: 'xyz', shots: 2 }));
  assert.match(message, /another run \(weights "abc", not "xyz"; shots unknown, not 2\): give another --out/);
  const path = join(folder, 'predictions.jsonl');
  assert.is(readFileSync(path, 'utf8'), '{"id":"a"}\n');
  rmSync(join(folder, 'run.json'));
  assert.match(await messageOf(PredictionsLog.open(folder, SETTINGS)), /unknown run, without run\.json/);
  writeFileSync(join(folder, 'run.json'), JSON.stringify(SETTINGS));
  writeFileSync(path, '{"id":"a"}\nnonsense\n');
  assert.match(await messageOf(PredictionsLog.open(folder, SETTINGS)), /predictions\.jsonl:2: not a line/);
});

test('a fingerprint tells other weights under the same names', async () => {
  const folder = join(root, 'model');
  const log = await PredictionsLog.open(folder, SETTINGS);
  await log.close();
  const weights = new Uint8Array(3 << 20);
  writeFileSync(join(folder, 'config.json'), '{}');
  writeFileSync(join(folder, 'model.safetensors'), weights);
  const first = await modelFingerprint(folder);
  assert.match(first, /^[0-9a-f]{16}$/);
  writeFileSync(join(folder, 'notes.txt'), 'nothing that counts');
  assert.is(await modelFingerprint(folder), first);
  for (let at = 0; at < weights.length; at += 1000) weights[at] = 1;
  writeFileSync(join(folder, 'model.safetensors'), weights);
  assert.is.not(await modelFingerprint(folder), first);
});

test.run();
