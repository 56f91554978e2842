/** The words of `train`'s command line, checked. */
import type { AdapterChoice } from '../index.ts';
import { UsageError } from './command.ts';
import { oneOf, parseWords, quoted, wholeNumber } from './options.ts';

export const TRAIN_HELP = `Usage: train [--config FILE] [--out FOLDER] [options]

Trains a KOSMOS-2 as a configuration says, and writes into a folder: checkpoints in the Hugging Face layout, metrics.jsonl, TensorBoard
event files, sheets of samples, a report to look at, and at the end the model in f16.

  --config FILE     the configuration; default: configs/shapes-quick.json of this package, which learns to ground phrases in a world of
                    drawn shapes within minutes. configs/ has others: shapes.json, -further, -tower and -texts (the model that
                    ships, one after the other), kosmos2.json and instruction.json (the paper's tables 7 and 8)
  --out FOLDER      the run's folder; default: runs/ and the name of the configuration
  --steps N         so many optimiser steps in all, instead of the configuration's number
  --seed N          instead of the configuration's
  --resume          go on from the newest checkpoint in the folder, to the bit as if the run had never stopped
  --adapter NAME    auto (default), system or swiftshader
  --json            print one JSON document at the end, and nothing else on standard output
  --help

Ctrl-C ends the run after the step at hand and saves it.
Exit code: 0 done, 1 it failed or was interrupted, 2 wrong usage.`;

export interface TrainArguments {
  /** Null for the package's own. */
  config: string | null;
  out: string | null;
  steps: number | undefined;
  seed: number | undefined;
  resume: boolean;
  adapter: AdapterChoice;
  json: boolean;
}

const OPTIONS = {
  config: { type: 'string' },
  out: { type: 'string' },
  steps: { type: 'string' },
  seed: { type: 'string' },
  resume: { type: 'boolean' },
  adapter: { type: 'string' },
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;

/** @throws UsageError that names the word at fault */
export function parseTrainArguments(words: readonly string[]): TrainArguments | 'help' {
  const { values, positionals } = parseWords(words, OPTIONS);
  if (values.help) return 'help';
  if (positionals.length > 0)
    throw new UsageError(`${quoted(positionals[0])} is not expected; the configuration is given as --config FILE`);
  for (const name of ['config', 'out'] as const) if (values[name] === '') throw new UsageError(`--${name} is empty`);
  return {
    config: values.config ?? null,
    out: values.out ?? null,
    steps: wholeNumber('--steps', values.steps, 1),
    seed: wholeNumber('--seed', values.seed, 0),
    resume: values.resume ?? false,
    adapter: oneOf('--adapter', values.adapter, ['auto', 'system', 'swiftshader']),
    json: values.json ?? false,
  };
}
