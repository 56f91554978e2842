/** Results of an evaluation as text for people and as JSON. */
import type { Problem } from '../evaluate/data/data-set.ts';
import { countProblems, type MetricRow, type TaskResult } from '../evaluate/task.ts';
import type { EvaluateArguments } from './evaluate-arguments.ts';

/** Ids that people are shown of each kind of problem. */
const SHOWN_IDS = 5;

/** Problems that the document lists; all of them are counted. */
const LISTED_PROBLEMS = 1000;

/** What is known of the model besides its scores. */
export interface ModelCircumstances {
  readonly model: string;
  readonly adapter: string;
  /** Of the run, loading left out. */
  readonly seconds: number;
}

/** One task's part of what `--json` prints and `metrics.json` holds. */
export function documentOf(
  task: string,
  { data, split, limit, seed, source }: EvaluateArguments,
  { items, scored, rows, notes, problems }: TaskResult,
  circumstances: ModelCircumstances | null,
): object {
  const byModel = { seed, shots: 'shots' in source ? source.shots : 0, ...circumstances };
  return {
    task,
    data,
    predictions: 'predictions' in source ? source.predictions : null,
    ...(circumstances ? byModel : {}),
    split,
    limit: limit ?? null,
    items,
    scored,
    metrics: rows,
    notes,
    problemCounts: countProblems(problems),
    problems: problems.slice(0, LISTED_PROBLEMS),
  };
}

export function tableOf(task: string, { items, scored, rows, notes, problems }: TaskResult): string {
  const width = Math.max(...rows.map(({ metric }) => metric.length));
  const hasPaper = rows.some(({ paper }) => paper !== null);
  const line = ({ metric, value, paper }: MetricRow) =>
    `  ${metric.padEnd(width)}  ${value.toFixed(2).padStart(7)}${paper === null ? '' : paper.toFixed(2).padStart(9)}\n`;
  return [
    `${task}: ${scored} of ${items} rows scored\n`,
    `  ${''.padEnd(width)}  ${'here'.padStart(7)}${hasPaper ? 'paper'.padStart(9) : ''}\n`,
    ...rows.map(line),
    ...notes.map((note) => `Note: ${note}.\n`),
    ...problemLines(problems),
  ].join('');
}

function problemLines(problems: readonly Problem[]): string[] {
  return Object.entries(countProblems(problems)).map(([kind, count]) => {
    const ids = problems.filter((problem) => problem.kind === kind).slice(0, SHOWN_IDS);
    const more = count > ids.length ? ', …' : '';
    const examples = ids.map(({ id, message }) => (kind === 'no prediction' ? id : `${id} (${message})`)).join(', ');
    return `Problem: ${kind}: ${count}: ${examples}${more}\n`;
  });
}
