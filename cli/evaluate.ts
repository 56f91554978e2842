/** The command `evaluate`: scores predictions and prints the paper's figures beside. */
import { runtime } from '../engine/runtime/index.ts';
import type { Problem } from '../evaluate/data/data-set.ts';
import { countProblems, type MetricRow, type TaskResult } from '../evaluate/task.ts';
import { TASKS } from '../evaluate/tasks.ts';
import type { Terminal } from './command.ts';
import { EVALUATE_HELP, type EvaluateArguments, parseEvaluateArguments } from './evaluate-arguments.ts';

/** Ids that people are shown of each kind of problem. */
const SHOWN_IDS = 5;

/** Problems that the document lists; all of them are counted. */
const LISTED_PROBLEMS = 1000;

/** @returns the exit code; errors are thrown */
export async function evaluate(words: readonly string[], { stdout }: Terminal): Promise<number> {
  const given = parseEvaluateArguments(words);
  if (given === 'help') {
    stdout.write(`${EVALUATE_HELP}\n`);
    return 0;
  }
  const { task, data, predictions, split, limit, meteor, out } = given;
  const result = await TASKS[task].scorePredictions(predictions, { data, split, meteor }, limit);
  const document = documentOf(given, result);
  if (out !== null) {
    const here = await runtime();
    await here.makeFolder(out);
    await here.writeFileAtomic(`${out}/metrics.json`, document);
  }
  stdout.write(given.json ? document : tableOf(given, result));
  return 0;
}

/** What `--json` prints and `metrics.json` holds. */
function documentOf({ task, data, predictions, split, limit }: EvaluateArguments, result: TaskResult): string {
  const { items, scored, rows, notes, problems } = result;
  const document = {
    task,
    data,
    predictions,
    split,
    limit: limit ?? null,
    items,
    scored,
    metrics: rows,
    notes,
    problemCounts: countProblems(problems),
    problems: problems.slice(0, LISTED_PROBLEMS),
  };
  return `${JSON.stringify(document)}\n`;
}

function tableOf({ task }: EvaluateArguments, { items, scored, rows, notes, problems }: TaskResult): string {
  const width = Math.max(...rows.map(({ metric }) => metric.length));
  const line = ({ metric, value, paper }: MetricRow) =>
    `  ${metric.padEnd(width)}  ${value.toFixed(2).padStart(7)}${paper === null ? '' : paper.toFixed(2).padStart(9)}\n`;
  return [
    `${task}: ${scored} of ${items} rows scored\n`,
    `  ${''.padEnd(width)}  ${'here'.padStart(7)}${'paper'.padStart(9)}\n`,
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
