/** The bench at sizes that mean nothing, this code alone: it measures, checks and writes what it found. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { bench } from '../../../bench/bench.ts';
import type { BenchRecord } from '../../../bench/record.ts';
import { adapterChoice } from '../../adapter.ts';

const test = suite('bench: tiny sizes');

async function run(...words: string[]): Promise<{ code: number; said: string; record: BenchRecord }> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-'));
  const path = join(folder, 'results.json');
  let said = '';
  const stdout = { write: (text: string) => (said += text) };
  const terminal = { signal: new AbortController().signal, stdout, stderr: stdout };
  try {
    const adapter = ['--adapter', adapterChoice()];
    const code = await bench(['--tiny', '--no-peers', '--json', path, ...adapter, ...words], terminal);
    return { code, said, record: JSON.parse(readFileSync(path, 'utf8')) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

test('matrix products: right, timed, and without peers to compare with', async () => {
  const { code, said, record } = await run('--only', 'matmul');
  assert.is(code, 0, said);
  assert.is(record.cases.length, 5);
  assert.ok(record.fmaGflops! > 0);
  assert.ok(record.adapter.length > 0);
  for (const { results, goals } of record.cases) {
    const [own, ...peers] = results!;
    assert.ok(own.deviation! < 1e-5 && own.times!.median > 0);
    for (const { reason } of peers) assert.is(reason, 'left out by --no-peers');
    assert.is(goals.length, peers.length > 0 ? 3 : 1);
    assert.ok(peers.length === 0 || goals[0].met === null);
  }
  assert.match(said, /\| work \| goal \| found \| met \|/);
});

if (adapterChoice() === 'swiftshader') {
  console.log("skipped: attention, training and overhead (on the system's adapter only, for they compile long)");
  test.skip('attention, training and overhead');
} else {
  test('attention and training: within float64', async () => {
    for (const name of ['attention-2x17-causal-backward', 'training']) {
      const { code, said, record } = await run('--only', name);
      assert.is(code, 0, said);
      for (const { results } of record.cases) assert.ok(results![0].deviation! < 1e-5, said);
    }
  });

  test('overhead: two submits a step, and nothing made after the first ones', async () => {
    const { record } = await run('--only', 'overhead');
    const { figures } = record.cases[0];
    assert.ok(figures!['submits per training step'] <= 2);
    assert.is(figures!['buffers made per later step'], 0);
    assert.is(figures!['bind groups made per later step'], 0);
    assert.is(figures!['pipelines made per later step'], 0);
  });

  test('dispatch: each way to bind and each call has its price', async () => {
    const { record } = await run('--only', 'dispatch');
    const prices = Object.values(record.cases[0].figures!);
    assert.is(prices.length, 12);
    for (const price of prices) assert.ok(price > 0);
  });
}

test.run();
