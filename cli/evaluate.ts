/** The command `evaluate`: lets a model do tasks, or scores predictions, and prints the paper's figures beside. */
import { runtime } from '../engine/runtime/index.ts';
import { writeGallery } from '../evaluate/gallery.ts';
import { modelFingerprint } from '../evaluate/run/fingerprint.ts';
import { PredictionsLog } from '../evaluate/run/predictions-log.ts';
import type { TaskRequest, TaskResult } from '../evaluate/task.ts';
import { taskFor } from '../evaluate/tasks.ts';
import type { Kosmos } from '../index.ts';
import type { Terminal } from './command.ts';
import { EVALUATE_HELP, type EvaluateArguments, type ModelRun, parseEvaluateArguments } from './evaluate-arguments.ts';
import { documentOf, type ModelCircumstances, tableOf } from './evaluate-output.ts';
import { EvaluateProgress } from './evaluate-progress.ts';
import { loadModel } from './model.ts';
import { Progress } from './progress.ts';

/** @returns the exit code; errors are thrown */
export async function evaluate(words: readonly string[], terminal: Terminal): Promise<number> {
  const given = parseEvaluateArguments(words);
  if (given === 'help') {
    terminal.stdout.write(`${EVALUATE_HELP}\n`);
    return 0;
  }
  const documents = await withSource(given, terminal);
  if (given.isAll && given.out !== null) await writeMetrics(given.out, documentOfAll(given, documents));
  if (given.json) terminal.stdout.write(textOf(given.isAll ? documentOfAll(given, documents) : documents[0]));
  return 0;
}

/** Scores the predictions, or lets the model do one task after the other; tables are printed as they are known. */
async function withSource(given: EvaluateArguments, terminal: Terminal): Promise<object[]> {
  const { source } = given;
  if ('predictions' in source) {
    const [task] = given.tasks;
    const result = await knownTask(task, given.data).scorePredictions(source.predictions, requestOf(given));
    return [await deliver(task, given, result, null, terminal)];
  }
  const progress = new Progress(terminal.stderr);
  const kosmos = await loadModel(source, progress, terminal);
  progress.clear();
  try {
    const documents: object[] = [];
    for (const task of given.tasks) {
      const began = performance.now();
      const result = await runTask(task, given, source, kosmos, terminal);
      const seconds = Math.round((performance.now() - began) / 100) / 10;
      const circumstances = { model: source.model ?? kosmos.folder, adapter: kosmos.adapter, seconds };
      documents.push(await deliver(task, given, result, circumstances, terminal));
    }
    return documents;
  } finally {
    kosmos.close();
  }
}

function knownTask(name: string, data: string) {
  return taskFor(name, data)!;
}

function requestOf({ data, split, meteor, limit, seed }: EvaluateArguments): TaskRequest {
  return { data, split, meteor, limit, seed };
}

async function runTask(
  name: string,
  given: EvaluateArguments,
  { batch, shots, dtype }: ModelRun,
  kosmos: Kosmos,
  { stderr, signal }: Terminal,
): Promise<TaskResult> {
  const { data, split, seed, pictures } = given;
  const folder = folderFor(name, given);
  const log =
    folder === null
      ? null
      : await PredictionsLog.open(folder, {
          task: name,
          data,
          split,
          seed,
          shots,
          weights: await modelFingerprint(kosmos.folder),
          dtype,
        });
  const progress = new EvaluateProgress(name, stderr);
  try {
    return await knownTask(name, data).run(kosmos, requestOf(given), {
      pictures,
      batch,
      shots,
      earlier: log?.earlier,
      write: log ? (rows) => log.append(rows) : undefined,
      signal,
      onProgress: (state) => progress.report(state),
    });
  } catch (error) {
    progress.clear();
    if (signal.aborted && log)
      stderr.write(`The answers so far are in ${folder}; the same command goes on with them.\n`);
    throw error;
  } finally {
    progress.clear();
    await log?.close();
  }
}

/** Of several tasks each has a folder of its own. */
function folderFor(task: string, { out, isAll }: EvaluateArguments): string | null {
  return out !== null && isAll ? `${out}/${task}` : out;
}

/** Prints and writes one task's result; returns its document. */
async function deliver(
  task: string,
  given: EvaluateArguments,
  result: TaskResult,
  circumstances: ModelCircumstances | null,
  { stdout }: Terminal,
): Promise<object> {
  const document = documentOf(task, given, result, circumstances);
  if (!given.json) stdout.write(tableOf(task, result));
  const folder = folderFor(task, given);
  if (folder !== null) {
    await writeMetrics(folder, document);
    const path = await writeGallery(folder, {
      task,
      result,
      pictures: given.pictures,
      circumstances: { data: given.data, ...told(given, circumstances) },
    });
    if (!given.json) stdout.write(`wrote ${path}\n`);
  }
  return document;
}

/** What the gallery says of a run. */
function told({ source }: EvaluateArguments, circumstances: ModelCircumstances | null): Record<string, string> {
  if ('predictions' in source) return { predictions: source.predictions };
  return { model: circumstances?.model ?? '', adapter: circumstances?.adapter ?? '', weights: source.dtype };
}

function documentOfAll({ data }: EvaluateArguments, tasks: readonly object[]): object {
  return { task: 'all', data, tasks };
}

async function writeMetrics(folder: string, document: object): Promise<void> {
  const here = await runtime();
  await here.makeFolder(folder);
  await here.writeFileAtomic(`${folder}/metrics.json`, textOf(document));
}

function textOf(document: object): string {
  return `${JSON.stringify(document)}\n`;
}
