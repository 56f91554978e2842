/** Records as tables: all of one, and an overview of several. */
import { type EngineName, engineTitles } from '../engines/index.ts';
import { markdownTable } from '../markdown.ts';
import { formatFigure } from '../measures.ts';
import type { BenchRecord, CaseRecord } from '../record.ts';
import { figureLines, goalTable, milliseconds } from '../table.ts';
import { adapterName, hostName } from './records.ts';

const engines: readonly EngineName[] = ['own', 'onnxruntime', 'onnxruntime-plain', 'jax-js', 'tfjs'];

/** «llvmpipe, Node». */
function shortTitle(record: BenchRecord): string {
  return `${adapterName(record)}, ${hostName(record)}${record.options.gpu ? ', large sizes' : ''}`;
}

function conditions({ adapter, host, system, date, fmaGflops, versions }: BenchRecord): string {
  const rate = fmaGflops === null ? '' : ` The adapter's own multiply-adds: ${fmaGflops.toFixed(1)} GFLOP/s.`;
  const used = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return `${adapter}; ${host}; ${system}; ${date.slice(0, 10)}.${rate} Versions: ${used.join(', ')}.`;
}

function medianOf({ results }: CaseRecord, engine: EngineName): number | null {
  return results?.find((result) => result.engine === engine)?.times?.median ?? null;
}

/** The median of the fastest engine but this code, which stands in tables as a column of its own. */
function fastestPeer(one: CaseRecord): number | null {
  const times = engines.filter((engine) => engine !== 'own').map((engine) => medianOf(one, engine));
  const known = times.filter((time) => time !== null);
  return known.length > 0 ? Math.min(...known) : null;
}

/** Medians of all engines in milliseconds; «—» where one cannot, or gave something wrong. */
export function timesTable(record: BenchRecord): string {
  const compared = record.cases.filter(({ results }) => results);
  const present = engines.filter((engine) => compared.some((one) => medianOf(one, engine) !== null));
  const rows = compared.map((one) => {
    const own = medianOf(one, 'own');
    const peer = fastestPeer(one);
    const times = present.map((engine) => medianOf(one, engine));
    return [
      one.title,
      ...times.map((time) => (time === null ? '—' : milliseconds(time))),
      own !== null && peer !== null ? `${(peer / own).toFixed(1)} ×` : '—',
    ];
  });
  const titles = present.map((engine) => `${engineTitles[engine]}, ms`);
  return [
    `Medians. ${conditions(record)}`,
    '',
    markdownTable(['work', ...titles, 'faster than the fastest other'], rows),
  ].join('\n');
}

/** For each record: times, what this code alone was measured on, and the goals. */
export function resultSections(records: readonly BenchRecord[]): string {
  return records
    .map((record) => {
      const alone = record.cases.filter(({ figures }) => figures);
      const figures = alone.flatMap(({ title, figures: own }) =>
        figureLines(own!).map((line) => [title, ...line.trim().split(/: (?=[^:]*$)/)]),
      );
      const goals = record.cases.flatMap(({ title, goals: own }) => own.map((goal) => ({ title, goal })));
      return [
        `### ${shortTitle(record)}`,
        timesTable(record),
        ...(figures.length > 0 ? [markdownTable(['this code alone', 'figure', 'value'], figures)] : []),
        `Goals: ${goals.filter(({ goal }) => goal.met).length} of ${goals.filter(({ goal }) => goal.met !== null).length} met.`,
        goalTable(goals),
      ].join('\n\n');
    })
    .join('\n\n');
}

/** Figures of this code alone that an overview tells. */
const overviewFigures = [
  'token at position 64, share of a plain copy of weights and cache, %',
  'JavaScript µs per replayed dispatch',
  'JavaScript ms per decoded token, 24 layers',
  'distinct pipelines of a training step, 23.5 M parameters',
];

/** A row for each work, a column for each record: this code's median, and how many times faster that is than the fastest other engine. */
export function overviewTable(records: readonly BenchRecord[]): string {
  const titles = new Map(
    records.flatMap(({ cases }) => cases.filter(({ results }) => results).map(({ name, title }) => [name, title])),
  );
  const rows = [...titles].map(([name, title]) => [title, ...records.map((record) => overviewCell(record, name))]);
  for (const name of overviewFigures) {
    const cells = records.map((record) => figureCell(record, name));
    if (cells.some((cell) => cell !== '—')) rows.push([name, ...cells]);
  }
  const days = records.map(
    (record) => `${shortTitle(record)}: ${record.adapter}, ${record.system}, ${record.date.slice(0, 10)}`,
  );
  return [markdownTable(['work', ...records.map(shortTitle)], rows), '', `${days.join('; ')}.`].join('\n');
}

function figureCell({ cases }: BenchRecord, name: string): string {
  const value = cases.map(({ figures }) => figures?.[name]).find((own) => own !== undefined);
  return value === undefined ? '—' : formatFigure(value);
}

function overviewCell({ cases }: BenchRecord, name: string): string {
  const one = cases.find((own) => own.name === name);
  const own = one ? medianOf(one, 'own') : null;
  if (!one || own === null) return '—';
  const peer = fastestPeer(one);
  return `${milliseconds(own)} ms${peer === null ? '' : `, ${(peer / own).toFixed(1)} ×`}`;
}
