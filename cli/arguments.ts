/** The words of `infer`'s command line, checked. */
import { type Box, boxToPatches, markPhrases, type PhraseBox } from '../data/index.ts';
import type { AdapterChoice, AskOptions, SamplingOptions, WeightDType } from '../index.ts';
import { UsageError } from './command.ts';
import { isNumber, oneOf, parseWords, positive, quoted, wholeNumber } from './options.ts';

export const INFER_HELP = `Usage: infer IMAGE [options]

Asks a KOSMOS-2 model about a picture (PNG, JPEG or WebP) and prints what it writes: text, and boxes of its phrases.

  --prompt TEXT             what the model continues; default "<grounding>An image of", a grounded caption
  --box "PHRASE=x1,y1,x2,y2"  a box, in fractions of the picture, for words of the prompt; may be repeated, also for the
                            same words; without --prompt the model goes on after "PHRASE is"
  --model FOLDER|OWNER/NAME a folder in the Hugging Face layout, or a model of the hub; default: the small one that ships
                            with this package, which knows drawings of coloured shapes and nothing else
  --dtype f32|f16           how weights are kept on the device; default f32
  --adapter auto|system|swiftshader  which WebGPU driver; default auto
  --max-new-tokens N        default 64
  --beams N                 beam search with 2 to 32 beams
  --no-repeat-ngram N       no N tokens twice in the same order; 0 allows all; default: what the model's files say
  --temperature T           draw tokens; below 1 sharpens, above 1 flattens
  --top-p P                 draw from the likeliest tokens that together reach this probability
  --seed N                  of the drawing; default 0
  --literal-tags            read the prompt as nothing but text, tags in it too; <grounding> still goes before it
  --out FILE.png            write the picture with the boxes drawn in
  --markdown                print the text with its boxes as links: [a dog](0.1,0.2,0.3,0.4)
  --json                    print one JSON document and nothing else
  --version, --help

Exit code: 0 done, 1 it failed, 2 wrong usage.`;

export interface InferArguments {
  image: string;
  /** What the model is asked, and how. */
  question: AskOptions & { prompt: string };
  /** Null for the model that ships with the package. */
  model: string | null;
  dtype: WeightDType;
  adapter: AdapterChoice;
  out: string | null;
  form: 'text' | 'markdown' | 'json';
}

const OPTIONS = {
  prompt: { type: 'string' },
  box: { type: 'string', multiple: true },
  model: { type: 'string' },
  dtype: { type: 'string' },
  adapter: { type: 'string' },
  'max-new-tokens': { type: 'string' },
  beams: { type: 'string' },
  'no-repeat-ngram': { type: 'string' },
  temperature: { type: 'string' },
  'top-p': { type: 'string' },
  seed: { type: 'string' },
  'literal-tags': { type: 'boolean' },
  out: { type: 'string' },
  markdown: { type: 'boolean' },
  json: { type: 'boolean' },
  version: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;

type Values = ReturnType<typeof parseWords<typeof OPTIONS>>['values'];

/** @throws UsageError that names the word at fault */
export function parseInferArguments(words: readonly string[]): InferArguments | 'help' | 'version' {
  const { values, positionals } = parseWords(words, OPTIONS);
  if (values.help) return 'help';
  if (values.version) return 'version';
  if (positionals.length !== 1)
    throw new UsageError(
      positionals.length === 0
        ? 'an image file is expected'
        : `one image file is expected, not ${positionals.length}: ${positionals.join(', ')}`,
    );
  if (values.json && values.markdown) throw new UsageError('--json and --markdown exclude each other');
  if (values.out !== undefined && !/[^/\\]\.png$/i.test(values.out))
    throw new UsageError(`--out writes PNG: ${quoted(values.out)} does not end in .png`);
  if (values.model === '') throw new UsageError('--model is empty');
  return {
    image: positionals[0],
    question: question(values),
    model: values.model ?? null,
    dtype: oneOf('--dtype', values.dtype, ['f32', 'f16']),
    adapter: oneOf('--adapter', values.adapter, ['auto', 'system', 'swiftshader']),
    out: values.out ?? null,
    form: values.json ? 'json' : values.markdown ? 'markdown' : 'text',
  };
}

function question(values: Values): InferArguments['question'] {
  const sampling = samplingOf(values);
  const beams = wholeNumber('--beams', values.beams, 1, 32);
  if (sampling && (beams ?? 1) > 1)
    throw new UsageError('--beams excludes --temperature, --top-p and --seed: it searches, they draw');
  return {
    ...promptOf(values),
    maxNewTokens: wholeNumber('--max-new-tokens', values['max-new-tokens'], 1),
    noRepeatNgram: wholeNumber('--no-repeat-ngram', values['no-repeat-ngram'], 0),
    beams,
    sampling,
  };
}

function promptOf(values: Values): Pick<AskOptions, 'boxes' | 'literalTags' | 'prefix'> & { prompt: string } {
  const { prompt, 'literal-tags': literalTags, box = [] } = values;
  if (prompt?.trim() === '') throw new UsageError('the prompt is empty');
  if (literalTags) {
    if (box.length > 0) throw new UsageError('--box marks a phrase of the prompt, which --literal-tags forbids');
    return { prompt: prompt ?? 'An image of', literalTags, prefix: '<grounding>' };
  }
  const boxes = box.map(phraseBox);
  if (boxes.length === 0) return { prompt: prompt ?? '<grounding>An image of' };
  try {
    return markPhrases(prompt ?? promptAbout(boxes), boxes);
  } catch (error) {
    throw new UsageError(`--box: ${(error as Error).message}`);
  }
}

/** The form in which the paper asks for an expression that refers to a box, with the user's words in the place of "It". */
function promptAbout(boxes: readonly PhraseBox[]): string {
  const phrases = [...new Set(boxes.map(({ phrase }) => phrase))].map((phrase) => `<phrase>${phrase}</phrase>`);
  return `<grounding>${phrases.join(' and')} ${phrases.length > 1 ? 'are' : 'is'}`;
}

/** `PHRASE=x1,y1,x2,y2`; the phrase may hold further equals signs. */
function phraseBox(word: string): PhraseBox {
  const at = word.lastIndexOf('=');
  const phrase = word.slice(0, Math.max(0, at)).trim().replace(/\s+/gu, ' ');
  const numbers = word.slice(at + 1).split(',');
  if (phrase === '' || /[<>]/.test(phrase) || numbers.length !== 4 || !numbers.every(isNumber))
    throw new UsageError(`--box ${quoted(word)}: PHRASE=x1,y1,x2,y2 is expected`);
  const box = numbers.map(Number) as unknown as Box;
  try {
    boxToPatches(box);
  } catch (error) {
    throw new UsageError(`--box ${quoted(word)}: ${(error as Error).message}`);
  }
  return { phrase, box };
}

function samplingOf({ temperature, 'top-p': topP, seed }: Values): Partial<SamplingOptions> | undefined {
  const given: { -readonly [K in keyof SamplingOptions]?: number } = {};
  if (temperature !== undefined) given.temperature = positive('--temperature', temperature, Infinity);
  if (topP !== undefined) given.topP = positive('--top-p', topP, 1);
  if (seed !== undefined) given.seed = wholeNumber('--seed', seed, 0);
  return Object.keys(given).length > 0 ? given : undefined;
}
