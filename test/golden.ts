/** The command `golden`: checks a folder of golden data against this implementation. */
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { AdapterChoice } from '../engine/runtime/types.ts';
import { isAdapterChoice } from './adapter.ts';
import type { GoldenCase } from './golden/case.ts';
import { CHECKERS, type GoldenContext, NOT_CHECKED } from './golden/checkers.ts';
import { ModelOnDevice } from './golden/model-on-device.ts';
import { findTokenizerFile } from './golden/tokenizer-file.ts';

const HELP = `Usage: golden FOLDER [--tokenizer FILE] [--adapter auto|system|swiftshader] [--json]

Checks every known file in FOLDER (${Object.keys(CHECKERS).join(', ')})
and prints one JSON document: { folder, ok, cases: [{ name, deviation, tolerance, ok, detail }], notChecked: [{ file, reason }] }.

  --tokenizer FILE  tokenizer.json to use; else the folder's own, else the nearest tokenizer/tokenizer.json above it
  --adapter NAME    WebGPU adapter that the model runs on (default auto)
  --json            nothing but the document, without the summary on standard error
  --help            this text

Exit code: 0 everything within its tolerance, 1 something is not, 2 wrong usage or nothing to check.`;

interface Arguments {
  folder: string;
  tokenizer: string | undefined;
  adapter: AdapterChoice;
  json: boolean;
}

class UsageError extends Error {}

function readArguments(words: string[]): Arguments | 'help' {
  let parsed: ReturnType<typeof parseWords>;
  try {
    parsed = parseWords(words);
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
  const { values, positionals } = parsed;
  if (values.help) return 'help';
  if (positionals.length !== 1) throw new UsageError(`one folder is expected, ${positionals.length} are given`);
  const [folder] = positionals;
  if (!existsSync(folder) || !statSync(folder).isDirectory()) throw new UsageError(`${folder} is no folder`);
  const adapter = values.adapter ?? 'auto';
  if (!isAdapterChoice(adapter)) throw new UsageError(`--adapter takes auto, system or swiftshader, not ${adapter}`);
  return { folder, tokenizer: values.tokenizer, adapter, json: values.json ?? false };
}

function parseWords(words: string[]) {
  return parseArgs({
    args: words,
    allowPositionals: true,
    options: {
      tokenizer: { type: 'string' },
      adapter: { type: 'string' },
      json: { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
    },
  });
}

function filesIn(folder: string, names: Readonly<Record<string, unknown>>): string[] {
  return Object.keys(names).filter((file) => existsSync(join(folder, file)));
}

/** Runs one checker; a file that cannot be read or checked is a failed case. */
async function runChecker(file: string, context: GoldenContext): Promise<GoldenCase[]> {
  try {
    const cases = await CHECKERS[file](context);
    if (cases.length > 0) return cases;
    return [{ name: file, deviation: 'empty', tolerance: 'at least one case', ok: false }];
  } catch (error) {
    return [{ name: file, deviation: 'failed', tolerance: 'checked', ok: false, detail: (error as Error).message }];
  }
}

async function main(words: string[]): Promise<number> {
  const given = readArguments(words);
  if (given === 'help') {
    await print(`${HELP}\n`);
    return 0;
  }
  const { folder, adapter } = given;
  const files = filesIn(folder, CHECKERS);
  if (files.length === 0) throw new UsageError(`${folder} holds no file that can be checked`);
  const tokenizerFile = given.tokenizer ?? findTokenizerFile(folder);
  const onDevice = new ModelOnDevice(folder, adapter);
  const context = { folder, tokenizerFile, model: () => onDevice.get() };
  const cases: GoldenCase[] = [];
  try {
    for (const file of files) cases.push(...(await runChecker(file, context)));
  } finally {
    onDevice.close();
  }
  const failed = cases.filter((one) => !one.ok).length;
  await print(report(folder, cases));
  if (!given.json) console.error(`${folder}: ${cases.length - failed} of ${cases.length} cases within tolerance`);
  return failed === 0 ? 0 : 1;
}

/** The document, with one case a line. */
function report(folder: string, cases: readonly GoldenCase[]): string {
  const ok = cases.every((one) => one.ok);
  const lines = cases.map((one) => `    ${JSON.stringify(one)}`).join(',\n');
  const notChecked = filesIn(folder, NOT_CHECKED).map((file) => ({ file, reason: NOT_CHECKED[file] }));
  return (
    `{\n  "folder": ${JSON.stringify(folder)},\n  "ok": ${ok},\n  "cases": [\n${lines}\n  ],\n` +
    `  "notChecked": ${JSON.stringify(notChecked)}\n}\n`
  );
}

function print(text: string): Promise<void> {
  return new Promise((done) => process.stdout.write(text, () => done()));
}

let exitCode: number;
try {
  exitCode = await main(process.argv.slice(2));
} catch (error) {
  console.error(`golden: ${(error as Error).message}`);
  exitCode = error instanceof UsageError ? 2 : 1;
}
// The runtime's WebGPU instance keeps the process alive, also when its devices are closed.
process.exit(exitCode);
