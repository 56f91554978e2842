/** Tables of results, and the blocks of pages that they are written into. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { withBlock } from '../../bench/blocks.ts';
import type { Result } from '../../bench/compare.ts';
import { costCurves } from '../../bench/cost/curves.ts';
import { torchGoal } from '../../bench/goals.ts';
import { type BenchRecord, resultsPath } from '../../bench/record.ts';
import { newestRecords } from '../../bench/report/records.ts';
import { overviewTable, resultSections, timesTable } from '../../bench/report/tables.ts';
import { timesOf } from '../../bench/statistics.ts';

const test = suite('bench: report');

const timed = (engine: Result['engine'], milliseconds: number): Result => {
  return { engine, times: timesOf([milliseconds]), deviation: 0, reason: null };
};

function recordOf(adapter: string, host: string, date: string, own: number): BenchRecord {
  const wrong: Result = { engine: 'onnxruntime', times: null, deviation: 1, reason: 'wrong results' };
  const results = [timed('own', own), wrong, timed('jax-js', 30), timed('tfjs', 40)];
  return {
    date,
    adapter,
    host,
    system: 'a machine',
    versions: { 'kosmos-webgpu': '0.1.0' },
    fmaGflops: 100,
    options: { full: false, tiny: false },
    cases: [
      { name: 'matmul', title: 'a product', results, goals: [{ text: '≥ 3 × jax-js', found: '3.00 ×', met: true }] },
      { name: 'overhead', title: 'overhead', figures: { 'JavaScript µs per replayed dispatch': 3.25 }, goals: [] },
    ],
  };
}

const lavapipe = recordOf('llvmpipe: Mesa 25 (LLVM 15), software', 'Node 20.1.0', '2026-01-02T00:00:00Z', 10);
const swiftShader = recordOf('SwiftShader driver 5.0.0, software', 'chromium', '2026-01-03T00:00:00Z', 15);

test('a block of a page is replaced, and must be there', () => {
  const page = 'before\n<!-- here -->\nold\n<!-- /here -->\nafter';
  assert.is(withBlock(page, 'here', 'new'), 'before\n<!-- here -->\n\nnew\n\n<!-- /here -->\nafter');
  assert.is(withBlock(withBlock(page, 'here', 'x'), 'here', 'new'), withBlock(page, 'here', 'new'));
  assert.throws(() => withBlock(page, 'there', 'new'), /no block <!-- there -->/);
});

test('of each adapter and host the newest counts, and tiny sizes do not', () => {
  const folder = mkdtempSync(join(tmpdir(), 'results-'));
  try {
    mkdirSync(join(folder, 'not-a-result'));
    const older = { ...lavapipe, date: '2025-01-01T00:00:00Z' };
    const tiny = { ...lavapipe, date: '2027-01-01T00:00:00Z', options: { full: false, tiny: true } };
    for (const [i, record] of [older, lavapipe, tiny, swiftShader].entries())
      writeFileSync(join(folder, `${i}.json`), JSON.stringify(record));
    assert.equal(
      newestRecords(folder).map(({ date }) => date),
      [lavapipe.date, swiftShader.date],
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test('a file of results is named by adapter, host and day', () => {
  assert.match(resultsPath(lavapipe), /bench\/results\/llvmpipe-mesa-25-llvm-15-software-node-2026-01-02\.json$/);
  const large = { ...swiftShader, options: { full: false, tiny: false, gpu: true } };
  assert.match(resultsPath(large), /swiftshader-driver-5\.0\.0-software-chromium-gpu-2026-01-03\.json$/);
});

test('the tables: medians, a dash where something was wrong, the ratio to the fastest other', () => {
  assert.match(timesTable(lavapipe), /\| a product \| 10\.0 \| 30\.0 \| 40\.0 \| 3\.0 × \|/);
  const overview = overviewTable([lavapipe, swiftShader]);
  assert.match(overview, /\| work \| llvmpipe, Node \| SwiftShader, Chromium \|/);
  assert.match(overview, /\| a product \| 10\.0 ms, 3\.0 × \| 15\.0 ms, 2\.0 × \|/);
  assert.match(overview, /\| JavaScript µs per replayed dispatch \| 3\.25 \| 3\.25 \|/);
  const all = resultSections([lavapipe]);
  assert.match(all, /Goals: 1 of 1 met\./);
  assert.match(all, /\| overhead \| JavaScript µs per replayed dispatch \| 3\.25 \|/);
});

test('beside torch, a step may take three times as long', () => {
  assert.equal(torchGoal([timed('own', 29)], 10), {
    text: '≤ 3 × the time of torch (10.0 ms)',
    found: '2.90 ×',
    met: true,
  });
  assert.is(torchGoal([timed('own', 31)], 10).met, false);
});

test('curves: a panel for each table that has points', () => {
  const points = [1, 2, 4].map((x) => ({
    x,
    milliseconds: 5 * x,
    bytes: 3e6 * x,
    flops: 1e9 * x,
    formulaBytes: 3e6 * x,
  }));
  const table = { title: 'Batch', columns: [], rows: [], axis: 'B', points };
  const picture = costCurves([table, { ...table, points: undefined }]);
  assert.is(picture.match(/<g transform/g)!.length, 1);
  assert.is(picture.match(/<polyline/g)!.length, 4);
  assert.not.match(picture, /NaN|undefined|Infinity/);
});

test.run();
