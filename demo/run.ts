/** The demo: a small random checkpoint looks at a drawing. */
import { parseArgs } from 'node:util';
import { type Terminal, UsageError } from '../cli/command.ts';
import { drawnPicture, entityLines } from '../cli/format.ts';
import { packageFolder } from '../cli/package.ts';
import { Progress } from '../cli/progress.ts';
import { decodeImage, type Entity } from '../data/index.ts';
import { runtime } from '../engine/index.ts';
import { type AdapterChoice, type Answer, Kosmos, markPhrases } from '../index.ts';
import { demoModelFolder } from './checkpoint.ts';
import { HOUSE_BOXES } from './house.ts';

export const DEMO_HELP = `Usage: demo [--adapter auto|system|swiftshader] [--out FILE.png]

Looks at a drawing with a small checkpoint of random weights and writes the picture with boxes (default demo.png).`;

const PREAMBLE = `KOSMOS-2 on a drawing of a house, by a small checkpoint whose weights are RANDOM: no trained model ships yet.
Everything runs as with a trained one (picture, vision tower, decoder, location tokens, boxes); the words mean nothing.

`;

interface Question {
  readonly title: string;
  readonly prompt: string;
  /** Things whose boxes are given in the prompt. */
  readonly given: readonly (keyof typeof HOUSE_BOXES)[];
}

const QUESTIONS: readonly Question[] = [
  { title: 'A caption', prompt: '<grounding>An image of', given: [] },
  { title: 'Where is the house?', prompt: '<grounding><phrase>the house</phrase>', given: [] },
  {
    title: 'What is there? The boxes in the prompt are ours',
    prompt: '<grounding>the house, the tree and the sun are',
    given: ['the house', 'the tree', 'the sun'],
  },
];

/** @returns the exit code; errors are thrown */
export async function demo(words: readonly string[], { stdout, stderr, signal }: Terminal): Promise<number> {
  const options = parse(words);
  if (options === 'help') {
    stdout.write(`${DEMO_HELP}\n`);
    return 0;
  }
  stdout.write(PREAMBLE);
  const here = await runtime();
  const image = await decodeImage(await here.readFile(`${await packageFolder()}/demo/house.png`));
  const progress = new Progress(stderr);
  const kosmos = await Kosmos.load(await demoModelFolder(), {
    adapter: options.adapter,
    signal,
    onCompile: (done, all) => progress.report('compiling kernels', done, all),
  });
  try {
    stdout.write(`WebGPU adapter: ${kosmos.adapter}\n`);
    const drawn: Entity[] = [];
    let own = 0;
    for (const question of QUESTIONS) {
      const marked = markPhrases(
        question.prompt,
        question.given.map((phrase) => ({ phrase, box: HOUSE_BOXES[phrase] })),
      );
      const answer = await kosmos.ask(image, { ...marked, maxNewTokens: 24, signal });
      progress.clear();
      signal.throwIfAborted();
      stdout.write(describe(question, answer));
      own += answer.entities.length - question.given.length;
      drawn.push(...answer.entities);
    }
    await here.writeFileAtomic(options.out, drawnPicture(image, drawn));
    const origin = own === 0 ? 'all of them from the prompt' : `${own} of them the model's`;
    stdout.write(`\nWrote ${options.out}: the drawing with ${drawn.length} boxes, ${origin}.\n`);
    return 0;
  } finally {
    kosmos.close();
  }
}

function parse(words: readonly string[]): { adapter: AdapterChoice; out: string } | 'help' {
  const { values } = parseWords(words);
  if (values.help) return 'help';
  const adapter = values.adapter ?? 'auto';
  if (adapter !== 'auto' && adapter !== 'system' && adapter !== 'swiftshader')
    throw new UsageError(`--adapter takes auto, system, swiftshader, not ${JSON.stringify(adapter)}`);
  return { adapter, out: values.out ?? 'demo.png' };
}

function parseWords(words: readonly string[]) {
  try {
    return parseArgs({
      args: [...words],
      options: { adapter: { type: 'string' }, out: { type: 'string' }, help: { type: 'boolean', short: 'h' } },
    });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

function describe({ title, given }: Question, answer: Answer): string {
  const fromPrompt = answer.entities.slice(0, given.length);
  const own = answer.entities.slice(given.length);
  const { encode, firstToken, generate } = answer.timings;
  const ms = (value: number) => `${Math.round(value)} ms`;
  const count = answer.generatedIds.length;
  const boxes =
    own.length > 0
      ? `  boxes that the model wrote:\n${entityLines(own, false, 4)}`
      : '  the model wrote no well-formed box, as is to be expected of random weights\n';
  const ours = given.length > 0 ? `  boxes from the prompt:\n${entityLines(fromPrompt, false, 4)}` : '';
  return (
    `\n${title}\n  prompt: ${answer.prompt}\n  text:   ${answer.text}\n${ours}${boxes}` +
    `  picture encoded in ${ms(encode)}, first token after ${ms(firstToken)}, ${count} tokens in ${ms(firstToken + generate)}\n`
  );
}
