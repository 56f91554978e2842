/** The demo: the model that ships looks at a drawing, says what it sees, finds what a phrase names, and answers. */
import { type Terminal, UsageError } from '../cli/command.ts';
import { drawnPicture, entityLines } from '../cli/format.ts';
import { oneOf, parseWords } from '../cli/options.ts';
import { packageFolder, shippedModelFolder } from '../cli/package.ts';
import { Progress } from '../cli/progress.ts';
import { decodeImage, type Entity, type TextBoxes } from '../data/index.ts';
import { runtime } from '../engine/index.ts';
import { type AdapterChoice, type Answer, Kosmos } from '../index.ts';
import { boxOfObject } from './scene.ts';

export const DEMO_HELP = `Usage: demo [--adapter auto|system|swiftshader] [--out FILE.png]

The small model that ships with this package looks at demo/scene.png, a drawing that it was not trained on, and the picture with the boxes
that it finds is written (default demo.png).`;

const PREAMBLE = `A small KOSMOS-2 that this package's own train.ts trained on drawings of coloured shapes looks at a drawing that it has never seen.

`;

interface Question {
  readonly title: string;
  readonly prompt: string;
  readonly boxes?: TextBoxes;
  /** What is right, for people to hold the answer against. */
  readonly right: string;
}

const QUESTIONS: readonly Question[] = [
  {
    title: 'What is there?',
    prompt: '<grounding>An image of',
    right: 'a striped orange cross, a dotted green star, a red circle, a purple star and a dotted orange circle',
  },
  {
    title: 'Where is the circle left of the orange circle?',
    prompt: '<grounding><phrase>the circle left of the orange circle</phrase>',
    right: 'the red one, in the middle',
  },
  { title: 'How many stars are there?', prompt: 'Question: How many stars are there? Answer:', right: 'two' },
  {
    title: 'What is this? (the box of the green star)',
    prompt: 'What is <phrase>it</phrase>? It is',
    boxes: [[{ box: boxOfObject('green', 'star') }]],
    right: 'a small dotted green star',
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
  const image = await decodeImage(await here.readFile(`${await packageFolder()}/demo/scene.png`));
  const progress = new Progress(stderr);
  const kosmos = await Kosmos.load(await shippedModelFolder(), {
    adapter: options.adapter,
    signal,
    onCompile: (done, all) => progress.report('compiling kernels', done, all),
  });
  try {
    stdout.write(`WebGPU adapter: ${kosmos.adapter}\n`);
    const found: Entity[] = [];
    for (const { title, prompt, boxes, right } of QUESTIONS) {
      const answer = await kosmos.ask(image, { prompt, boxes, signal });
      progress.clear();
      signal.throwIfAborted();
      const own = boxes ? [] : answer.entities;
      stdout.write(describe(title, right, answer, own));
      found.push(...own);
    }
    await here.writeFileAtomic(options.out, drawnPicture(image, found));
    stdout.write(`\nWrote ${options.out}: the drawing with the ${found.length} boxes that the model found.\n`);
    return 0;
  } finally {
    kosmos.close();
  }
}

function parse(words: readonly string[]): { adapter: AdapterChoice; out: string } | 'help' {
  const { values, positionals } = parseWords(words, {
    adapter: { type: 'string' },
    out: { type: 'string' },
    help: { type: 'boolean', short: 'h' },
  } as const);
  if (values.help) return 'help';
  if (positionals.length > 0) throw new UsageError(`${JSON.stringify(positionals[0])} is not expected`);
  return {
    adapter: oneOf('--adapter', values.adapter, ['auto', 'system', 'swiftshader']),
    out: values.out ?? 'demo.png',
  };
}

function describe(
  title: string,
  right: string,
  { prompt, text, generatedIds, timings }: Answer,
  found: readonly Entity[],
): string {
  const ms = (value: number) => `${Math.round(value)} ms`;
  const times = `picture ${ms(timings.encode)}, first token ${ms(timings.firstToken)}, ${generatedIds.length} tokens in ${ms(timings.firstToken + timings.generate)}`;
  return `\n${title}\n  prompt: ${prompt}\n  answer: ${text}\n${entityLines(found, false, 4)}  right:  ${right}\n  (${times})\n`;
}
