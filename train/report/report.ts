/** The report of a training run: one HTML file that needs nothing beside it, no network and no script. */
import type { ProblemCount } from '../../data/corpora/example.ts';
import { runtime } from '../../engine/runtime/index.ts';
import { showDuration, showNumber, showWhole } from '../../report/format.ts';
import { card, escapeHtml, htmlPage, nameTable, pngUrl } from '../../report/html.ts';
import { STYLE } from '../../report/style.ts';
import type { MetricsRow } from './metrics.ts';
import { chartFigure } from './report/chart.ts';
import { configurationCards } from './report/configuration.ts';
import { curvesOf, smoothed } from './report/curves.ts';

export interface Report {
  readonly title: string;
  readonly description?: string;
  /** Steps of the whole run; the rows may end before. */
  readonly steps: number;
  /** Seconds of training, over all sessions. */
  readonly seconds: number;
  /** Plain JSON. */
  readonly configuration: object;
  readonly rows: readonly MetricsRow[];
  /** Measures of the trained model, such as R@1. */
  readonly results?: readonly Result[];
  /** In the order of their steps. */
  readonly samples?: readonly SampleImage[];
  readonly problems?: readonly SourceProblems[];
  /** Adapter, runtime, version, seed and what else makes a run repeatable, by names for people. */
  readonly environment: Readonly<Record<string, string | number>>;
}

export interface Result {
  readonly name: string;
  readonly value: number | string;
  /** What it was measured on, or what to hold it against. */
  readonly note?: string;
}

export interface SampleImage {
  readonly step: number;
  readonly png: Uint8Array;
}

/** What was left out of one source of data. */
export interface SourceProblems {
  readonly source: string;
  readonly problems: readonly ProblemCount[];
}

/** Sheets before the latest that a report holds, spread over the run. */
const MOST_EARLIER = 11;

/** Writes `report.html` into a folder that is there, and returns its path. */
export async function writeReport(folder: string, report: Report): Promise<string> {
  const path = `${folder}/report.html`;
  await (await runtime()).writeFileAtomic(path, reportHtml(report));
  return path;
}

export function reportHtml(report: Report): string {
  const { title, description = '', samples = [], results = [], problems = [] } = report;
  const body = `<header><h1>${escapeHtml(title)}</h1>${description ? `<p>${escapeHtml(description)}</p>` : ''}</header>
${keyFigures(report)}
${section('Curves', curves(report.rows))}
${samples.length > 0 ? section('Samples', sheets(samples)) : ''}
${results.length > 0 ? section('Results', card(resultTable(results))) : ''}
${section('Configuration', configurationCards(report.configuration, 'run'))}
${section('Problems of the data', problemCards(problems))}
${section('Environment', card(nameTable(Object.entries(report.environment).map(([name, value]) => [name, String(value)]))))}
<footer>kosmos-webgpu; the numbers are in metrics.jsonl beside this file.</footer>`;
  return htmlPage({ title, style: STYLE, body });
}

function section(title: string, body: string): string {
  return `<section><h2>${escapeHtml(title)}</h2>${body}</section>`;
}

function curves(rows: readonly MetricsRow[]): string {
  const figures = curvesOf(rows).map(chartFigure).join('');
  return figures ? `<div class="charts">${figures}</div>` : '<p>No step has been done.</p>';
}

/** The handful of numbers that most readers come for. */
function keyFigures({ rows, steps, seconds }: Report): string {
  const done = rows.filter((row) => row.kind === 'step');
  const validations = rows.filter((row) => row.kind === 'validation');
  const last = done.at(-1);
  const figures: [name: string, value: string, note?: string][] = [
    ['Steps', showWhole(last?.step ?? 0), `of ${showWhole(steps)}`],
    ['Time', showDuration(seconds)],
  ];
  if (last) {
    const loss = smoothed(done.map((row) => ({ x: row.step, y: row.loss }))).at(-1)!;
    figures.splice(1, 0, ['Loss, smoothed', showNumber(loss.y)]);
    figures.push(['Tokens', showQuantity(done.reduce((sum, row) => sum + tokensOf(row), 0))]);
  }
  const best = validations.reduce<(typeof validations)[number] | null>(
    (least, row) => (least && !(row.validationLoss < least.validationLoss) ? least : row),
    null,
  );
  if (best) {
    const latest = validations[validations.length - 1];
    const note = best === latest ? '' : `lowest ${showNumber(best.validationLoss)} at ${showWhole(best.step)}`;
    figures.splice(2, 0, ['Validation loss', showNumber(latest.validationLoss), note]);
  }
  const skipped = done.filter((row) => row.skipped).length;
  if (skipped > 0) figures.push(['Updates left out', showWhole(skipped)]);
  const items = figures.map(([name, value, note]) => {
    const small = note ? ` <small>${escapeHtml(note)}</small>` : '';
    return `<div><dt>${escapeHtml(name)}</dt><dd>${escapeHtml(value)}${small}</dd></div>`;
  });
  return `<dl class="figures">${items.join('')}</dl>`;
}

function tokensOf({ tokensPerSecond, seconds }: { tokensPerSecond: number; seconds: number }): number {
  return Number.isFinite(tokensPerSecond * seconds) ? tokensPerSecond * seconds : 0;
}

/** Large counts in millions and billions (10⁹): 1.23 M, 25.1 G. */
function showQuantity(value: number): string {
  if (value >= 1e9) return `${showNumber(value / 1e9, 3)} G`;
  return value >= 1e6 ? `${showNumber(value / 1e6, 3)} M` : showWhole(value);
}

/** The latest sheet at full width, earlier ones as a strip; each opens when it is pressed. */
function sheets(samples: readonly SampleImage[]): string {
  const latest = samples[samples.length - 1];
  const earlier = spread(samples.slice(0, -1), MOST_EARLIER);
  const strip = earlier.map(({ step, png }) => {
    const id = `sheet-${step}`;
    const caption = `<figcaption>step ${showWhole(step)} <a class="close" href="#samples">close</a></figcaption>`;
    return `<figure class="card sheet" id="${id}">${caption}<a class="open" href="#${id}">${picture(step, png)}</a></figure>`;
  });
  const latestCaption = `<figcaption>step ${showWhole(latest.step)}</figcaption>`;
  return [
    `<figure class="card sheet" id="samples">${latestCaption}${picture(latest.step, latest.png)}</figure>`,
    strip.length > 0 ? `<div class="strip">${strip.join('')}</div>` : '',
  ].join('');
}

function picture(step: number, png: Uint8Array): string {
  return `<img src="${pngUrl(png)}" alt="samples after ${showWhole(step)} steps">`;
}

/** At most `count` of a list, evenly, with the first and the last. */
function spread<Item>(list: readonly Item[], count: number): Item[] {
  if (list.length <= count) return [...list];
  return Array.from({ length: count }, (_, i) => list[Math.round((i * (list.length - 1)) / (count - 1))]);
}

function resultTable(results: readonly Result[]): string {
  return nameTable(
    results.map(({ name, value, note = '' }) => [name, typeof value === 'number' ? showNumber(value) : value, note]),
  );
}

function problemCards(problems: readonly SourceProblems[]): string {
  const cards = problems
    .filter((source) => source.problems.length > 0)
    .map(({ source, problems }) => {
      const rows = problems.map(
        ({ reason, count, examples }) => [reason, showWhole(count), examples.join('; ')] as const,
      );
      return card(`<h3>${escapeHtml(source)}</h3>${nameTable(rows)}`);
    });
  return cards.length > 0 ? cards.join('') : '<p>Nothing was left out.</p>';
}
