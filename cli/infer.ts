/** The command `infer`: asks a model about a picture. */
import process from 'node:process';
import { type DecodedImage, decodeImage, toMarkdown } from '../data/index.ts';
import { runtime } from '../engine/index.ts';
import type { Answer, Kosmos } from '../index.ts';
import { INFER_HELP, type InferArguments, parseInferArguments } from './arguments.ts';
import type { Terminal } from './command.ts';
import { type Circumstances, drawnPicture, entityLines, jsonDocument, timingLine } from './format.ts';
import { loadModel } from './model.ts';
import { packageVersion } from './package.ts';
import { Progress } from './progress.ts';
import { Words } from './words.ts';

/** @returns the exit code; errors are thrown */
export async function infer(words: readonly string[], terminal: Terminal): Promise<number> {
  const given = parseInferArguments(words);
  if (given === 'help' || given === 'version') {
    terminal.stdout.write(`${given === 'help' ? INFER_HELP : await packageVersion()}\n`);
    return 0;
  }
  const image = await readPicture(given.image);
  for (const warning of image.warnings) terminal.stderr.write(`${given.image}: ${warning}\n`);
  if (given.out) await checkWritable(given.out);
  const progress = new Progress(terminal.stderr);
  const began = performance.now();
  const kosmos = await loadModel(given, progress, terminal);
  try {
    const loading = performance.now() - began;
    const answer = await ask(kosmos, image, given, progress, terminal);
    if (given.out) await (await runtime()).writeFileAtomic(given.out, drawnPicture(image, answer.entities));
    const { folder, adapter } = kosmos;
    report(answer, { model: given.model ?? folder, adapter, out: given.out, loading }, given.form, terminal);
    if (answer.stopped === 'cancelled') throw terminal.signal.reason;
    return 0;
  } finally {
    kosmos.close();
  }
}

async function readPicture(path: string): Promise<DecodedImage> {
  const bytes = await (await runtime()).readFile(path);
  try {
    return await decodeImage(bytes);
  } catch (error) {
    throw new Error(`${path}: ${(error as Error).message}`, { cause: error });
  }
}

/** Better now than after minutes of work. */
async function checkWritable(path: string): Promise<void> {
  const at = Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\'));
  const folder = at < 0 ? '.' : path.slice(0, at + 1);
  const here = await runtime();
  if ((await here.status(folder))?.kind !== 'folder')
    throw new Error(`Cannot write ${path}: there is no folder ${folder}`);
  if ((await here.status(path))?.kind === 'folder') throw new Error(`Cannot write ${path}: it is a folder`);
}

/** The answer; in the form for people its words are printed as they come. */
async function ask(
  kosmos: Kosmos,
  image: DecodedImage,
  { question, form }: InferArguments,
  progress: Progress,
  { stdout, signal }: Terminal,
): Promise<Answer> {
  let tokens = 0;
  const words = new Words(stdout);
  const pieces = kosmos.stream(image, { ...question, signal, onToken: () => tokens++ });
  for (;;) {
    const { done, value } = await pieces.next();
    progress.clear();
    if (!done) words.push(value);
    // the first token and the second each compile a plan, whose bar would run over words of the same line
    if (form === 'text' && (done || tokens > 1)) words.release();
    if (done) return value;
  }
}

function report(
  answer: Answer,
  circumstances: Circumstances,
  form: InferArguments['form'],
  { stdout, stderr }: Terminal,
): void {
  if (form === 'json') {
    stdout.write(jsonDocument(answer, circumstances));
    return;
  }
  if (form === 'markdown') {
    stdout.write(`${toMarkdown(answer)}\n`);
  } else {
    const colors = stdout.isTTY === true && !process.env.NO_COLOR;
    stdout.write(`\n${entityLines(answer.entities, colors)}`);
  }
  stderr.write(timingLine(answer, circumstances));
  if (circumstances.out) stderr.write(`wrote ${circumstances.out}\n`);
}
