/** The words of `train-parser`'s command line, checked. */
import type { AdapterChoice } from '../index.ts';
import { UsageError } from './command.ts';
import { oneOf, parseWords, quoted, wholeNumber } from './options.ts';

export const TRAIN_PARSER_HELP = `Usage: train-parser --data FOLDER --out FOLDER [options]
       train-parser --data FOLDER --score FOLDER

Trains the parser of captions (words, tags, dependencies) on a treebank of Universal Dependencies, and writes into a folder:
checkpoints, metrics.jsonl, and in model/ the parser that was best on the development section, in f16. At the end it is scored
on the development and the test section with given words, by the rules of the CoNLL 2018 shared task.

  --data FOLDER     the treebank: files *-ud-train.conllu, *-ud-dev.conllu and *-ud-test.conllu, plain or gzipped
  --out FOLDER      the run's folder
  --config FILE     sizes, rates and steps; default: configs/parser.json of this package
  --steps N         so many optimiser steps in all, instead of the configuration's number
  --seed N          instead of the configuration's
  --resume          go on from the newest checkpoint in the folder, to the bit as if the run had never stopped
  --score FOLDER    train nothing, but score the parser in this folder; "shipped" is the one of this package
  --adapter NAME    auto (default), system or swiftshader
  --json            print one JSON document at the end, and nothing else on standard output
  --help

Ctrl-C ends the run after the step at hand and saves it.
Exit code: 0 done, 1 it failed or was interrupted, 2 wrong usage.`;

export interface TrainParserArguments {
  readonly data: string;
  /** What is asked for: a training, or the scores of a parser that is there. */
  readonly task: TrainParserTask;
  readonly json: boolean;
}

export type TrainParserTask =
  | {
      readonly kind: 'train';
      readonly out: string;
      /** Null for the package's own. */
      readonly config: string | null;
      readonly steps: number | undefined;
      readonly seed: number | undefined;
      readonly resume: boolean;
      readonly adapter: AdapterChoice;
    }
  | { readonly kind: 'score'; readonly folder: string };

const OPTIONS = {
  data: { type: 'string' },
  out: { type: 'string' },
  config: { type: 'string' },
  steps: { type: 'string' },
  seed: { type: 'string' },
  resume: { type: 'boolean' },
  score: { type: 'string' },
  adapter: { type: 'string' },
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;

type Values = ReturnType<typeof parseWords<typeof OPTIONS>>['values'];

/** @throws UsageError that names the word at fault */
export function parseTrainParserArguments(words: readonly string[]): TrainParserArguments | 'help' {
  const { values, positionals } = parseWords(words, OPTIONS);
  if (values.help) return 'help';
  if (positionals.length > 0)
    throw new UsageError(`${quoted(positionals[0])} is not expected; folders are given by options`);
  for (const name of ['data', 'out', 'config', 'score'] as const)
    if (values[name] === '') throw new UsageError(`--${name} is empty`);
  if (values.data === undefined) throw new UsageError('--data FOLDER is needed: a treebank of Universal Dependencies');
  return { data: values.data, task: taskOf(values), json: values.json ?? false };
}

function taskOf(values: Values): TrainParserTask {
  if (values.score !== undefined) {
    for (const name of ['out', 'config', 'steps', 'seed', 'resume'] as const)
      if (values[name] !== undefined) throw new UsageError(`--score excludes --${name}: it trains nothing`);
    return { kind: 'score', folder: values.score };
  }
  if (values.out === undefined) throw new UsageError('--out FOLDER is needed, or --score FOLDER');
  return {
    kind: 'train',
    out: values.out,
    config: values.config ?? null,
    steps: wholeNumber('--steps', values.steps, 1),
    seed: wholeNumber('--seed', values.seed, 0),
    resume: values.resume ?? false,
    adapter: oneOf('--adapter', values.adapter, ['auto', 'system', 'swiftshader']),
  };
}
