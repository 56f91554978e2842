import { appendFile, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { MetricsLog, type MetricsRow, readMetrics, type StepRow } from '../../../train/report/metrics.ts';
import { rejects } from '../../rejects.ts';

const folder = await mkdtemp(join(tmpdir(), 'metrics-'));
const path = join(folder, 'metrics.jsonl');

function stepRow(step: number, changes: Partial<StepRow> = {}): StepRow {
  const row = {
    kind: 'step',
    step,
    loss: 8 / step,
    learningRate: 1e-4,
    gradientNorm: 2,
    tokensPerSecond: 900,
    seconds: 0.5,
  } as const;
  return { ...row, ...changes };
}

async function write(rows: readonly MetricsRow[], resumeAfter?: number): Promise<void> {
  const log = await MetricsLog.open(path, resumeAfter);
  for (const row of rows) await log.append(row);
  await log.close();
}

const stepsIn = async () => (await readMetrics(path)).map(({ step }) => step);

test('what is appended is read back, line by line, before the file is closed', async () => {
  const log = await MetricsLog.open(path);
  const rows: MetricsRow[] = [
    { kind: 'validation', step: 0, validationLoss: 9, metrics: { 'R@1': 0.25 } },
    stepRow(1, { lossByKind: { text: 3, shapes: 4 } }),
    stepRow(2, { skipped: true }),
  ];
  for (const [i, row] of rows.entries()) {
    await log.append(row);
    assert.equal(await readMetrics(path), rows.slice(0, i + 1));
  }
  await log.close();
  const lines = (await readFile(path, 'utf8')).trimEnd().split('\n');
  assert.equal(
    lines.map((line) => JSON.parse(line).step),
    [0, 1, 2],
  );
});

test('a new run begins a new file', async () => {
  await write([stepRow(1), stepRow(2)]);
  await write([stepRow(1)]);
  assert.equal(await stepsIn(), [1]);
});

test('a resumed run takes out what it will do again', async () => {
  await write([stepRow(1), stepRow(2), { kind: 'validation', step: 2, validationLoss: 3 }, stepRow(3), stepRow(4)]);
  await write([stepRow(3, { loss: 1 })], 2);
  assert.equal(await stepsIn(), [1, 2, 2, 3]);
  assert.is(((await readMetrics(path))[3] as StepRow).loss, 1);
  assert.equal(await readdir(folder), ['metrics.jsonl'], 'nothing is left beside it');
});

test('a line that was cut off is left out and repaired, wherever it was cut', async () => {
  await write([stepRow(1)]);
  const whole = await readFile(path, 'utf8');
  const second = JSON.stringify(stepRow(2));
  for (let length = 1; length <= second.length; length++) {
    await writeFile(path, whole + second.slice(0, length));
    const isWhole = length === second.length;
    assert.equal(await stepsIn(), isWhole ? [1, 2] : [1], `${length} characters`);
    await write([stepRow(isWhole ? 3 : 2)], isWhole ? 2 : 1);
    assert.equal(await stepsIn(), isWhole ? [1, 2, 3] : [1, 2], `${length} characters, resumed`);
  }
});

test('resuming where there is no file begins one', async () => {
  await rm(path);
  await write([stepRow(8)], 7);
  assert.equal(await stepsIn(), [8]);
});

test('numbers that are none are null in the file and NaN when read', async () => {
  await write([stepRow(1, { loss: Number.NaN, gradientNorm: Number.POSITIVE_INFINITY, skipped: true })]);
  assert.match(await readFile(path, 'utf8'), /"loss":null,.*"gradientNorm":null/);
  const [row] = (await readMetrics(path)) as StepRow[];
  assert.ok(Number.isNaN(row!.loss) && Number.isNaN(row!.gradientNorm) && row!.skipped);
});

test('a broken line in the middle is named', async () => {
  await write([stepRow(1)]);
  await appendFile(path, `{"step":\n${JSON.stringify(stepRow(3))}\n`);
  await rejects(() => readMetrics(path), Error, /metrics\.jsonl, line 2: not a row of metrics: \{"step":$/);
  await rejects(() => MetricsLog.open(path, 3), Error, /line 2/);
});

test.after(() => rm(folder, { recursive: true, force: true }));
test.run();
