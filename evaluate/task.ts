/** What a task of the evaluation is: a data set, a way to ask, a form of predictions, metrics, and the paper's figures. */
import { type DataSet, type Item, PROBLEM_KINDS, type Problem, type ProblemKind } from './data/data-set.ts';
import type { Row } from './data/fields.ts';
import type { RecordAt } from './data/records.ts';
import type { Exhibit, Shown } from './exhibit.ts';
import { readPredictions } from './predictions.ts';
import type { Asking } from './run/asking.ts';
import { type RunOptions, respondToAll } from './run/respond.ts';
import type { Subject } from './run/subject.ts';

export interface TaskRequest {
  /** File or folder of the data set; of the shapes world `shapes:test`, `shapes:validation` or `shapes:novel`. */
  readonly data: string;
  /** Part of a data set that holds several: `test` or `val`. */
  readonly split: string;
  /** Folder with METEOR's tables; null leaves METEOR out. */
  readonly meteor: string | null;
  /** Rows of the data that count, from the first on. Default: all, and of the shapes world 500. */
  readonly limit?: number;
  /** Of the shapes world. Default 1. */
  readonly seed?: number;
}

/** One line of the table, in the paper's units (percent; CIDEr times 100). */
export interface MetricRow {
  readonly metric: string;
  readonly value: number;
  /** The paper's figure; null where it has none. */
  readonly paper: number | null;
}

export interface Scores {
  readonly rows: readonly MetricRow[];
  /** What a reader should know of the figures: a metric left out and why, what the paper's figure stands for. */
  readonly notes: readonly string[];
}

/** A prediction that could be read. */
export interface Answered<T extends Item, A> {
  readonly item: T;
  readonly answer: A;
}

/** @typeParam T an item of the data @typeParam A what a prediction says */
export interface TaskDefinition<T extends Item, A> {
  readonly summary: string;
  /** What `--data` takes. */
  readonly dataForm: string;
  /** What a line of predictions holds besides its id. */
  readonly predictionForm: string;
  readonly load: (request: TaskRequest) => Promise<DataSet<T>>;
  readonly asking: Asking<T>;
  /** Throws what is wrong with an unusable prediction; reports what is wrong with parts of a usable one. */
  readonly read: (row: Row, item: T, report: (kind: ProblemKind, message: string) => void) => A;
  readonly score: (answers: readonly Answered<T, A>[], request: TaskRequest, shots: number) => Promise<Scores>;
  /** What the gallery shows of an answer. */
  readonly show: (item: T, answer: A) => Shown;
}

export interface TaskResult extends Scores {
  /** Rows of the data that could be scored (the first `limit` of them), and how many of them were. */
  readonly items: number;
  readonly scored: number;
  readonly problems: readonly Problem[];
  /** Of the gallery, in the order of the data. */
  readonly exhibits: readonly Exhibit[];
}

export interface Task {
  readonly summary: string;
  readonly dataForm: string;
  readonly predictionForm: string;
  /** Scores a file of predictions. @throws Error when a file cannot be read, or when nothing can be scored */
  scorePredictions(path: string, request: TaskRequest): Promise<TaskResult>;
  /** Asks a model and scores what it says. @throws Error when the data cannot be read, or when nothing can be scored */
  run(subject: Subject, request: TaskRequest, options: RunOptions): Promise<TaskResult>;
}

/** Predictions of one source. */
interface Given {
  readonly byId: ReadonlyMap<string, RecordAt>;
  readonly problems: readonly Problem[];
  /** Names them in errors. */
  readonly source: string;
  readonly shots: number;
}

/** Makes a task of its definition. */
export function defineTask<T extends Item, A>(definition: TaskDefinition<T, A>): Task {
  const { summary, dataForm, predictionForm } = definition;
  return {
    summary,
    dataForm,
    predictionForm,
    async scorePredictions(path, request) {
      const data = await definition.load(request);
      const { byId, problems } = await readPredictions(path);
      const given = { byId, problems: [...problems, ...unknownIds(byId, data)], source: path, shots: 0 };
      return scoreGiven(definition, data, given, request);
    },
    async run(subject, request, options) {
      const data = await definition.load(request);
      const items = data.items.slice(0, request.limit);
      const { rows, problems } = await respondToAll(items, data.items, definition.asking, subject, options);
      const byId = new Map([...rows].map(([id, row]) => [id, { row, where: `answer to ${id}` }]));
      const given = { byId, problems, source: request.data, shots: options.shots ?? 0 };
      return scoreGiven(definition, data, given, request);
    },
  };
}

async function scoreGiven<T extends Item, A>(
  definition: TaskDefinition<T, A>,
  data: DataSet<T>,
  given: Given,
  request: TaskRequest,
): Promise<TaskResult> {
  const items = data.items.slice(0, request.limit);
  const problems = [...data.problems, ...given.problems];
  const excused = new Set(given.problems.map(({ id }) => id));
  const answers: (Answered<T, A> & { row: Row })[] = [];
  for (const item of items) {
    const record = given.byId.get(item.id);
    const report = (kind: ProblemKind, message: string) => problems.push({ id: item.id, kind, message });
    if (record === undefined) {
      if (!excused.has(item.id)) report('no prediction', 'nothing is predicted for this id');
      continue;
    }
    try {
      answers.push({ item, row: record.row, answer: definition.read(record.row, item, report) });
    } catch (error) {
      report('unusable prediction', `${record.where}: ${(error as Error).message}`);
    }
  }
  if (answers.length === 0) throw new Error(nothingToScore(given.source, items.length, problems));
  const { rows, notes } = await definition.score(answers, request, given.shots);
  const exhibits = answers.map(({ item, answer, row }) => exhibitOf(definition, item, answer, row));
  return { rows, notes, items: items.length, scored: answers.length, problems, exhibits };
}

function exhibitOf<T extends Item, A>({ asking, show }: TaskDefinition<T, A>, item: T, answer: A, row: Row): Exhibit {
  const text = (value: unknown) => (typeof value === 'string' ? value : null);
  return {
    id: item.id,
    picture: asking.pictureOf(item),
    prompt: text(row.prompt),
    output: text(row.output) ?? text(row.text) ?? text(row.answer) ?? text(row.caption),
    ...show(item, answer),
  };
}

function unknownIds(byId: ReadonlyMap<string, unknown>, data: DataSet): Problem[] {
  const known = new Set([...data.items.map(({ id }) => id), ...data.problems.map(({ id }) => id)]);
  return [...byId.keys()]
    .filter((id) => !known.has(id))
    .map((id) => ({ id, kind: 'unknown id in the predictions', message: 'the data has no row of this id' }));
}

/** How many problems there are of each kind that occurs. */
export function countProblems(problems: readonly Problem[]): Partial<Record<ProblemKind, number>> {
  const counts = PROBLEM_KINDS.map(
    (kind) => [kind, problems.filter((problem) => problem.kind === kind).length] as const,
  );
  return Object.fromEntries(counts.filter(([, count]) => count > 0));
}

function nothingToScore(source: string, items: number, problems: readonly Problem[]): string {
  const first = problems.find(({ kind }) => kind !== 'no prediction') ?? problems[0];
  const example = first ? `; first: ${first.id}: ${first.kind} (${first.message})` : '';
  return `${source}: no prediction could be scored against ${items} rows of the data${example}`;
}
