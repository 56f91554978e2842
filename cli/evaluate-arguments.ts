/** The words of `evaluate`'s command line, checked. */
import { parseArgs } from 'node:util';
import { TASKS } from '../evaluate/tasks.ts';
import { UsageError } from './command.ts';

const LINE_WIDTH = 118;

export const EVALUATE_HELP = `Usage: evaluate TASK --data PATH --predictions FILE [options]

Scores predictions for a task of the paper and prints the paper's figures beside.

  --data PATH         the data set, in its own files (see below)
  --predictions FILE  what is scored: one JSON document a line (or a list in .json), each with the "id" of a row of the data and
                      what the task asks for (see below); result files of VQA and COCO are read as they are
  --split NAME        part of a data set that holds several: test (default) or val
  --limit N           only the first N rows of the data
  --meteor FOLDER     METEOR's tables: english.words, english.prefixes, english.synsets, english.exceptions and, for its
                      paraphrase stage, paraphrase-en.gz; without them the other metrics are computed
  --out FOLDER        write metrics.json there
  --json              print one JSON document and nothing else
  --help

Running a model through a task is not implemented yet: --predictions is needed.

Tasks, with what they take as --data and what a prediction holds besides its id:
${Object.entries(TASKS)
  .map(
    ([name, { summary, dataForm, predictionForm }]) =>
      `  ${name}: ${summary}\n${wrapped('data', dataForm)}${wrapped('prediction', predictionForm)}`,
  )
  .join('')}
What was wrong with rows and predictions (rows without annotation, ids that are unknown, missing or there twice, boxes that are
not four numbers) is counted and listed by id. Rows without a prediction are not scored; malformed boxes count as misses.

Exit code: 0 done, 1 it failed, 2 wrong usage.`;

/** A paragraph under a name, indented. */
function wrapped(name: string, text: string): string {
  const lines = [''];
  for (const word of `${name}: ${text}`.split(' ')) {
    const last = lines.length - 1;
    if (lines[last].length + word.length + 1 > LINE_WIDTH - 6) lines.push(word);
    else lines[last] += lines[last] === '' ? word : ` ${word}`;
  }
  return lines.map((line, at) => `${' '.repeat(at === 0 ? 4 : 6)}${line}\n`).join('');
}

export interface EvaluateArguments {
  task: string;
  data: string;
  predictions: string;
  split: string;
  limit: number | undefined;
  meteor: string | null;
  out: string | null;
  json: boolean;
}

const OPTIONS = {
  data: { type: 'string' },
  predictions: { type: 'string' },
  model: { type: 'string' },
  split: { type: 'string' },
  limit: { type: 'string' },
  meteor: { type: 'string' },
  out: { type: 'string' },
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;

/** @throws UsageError that names the word at fault */
export function parseEvaluateArguments(words: readonly string[]): EvaluateArguments | 'help' {
  const { values, positionals } = parseWords(words);
  if (values.help) return 'help';
  const names = Object.keys(TASKS).join(', ');
  if (positionals.length !== 1) throw new UsageError(`one task is expected: ${names}`);
  const [task] = positionals;
  if (!Object.hasOwn(TASKS, task)) throw new UsageError(`there is no task ${JSON.stringify(task)}: ${names}`);
  const { data, predictions, split = 'test' } = values;
  if (!predictions || values.model !== undefined) {
    throw new UsageError(
      'running a model through a task is not implemented yet: score its answers with --predictions FILE',
    );
  }
  if (!data) throw new UsageError('--data PATH is expected: the data set, in its own files');
  if (split !== 'test' && split !== 'val')
    throw new UsageError(`--split takes test or val, not ${JSON.stringify(split)}`);
  return {
    task,
    data: withoutSlash(data),
    predictions,
    split,
    limit: limitOf(values.limit),
    meteor: values.meteor ? withoutSlash(values.meteor) : null,
    out: values.out ? withoutSlash(values.out) : null,
    json: values.json ?? false,
  };
}

function parseWords(words: readonly string[]) {
  try {
    return parseArgs({ args: [...words], allowPositionals: true, options: OPTIONS });
  } catch (error) {
    throw new UsageError((error as Error).message.split(/\.\s/)[0].replace(/\.$/, ''));
  }
}

function limitOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(value) || value < 1) {
    throw new UsageError(`--limit takes a whole number of at least 1, not ${JSON.stringify(text)}`);
  }
  return value;
}

function withoutSlash(path: string): string {
  return path.replace(/(?<=.)[\\/]+$/, '');
}
