/** What a task of the evaluation is: a data set, a form of predictions, metrics, and the paper's figures. */
import { type DataSet, type Item, PROBLEM_KINDS, type Problem, type ProblemKind } from './data/data-set.ts';
import type { Row } from './data/fields.ts';
import { readPredictions } from './predictions.ts';

export interface TaskRequest {
  /** File or folder of the data set. */
  readonly data: string;
  /** Part of a data set that holds several: `test` or `val`. */
  readonly split: string;
  /** Folder with METEOR's tables; null leaves METEOR out. */
  readonly meteor: string | null;
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
  /** Throws what is wrong with an unusable prediction; reports what is wrong with parts of a usable one. */
  readonly read: (row: Row, item: T, report: (kind: ProblemKind, message: string) => void) => A;
  readonly score: (answers: readonly Answered<T, A>[], request: TaskRequest) => Promise<Scores>;
}

export interface TaskResult extends Scores {
  /** Rows of the data that could be scored (the first `limit` of them), and how many of them were. */
  readonly items: number;
  readonly scored: number;
  readonly problems: readonly Problem[];
}

export interface Task {
  readonly summary: string;
  readonly dataForm: string;
  readonly predictionForm: string;
  /** Scores a file of predictions. @throws Error when a file cannot be read, or when nothing can be scored */
  scorePredictions(path: string, request: TaskRequest, limit?: number): Promise<TaskResult>;
}

/** Makes a task of its definition. */
export function defineTask<T extends Item, A>(definition: TaskDefinition<T, A>): Task {
  const { summary, dataForm, predictionForm } = definition;
  return {
    summary,
    dataForm,
    predictionForm,
    async scorePredictions(path, request, limit = Number.POSITIVE_INFINITY) {
      const data = await definition.load(request);
      const predictions = await readPredictions(path);
      const items = data.items.slice(0, limit);
      const problems = [...data.problems, ...predictions.problems];
      const known = new Set([...data.items.map(({ id }) => id), ...data.problems.map(({ id }) => id)]);
      for (const id of predictions.byId.keys()) {
        if (!known.has(id))
          problems.push({ id, kind: 'unknown id in the predictions', message: 'the data has no row of this id' });
      }
      const answers: Answered<T, A>[] = [];
      for (const item of items) {
        const record = predictions.byId.get(item.id);
        const report = (kind: ProblemKind, message: string) => problems.push({ id: item.id, kind, message });
        if (record === undefined) report('no prediction', 'nothing is predicted for this id');
        else {
          try {
            answers.push({ item, answer: definition.read(record.row, item, report) });
          } catch (error) {
            report('unusable prediction', `${record.where}: ${(error as Error).message}`);
          }
        }
      }
      if (answers.length === 0) throw new Error(nothingToScore(path, items.length, problems));
      const { rows, notes } = await definition.score(answers, request);
      return { rows, notes, items: items.length, scored: answers.length, problems };
    },
  };
}

/** How many problems there are of each kind that occurs. */
export function countProblems(problems: readonly Problem[]): Partial<Record<ProblemKind, number>> {
  const counts = PROBLEM_KINDS.map(
    (kind) => [kind, problems.filter((problem) => problem.kind === kind).length] as const,
  );
  return Object.fromEntries(counts.filter(([, count]) => count > 0));
}

function nothingToScore(path: string, items: number, problems: readonly Problem[]): string {
  const first = problems.find(({ kind }) => kind !== 'no prediction') ?? problems[0];
  const example = first ? `; first: ${first.id}: ${first.kind} (${first.message})` : '';
  return `${path}: no prediction could be scored against ${items} rows of the data${example}`;
}
