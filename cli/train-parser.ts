/** The command `train-parser`. */
import { Parser, shippedParserFolder } from '../data/grit/parser/index.ts';
import { readJson } from '../engine/index.ts';
import { parseParserTraining } from '../train/parser/config.ts';
import { describeScores, runParserTraining, scoreSection } from '../train/parser/run.ts';
import { readSection } from '../train/parser/treebank.ts';
import type { Terminal } from './command.ts';
import { packageFolder } from './package.ts';
import { assertFinished, trainListeners } from './train-listeners.ts';
import {
  parseTrainParserArguments,
  TRAIN_PARSER_HELP,
  type TrainParserArguments,
  type TrainParserTask,
} from './train-parser-arguments.ts';

const DEFAULT_CONFIG = 'configs/parser.json';
/** What stands for the package's own parser. */
const SHIPPED = 'shipped';

/** @returns the exit code; errors are thrown */
export async function trainParser(words: readonly string[], terminal: Terminal): Promise<number> {
  const given = parseTrainParserArguments(words);
  if (given === 'help') {
    terminal.stdout.write(`${TRAIN_PARSER_HELP}\n`);
    return 0;
  }
  const { task, data } = given;
  // before the training: what is missing is better known now
  const sections = { dev: await readSection(data, 'dev'), test: await readSection(data, 'test') };
  const run = task.kind === 'train' ? await train(given, task, terminal) : null;
  const folder = run?.model ?? (task.kind === 'score' ? await folderOf(task.folder) : null);
  if (folder === null) throw new Error('the run has not come to its first validation, so there is no parser to score');
  const parser = await Parser.load(folder);
  const scores = { dev: scoreSection(parser, sections.dev), test: scoreSection(parser, sections.test) };
  if (given.json) terminal.stdout.write(`${JSON.stringify({ ...run, model: folder, scores })}\n`);
  else
    for (const [section, score] of Object.entries(scores))
      terminal.stdout.write(`${section}: ${describeScores(score)}\n`);
  return 0;
}

async function train(
  { data, json }: TrainParserArguments,
  task: TrainParserTask & { kind: 'train' },
  terminal: Terminal,
): ReturnType<typeof runParserTraining> {
  const config = task.config ?? `${await packageFolder()}/${DEFAULT_CONFIG}`;
  const parsed = parseParserTraining(await readJson(config), config);
  const training = { ...parsed, steps: task.steps ?? parsed.steps, seed: task.seed ?? parsed.seed };
  const { out, resume, adapter } = task;
  const { steps } = training;
  const { started, stepped, onCompile, onNote } = trainListeners(json, terminal);
  const result = await runParserTraining({
    training,
    data,
    out,
    resume,
    adapter,
    signal: terminal.signal,
    onStart: (reached, first) => started(reached, first, steps),
    onStep: (report, tokensPerSecond) => stepped(report, tokensPerSecond, steps),
    onCompile,
    onNote,
  });
  assertFinished(result, out);
  return result;
}

async function folderOf(folder: string): Promise<string> {
  return folder === SHIPPED ? shippedParserFolder() : folder;
}
