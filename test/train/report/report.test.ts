import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { encodePng } from '../../../data/index.ts';
import { smoothedValues } from '../../../report/moving-average.ts';
import type { MetricsRow } from '../../../train/report/metrics.ts';
import { exactAxis, roundAxis } from '../../../train/report/report/axis.ts';
import { chartFigure } from '../../../train/report/report/chart.ts';
import { type Report, reportHtml, writeReport } from '../../../train/report/report.ts';

const PNG = encodePng({ width: 2, height: 1, data: Uint8Array.of(255, 0, 0, 0, 0, 255) });

function rowsOf(steps: number): MetricsRow[] {
  return Array.from({ length: steps + 1 }, (_, step): MetricsRow[] => {
    const loss = 0.5 + 8 / (step + 1);
    const validation = {
      kind: 'validation',
      step,
      validationLoss: loss + 0.1,
      metrics: { 'R@1': 0.5, CIDEr: 1.5 },
    } as const;
    const done = {
      kind: 'step',
      step,
      loss,
      learningRate: 1e-4,
      gradientNorm: 2,
      tokensPerSecond: 1000,
      seconds: 2,
    } as const;
    return [
      ...(step === 0 ? [] : [{ ...done, lossByKind: { text: loss, shapes: 1 } }]),
      ...(step % 10 === 0 ? [validation] : []),
    ];
  }).flat();
}

function reportOf(changes: Partial<Report> = {}): string {
  const report: Report = {
    title: 'A run',
    steps: 60,
    seconds: 8040,
    configuration: { steps: 60, data: [{ name: 'shapes', perStep: 8 }], optimizer: { betas: [0.9, 0.98] } },
    rows: rowsOf(50),
    environment: { adapter: 'software', seed: 7 },
    ...changes,
  };
  return reportHtml(report);
}

/** Tags in their order of nesting; throws where one is not closed by its own. */
function checkNesting(html: string): void {
  const open: string[] = [];
  for (const [, slash, name, empty] of html.matchAll(/<(\/?)([a-z][a-z0-9]*)(?:[^>"]|"[^"]*")*?(\/?)>/g)) {
    if (empty || ['meta', 'link', 'img'].includes(name!)) continue;
    if (slash) assert.is(open.pop(), name, `</${name}>`);
    else open.push(name!);
  }
  assert.equal(open, []);
}

/** What a reader sees, without tags and style. */
function words(html: string): string {
  return html
    .replace(/<style>.*<\/style>/s, '')
    .replaceAll(/<[^>]*>/g, ' ')
    .replaceAll(/\s+/g, ' ');
}

const headings = (html: string) => [...html.matchAll(/<h2>(.*?)<\/h2>/g)].map(([, heading]) => heading);
const chartTitles = (html: string) => [...html.matchAll(/<figcaption><b>(.*?)<\/b>/g)].map(([, title]) => title);

test('one file, well-formed, that asks for nothing from elsewhere', () => {
  const html = reportOf({ samples: [{ step: 50, png: PNG }], results: [{ name: 'R@1', value: 0.5 }] });
  checkNesting(html);
  assert.not.match(html, /https?:|<script|@import|url\(/);
  assert.match(html, /default-src 'none'/);
  assert.equal(headings(html), [
    'Curves',
    'Samples',
    'Results',
    'Configuration',
    'Problems of the data',
    'Environment',
  ]);
});

test('the figures of the run stand first', () => {
  const text = words(reportOf());
  assert.match(text, /Steps 50 of 60 Loss, smoothed 0\.6\d* Validation loss 0\.7569 Time 2 h 14 min Tokens 100,000 /);
  const rising = rowsOf(20).map((row) => (row.kind === 'step' ? row : { ...row, validationLoss: 1 + row.step }));
  assert.match(words(reportOf({ rows: rising })), /Validation loss 21 lowest 1 at 0 /);
});

test('a curve for everything that was measured', () => {
  assert.equal(chartTitles(reportOf()), [
    'Loss',
    'Loss by source',
    'Measures on validation data',
    'CIDEr',
    'Learning rate',
    'Gradient norm',
    'Tokens a second',
  ]);
  assert.match(reportOf(), /<b>step 30: each step 0\.7581, smoothed 0\.\d+, validation 0\.8581<\/b>/);
});

test('a run without a step, and one whose numbers are none', () => {
  const empty = reportOf({ rows: [] });
  checkNesting(empty);
  assert.match(words(empty), /Curves No step has been done\./);
  const broken = rowsOf(50).map((row) =>
    row.kind === 'step' && row.step > 20 ? { ...row, loss: Number.NaN, skipped: true } : row,
  );
  const html = reportOf({ rows: broken });
  checkNesting(html);
  assert.match(words(html), /Updates left out 30/);
  assert.not.match(html.replaceAll(/<b>.*?<\/b>|aria-label="[^"]*"/g, ''), /NaN|Infinity|undefined/);
});

test('what others wrote cannot become part of the page', () => {
  const evil = '<img src=x onerror=alert(1)>"&';
  const html = reportOf({
    title: evil,
    description: evil,
    configuration: { [evil]: evil, list: [{ [evil]: evil }] },
    environment: { [evil]: evil },
    results: [{ name: evil, value: evil, note: evil }],
    problems: [{ source: evil, problems: [{ reason: evil, count: 1, examples: [evil] }] }],
  });
  assert.not.match(html, /<img src=x/);
  checkNesting(html);
  assert.ok(html.split('&lt;img src=x onerror=alert(1)&gt;&quot;&amp;').length > 12);
});

test('the latest sheet is large, earlier ones follow in a strip, at most eleven over the whole run', () => {
  const samples = Array.from({ length: 40 }, (_, i) => ({ step: 100 * (i + 1), png: PNG }));
  const html = reportOf({ samples });
  const steps = [...html.matchAll(/alt="samples after ([\d,]+) steps"/g)].map(([, step]) => step);
  assert.equal([steps.length, steps[0], steps[1], steps.at(-1)], [12, '4,000', '100', '3,900']);
  const [, base64] = /src="data:image\/png;base64,([^"]*)"/.exec(html)!;
  assert.equal(new Uint8Array(Buffer.from(base64!, 'base64')), new Uint8Array(PNG));
});

test('the configuration is shown to its last field', () => {
  const text = words(reportOf());
  assert.match(text, /Configuration data name perStep shapes 8 run steps 60 optimizer betas 0\.9, 0\.98 /);
});

test('problems are counted by source', () => {
  assert.match(words(reportOf()), /Problems of the data Nothing was left out\./);
  const problems = [{ source: 'grit', problems: [{ reason: 'no boxes', count: 1234, examples: ['a:1', 'b:2'] }] }];
  assert.match(words(reportOf({ problems })), /grit no boxes 1,234 a:1; b:2/);
});

test('a long run is thinned, and its peaks stay', () => {
  const points = Array.from({ length: 60_000 }, (_, i) => ({ x: i + 1, y: i === 30_000 ? 3 : 1 + (i % 2) }));
  const figure = chartFigure({ title: 'x', series: [{ label: 'x', points, color: 0, kind: 'line' }] });
  assert.ok(figure.length < 60_000, `${figure.length} characters`);
  assert.match(figure, /d="M[^"]* 0L/, 'the peak reaches the top');
});

test('a gap in the values is a gap in the line', () => {
  const points = [1, 2, Number.NaN, 3, 4].map((y, x) => ({ x, y }));
  const figure = chartFigure({ title: 'x', series: [{ label: 'x', points, color: 0, kind: 'line' }] });
  assert.match(figure, /class="line c0" d="M[^ML]+L[^ML]+M[^ML]+L[^ML]+"/);
});

test('axes have round ticks and short labels', () => {
  const labelsOf = (axis: { ticks: readonly { label: string }[] }) => axis.ticks.map(({ label }) => label);
  assert.equal(labelsOf(exactAxis(0, 60_000, 6)), ['0', '10k', '20k', '30k', '40k', '50k', '60k']);
  assert.equal(labelsOf(exactAxis(0, 45, 5)), ['0', '10', '20', '30', '40']);
  assert.equal(labelsOf(roundAxis([0.3, 8.1], 5)), ['0', '2', '4', '6', '8', '10']);
  assert.equal(labelsOf(roundAxis([0, 2e-4], 5)), ['0', '5e-5', '1e-4', '1.5e-4', '2e-4']);
  assert.equal(labelsOf(roundAxis([2.31, 2.34], 4)), ['2.31', '2.32', '2.33', '2.34']);
  assert.equal(labelsOf(roundAxis([5, 5, 5], 4)), ['4', '6']);
  assert.equal(labelsOf(roundAxis([], 4)), ['0', '0.25', '0.50', '0.75', '1.00']);
  assert.equal(labelsOf(roundAxis([0, 3.1e6], 4)), ['0', '1M', '2M', '3M', '4M']);
});

test('a few values that stand out do not flatten the rest', () => {
  const values = Array.from({ length: 1000 }, (_, i) => 1 + (i % 10) / 10);
  assert.is(roundAxis([...values, 500, 600], 5).to, 2.5);
  assert.ok(roundAxis([...values, 3], 5).to >= 3, 'a little more is shown');
});

test('smoothing does not lag, and steps over gaps', () => {
  const ramp = Array.from({ length: 101 }, (_, i) => i);
  assert.ok(Math.abs(smoothedValues(ramp, 10)[50]! - 50) < 0.1);
  const gaps = smoothedValues([1, Number.NaN, 1, Number.POSITIVE_INFINITY], 3);
  assert.ok(gaps.every((value) => Math.abs(value - 1) < 1e-12));
});

test('the file is written beside the others', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'report-'));
  const path = await writeReport(folder, {
    title: 'Größe',
    steps: 1,
    seconds: 1,
    configuration: {},
    rows: [],
    environment: {},
  });
  assert.is(path, `${folder}/report.html`);
  assert.equal(await readdir(folder), ['report.html']);
  assert.match(await readFile(path, 'utf8'), /^<!doctype html>[\s\S]*Größe[\s\S]*<\/html>\n$/);
  await rm(folder, { recursive: true });
});

test.run();
