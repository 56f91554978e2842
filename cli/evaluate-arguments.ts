/** The words of `evaluate`'s command line, checked. */
import { folderOf } from '../data/corpora/data-files.ts';
import { isShapesData } from '../evaluate/shapes/data.ts';
import type { Task } from '../evaluate/task.ts';
import { SHAPES_TASK_TABLE, TASKS, taskFor } from '../evaluate/tasks.ts';
import { UsageError } from './command.ts';
import type { ModelChoice } from './model.ts';
import { oneOf, parseWords, quoted, wholeNumber } from './options.ts';

const LINE_WIDTH = 118;

export const EVALUATE_HELP = `Usage: evaluate TASK --data PATH [--model FOLDER | --predictions FILE] [options]

Lets a model do a task of the paper, or scores predictions that are there, and prints the paper's figures beside.

  --data PATH         the data set, in its own files (see below); or shapes:test, shapes:validation or shapes:novel, scenes of
                      the shapes world, for which TASK may also be «all»
  --split NAME        part of a data set that holds several: test (default) or val
  --limit N           only the first N rows of the data; default: all, of the shapes world 500 a task
  --seed N            of the shapes world; default 1
  --meteor FOLDER     METEOR's tables: english.words, english.prefixes, english.synsets, english.exceptions and, for its
                      paraphrase stage, paraphrase-en.gz; without them the other metrics are computed
  --pictures FOLDER   where the pictures are; default: where the data is
  --out FOLDER        write metrics.json there, gallery.html with pictures, outputs and boxes for looking at what went wrong, and
                      of a model predictions.jsonl, as they come: a run that was stopped goes on when it is started again
  --json              print one JSON document and nothing else
  --help

With a model:
  --model FOLDER|OWNER/NAME  a folder in the Hugging Face layout, or a model of the hub; default: the one that ships
  --dtype f32|f16     how weights are kept on the device; default f32
  --adapter auto|system|swiftshader  which WebGPU driver; default auto
  --batch N           questions that go through the model together; default: by their length and the model's width, at most 64
  --shots N           demonstrations in front of each question of «generation»: 0 (default), the paper has 2 and 4 as well

Without one:
  --predictions FILE  one JSON document a line (or a list in .json), each with the "id" of a row of the data and what the task
                      asks for (see below); result files of VQA and COCO are read as they are

Tasks, with what they take as --data and what a prediction holds besides its id:
${listed(TASKS)}
With scenes of the shapes world as data:
${listed(SHAPES_TASK_TABLE)}
What was wrong with rows, pictures and predictions (rows without annotation, pictures that are not there, ids that are unknown,
missing or there twice, boxes that are not four numbers) is counted and listed by id. Rows without a prediction are not scored;
malformed boxes count as misses.

Exit code: 0 done, 1 it failed, 2 wrong usage.`;

function listed(tasks: Readonly<Record<string, Task>>): string {
  return Object.entries(tasks)
    .map(
      ([name, { summary, dataForm, predictionForm }]) =>
        `  ${name}: ${summary}\n${wrapped('data', dataForm)}${wrapped('prediction', predictionForm)}`,
    )
    .join('');
}

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

/** A model that is to be asked, and how. */
export interface ModelRun extends ModelChoice {
  readonly batch: number | undefined;
  readonly shots: number;
}

export interface EvaluateArguments {
  /** One, or all that there are for the data. */
  readonly tasks: readonly string[];
  readonly isAll: boolean;
  readonly data: string;
  readonly split: 'test' | 'val';
  readonly limit: number | undefined;
  readonly seed: number;
  readonly meteor: string | null;
  readonly pictures: string;
  readonly source: { readonly predictions: string } | ModelRun;
  readonly out: string | null;
  readonly json: boolean;
}

const OPTIONS = {
  data: { type: 'string' },
  predictions: { type: 'string' },
  model: { type: 'string' },
  dtype: { type: 'string' },
  adapter: { type: 'string' },
  split: { type: 'string' },
  limit: { type: 'string' },
  seed: { type: 'string' },
  meteor: { type: 'string' },
  pictures: { type: 'string' },
  batch: { type: 'string' },
  shots: { type: 'string' },
  out: { type: 'string' },
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;

type Values = ReturnType<typeof wordsOf>['values'];

function wordsOf(words: readonly string[]) {
  return parseWords(words, OPTIONS);
}

/** @throws UsageError that names the word at fault */
export function parseEvaluateArguments(words: readonly string[]): EvaluateArguments | 'help' {
  const { values, positionals } = wordsOf(words);
  if (values.help) return 'help';
  const names = [...Object.keys(TASKS), 'all'].join(', ');
  if (positionals.length !== 1) throw new UsageError(`one task is expected: ${names}`);
  const [task] = positionals;
  if (!Object.hasOwn(TASKS, task) && task !== 'all') throw new UsageError(`there is no task ${quoted(task)}: ${names}`);
  if (!values.data) throw new UsageError('--data PATH is expected: the data set, in its own files, or shapes:test');
  const data = withoutSlash(values.data);
  return {
    tasks: tasksOf(task, data),
    isAll: task === 'all',
    data,
    split: oneOf<'test' | 'val'>('--split', values.split, ['test', 'val']),
    limit: wholeNumber('--limit', values.limit, 1),
    seed: wholeNumber('--seed', values.seed, 0) ?? 1,
    meteor: values.meteor ? withoutSlash(values.meteor) : null,
    pictures: values.pictures ? withoutSlash(values.pictures) : folderOfData(data),
    source: sourceOf(task, data, values),
    out: values.out ? withoutSlash(values.out) : null,
    json: values.json ?? false,
  };
}

function tasksOf(task: string, data: string): string[] {
  if (task !== 'all') {
    if (taskFor(task, data)) return [task];
    throw new UsageError(`the shapes world has no ${task}: ${Object.keys(SHAPES_TASK_TABLE).join(', ')}`);
  }
  if (isShapesData(data)) return Object.keys(SHAPES_TASK_TABLE);
  throw new UsageError(
    'all takes data of the shapes world, such as shapes:test; other data sets belong to one task each',
  );
}

const MODEL_OPTIONS = ['model', 'dtype', 'adapter', 'batch', 'shots'] as const;

function sourceOf(task: string, data: string, values: Values): EvaluateArguments['source'] {
  if (values.predictions !== undefined) {
    const ofModel = MODEL_OPTIONS.find((name) => values[name] !== undefined);
    if (ofModel) throw new UsageError(`--predictions excludes --${ofModel}: it scores what is in a file`);
    if (task === 'all') throw new UsageError('--predictions are those of one task, not of all');
    if (values.predictions === '') throw new UsageError('--predictions is empty');
    return { predictions: values.predictions };
  }
  if (values.model === '') throw new UsageError('--model is empty');
  const shots = wholeNumber('--shots', values.shots, 0, 16) ?? 0;
  if (shots > 0 && (task !== 'generation' || isShapesData(data)))
    throw new UsageError('--shots is for the task generation on RefCOCOg');
  return {
    model: values.model ?? null,
    dtype: oneOf('--dtype', values.dtype, ['f32', 'f16']),
    adapter: oneOf('--adapter', values.adapter, ['auto', 'system', 'swiftshader']),
    batch: wholeNumber('--batch', values.batch, 1, 1024),
    shots,
  };
}

function withoutSlash(path: string): string {
  return path.replace(/(?<=.)[\\/]+$/, '');
}

/** By the name: what has no ending is a folder itself. */
function folderOfData(data: string): string {
  return /\.\w+$/.test(data.slice(data.search(/[^\\/]*$/))) ? folderOf(data) : data;
}
