/** The words of `grit`'s command line, checked. */
import { FORMAT_NAMES, type Format } from '../data/corpora/data-files.ts';
import {
  DEFAULT_IOU_THRESHOLD,
  DEFAULT_SCORE_THRESHOLD,
  DEFAULT_SHARD_SIZE,
  type ShardChoice,
  WHOLE,
} from '../data/grit/index.ts';
import { SHAPES_SPLITS, type ShapesSplit } from '../data/index.ts';
import { UsageError } from './command.ts';
import type { ModelChoice } from './model.ts';
import { oneOf, parseWords, quoted, wholeNumber } from './options.ts';

export const GRIT_HELP = `Usage: grit --pairs PATH… --grounder WHICH --out FOLDER [options]
       grit --captions FILE
       grit --parses FILE [--grounder WHICH [--images FOLDER]] [--out FOLDER]
       grit --records FILE… [--out FOLDER]
       grit --merge FOLDER

Makes grounded image–text pairs from captions (KOSMOS-2, section 2) and shows every stage: noun chunks, the referring
expressions they grow to, and with a grounder the boxes that are kept and the records they make.

What goes in, one of these:
  --pairs PATH         captions with pictures: JSONL, JSON, TSV, parquet (COYO's, LAION's and img2dataset's columns) or
                       webdataset tar shards; a file, a folder, a pattern such as data/{00000..00127}.tar; several times.
                       Or shapes:test (train, validation, novel): scenes of the shapes world, with the truth to compare
  --captions FILE      captions alone, to see what becomes of them: one a line, or any file that --pairs takes
  --parses FILE        captions with dependency parses: CoNLL-U, or spaCy's JSON (Doc.to_json(), one a line or a list)
  --records FILE       GRIT records, parquet or JSONL, to look at, count or write again; may be given several times
  --merge FOLDER       what shards left in a folder: one summary and one sheet of all of them
  --images FOLDER      where pictures lie that are named by a path, or by key or id; default: the folder of the data file
  --format NAME        of every file of --pairs: ${FORMAT_NAMES.join(', ')}; by default the endings tell
  --limit N, --seed N  of the shapes world: scenes (default 300) and which (default 1)

What finds boxes (--grounder):
  FILE.jsonl           boxes found elsewhere: {"id": CAPTION, "width": W, "height": H, "detections": [{"chunk": INDEX |
                       "span": [START, END] | "phrase": TEXT, "box": [X1, Y1, X2, Y2], "score": S}]}; boxes are fractions
                       of the picture, or pixels with "unit": "pixel". --detections FILE says the same
  kosmos, kosmos:MODEL a KOSMOS-2 checkpoint, by default the one that ships: a folder, or OWNER/NAME of the hub
  detector:MODEL       a zero-shot detector (Grounding DINO, OWLv2) as ONNX, a folder or OWNER/NAME of the hub; it needs
                       npm install @huggingface/transformers. Its scores are lower: think of --min-score
  --dtype NAME         how the model's weights are kept: of kosmos f32 (default) or f16, of a detector fp32, fp16, q8, …
  --adapter NAME       which WebGPU driver kosmos takes: auto (default), system, swiftshader
  --batch N            phrases that kosmos looks for at a time (default 32)

What comes out:
  --out FOLDER         grit-00000.parquet and .jsonl, …, summary.json, sheet.html and sheet.png. A run that was stopped or
                       killed goes on when it is started again in the folder; one that is done says so
  --restart            begin anew in a folder that has a run
  --shard I/N          this process does part I of N (from 0); all may share one folder. Default: SLURM_ARRAY_TASK_ID with
                       SLURM_ARRAY_TASK_COUNT (_MIN and _STEP), or JOB_COMPLETION_INDEX with JOB_COMPLETIONS, where they are set
  --shard-size N       pairs of the input whose records make one file (default ${DEFAULT_SHARD_SIZE}); with --records, records
  --save-images        write pictures that came inside of archives to FOLDER/images, for training
  --quiet              only the summary, not every caption, also in JSON (always so with --pairs and --out)
  --json               one JSON document: { captions: [{ id, caption, nounChunks, expressions, kept, record }], summary,
                       out }, with --records { records, summary, out }

How:
  --abstract FILE      another list of abstract nouns: {"head": [LEMMA, …], "bare": [LEMMA, …]}
  --keep-pronouns      noun chunks that are pronouns stay
  --iou T              boxes that overlap more are suppressed (default ${DEFAULT_IOU_THRESHOLD})
  --min-score S        scores must be greater (default ${DEFAULT_SCORE_THRESHOLD})
  --parser FOLDER      weights of the parser; default: those that ship
  --workers N          threads for parsing, and as many for pictures; 0 for none. Default: by the machine
  --help               this text

Exit code: 0 done, 1 it failed or nothing was left, 2 wrong usage.`;

export type GritInput =
  | { readonly kind: 'pairs'; readonly paths: readonly string[]; readonly format: Format | null }
  | { readonly kind: 'shapes'; readonly split: ShapesSplit; readonly count: number; readonly seed: number }
  | { readonly kind: 'captions'; readonly path: string; readonly format: Format | null }
  | { readonly kind: 'parses'; readonly path: string }
  | { readonly kind: 'records'; readonly paths: readonly string[] }
  | { readonly kind: 'merge'; readonly folder: string };

export type GrounderChoice =
  | { readonly kind: 'file'; readonly path: string }
  | ({ readonly kind: 'kosmos'; readonly batch: number | undefined } & ModelChoice)
  | { readonly kind: 'detector'; readonly model: string; readonly dtype: string | undefined };

export interface GritArguments {
  readonly input: GritInput;
  readonly images: string | null;
  readonly grounder: GrounderChoice | null;
  readonly out: string | null;
  readonly shard: ShardChoice;
  readonly shardSize: number;
  readonly restart: boolean;
  readonly saveImages: boolean;
  readonly abstractFile: string | null;
  readonly keepPronouns: boolean;
  readonly thresholds: { readonly iou: number; readonly score: number };
  /** Folder of the parser's weights; null for those that ship. */
  readonly parser: string | null;
  readonly workers: number | undefined;
  readonly quiet: boolean;
  readonly json: boolean;
}

const OPTIONS = {
  pairs: { type: 'string', multiple: true },
  captions: { type: 'string' },
  parses: { type: 'string' },
  records: { type: 'string', multiple: true },
  merge: { type: 'string' },
  images: { type: 'string' },
  format: { type: 'string' },
  limit: { type: 'string' },
  seed: { type: 'string' },
  grounder: { type: 'string' },
  detections: { type: 'string' },
  dtype: { type: 'string' },
  adapter: { type: 'string' },
  batch: { type: 'string' },
  out: { type: 'string' },
  restart: { type: 'boolean' },
  shard: { type: 'string' },
  'shard-size': { type: 'string' },
  'save-images': { type: 'boolean' },
  quiet: { type: 'boolean' },
  json: { type: 'boolean' },
  abstract: { type: 'string' },
  'keep-pronouns': { type: 'boolean' },
  iou: { type: 'string' },
  'min-score': { type: 'string' },
  parser: { type: 'string' },
  workers: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const;

type Values = ReturnType<typeof wordsOf>['values'];

function wordsOf(words: readonly string[]) {
  return parseWords(words, OPTIONS);
}

/**
 * @param environment the value of an environment variable: job systems tell in some which part is whose
 * @throws UsageError that names the word at fault
 */
export function parseGritArguments(
  words: readonly string[],
  environment: (name: string) => string | undefined,
): GritArguments | 'help' {
  const { values, positionals } = wordsOf(words);
  if (values.help) return 'help';
  if (positionals.length > 0)
    throw new UsageError(`${quoted(positionals[0])} is no option: files are named behind one`);
  const input = inputOf(values);
  const grounder = grounderOf(values);
  const out = pathOf('--out', values.out);
  checkTogether(input, grounder, out, values);
  return {
    input,
    images: pathOf('--images', values.images),
    grounder,
    out,
    shard: out === null ? WHOLE : shardOf(values.shard, environment),
    shardSize: wholeNumber('--shard-size', values['shard-size'], 1) ?? DEFAULT_SHARD_SIZE,
    restart: values.restart ?? false,
    saveImages: values['save-images'] ?? false,
    abstractFile: values.abstract ?? null,
    keepPronouns: values['keep-pronouns'] ?? false,
    thresholds: {
      iou: fraction('--iou', values.iou, DEFAULT_IOU_THRESHOLD),
      score: fraction('--min-score', values['min-score'], DEFAULT_SCORE_THRESHOLD),
    },
    parser: pathOf('--parser', values.parser),
    workers: wholeNumber('--workers', values.workers, 0),
    quiet: values.quiet ?? false,
    json: values.json ?? false,
  };
}

const INPUTS = ['pairs', 'captions', 'parses', 'records', 'merge'] as const;

function inputOf(values: Values): GritInput {
  const given = INPUTS.filter((name) => values[name] !== undefined);
  if (given.length !== 1) throw new UsageError(`one of ${INPUTS.map((name) => `--${name}`).join(', ')} is expected`);
  const format = values.format === undefined ? null : oneOf('--format', values.format, asChoices(FORMAT_NAMES));
  const [name] = given;
  if (format !== null && name !== 'pairs' && name !== 'captions')
    throw new UsageError('--format goes with --pairs and --captions');
  switch (name) {
    case 'pairs':
      return pairsInput(values, format);
    case 'captions':
      return { kind: 'captions', path: values.captions!, format };
    case 'parses':
      return { kind: 'parses', path: values.parses! };
    case 'records':
      return { kind: 'records', paths: values.records! };
    case 'merge':
      return { kind: 'merge', folder: pathOf('--merge', values.merge)! };
  }
}

function pairsInput(values: Values, format: Format | null): GritInput {
  const paths = values.pairs!;
  if (!paths[0].startsWith('shapes:')) return { kind: 'pairs', paths, format };
  if (paths.length > 1) throw new UsageError('scenes of the shapes world go with no other pairs');
  const split = oneOf('--pairs shapes:', paths[0].slice('shapes:'.length), asChoices(SHAPES_SPLITS));
  const count = wholeNumber('--limit', values.limit, 1) ?? 300;
  return { kind: 'shapes', split, count, seed: wholeNumber('--seed', values.seed, 0) ?? 1 };
}

function grounderOf(values: Values): GrounderChoice | null {
  const { grounder: which = values.detections } = values;
  if (values.grounder !== undefined && values.detections !== undefined)
    throw new UsageError('--grounder and --detections exclude each other');
  const [, kind, model] = /^(kosmos|detector)(?::(.*))?$/s.exec(which ?? '') ?? [];
  const isFile = kind === undefined || values.detections !== undefined;
  for (const option of ['dtype', 'adapter', 'batch'] as const) {
    if (values[option] !== undefined && (isFile || (kind === 'detector' && option !== 'dtype')))
      throw new UsageError(`--${option} goes with --grounder kosmos${option === 'dtype' ? ' or detector' : ''}`);
  }
  if (which === undefined) return null;
  if (isFile) return { kind: 'file', path: which };
  if (model === '') throw new UsageError(`--grounder ${kind}: names no model`);
  if (kind === 'detector') {
    if (model === undefined) throw new UsageError('--grounder detector: needs a model, as in detector:FOLDER');
    return { kind: 'detector', model, dtype: values.dtype };
  }
  return {
    kind: 'kosmos',
    model: model ?? null,
    dtype: oneOf('--dtype', values.dtype, ['f32', 'f16']),
    adapter: oneOf('--adapter', values.adapter, ['auto', 'system', 'swiftshader']),
    batch: wholeNumber('--batch', values.batch, 1, 1024),
  };
}

function checkTogether(input: GritInput, grounder: GrounderChoice | null, out: string | null, values: Values): void {
  const hasNoGrounder = input.kind === 'records' || input.kind === 'merge' || input.kind === 'captions';
  if (hasNoGrounder && grounder !== null) throw new UsageError(`--grounder does not go with --${input.kind}`);
  if ((input.kind === 'captions' || input.kind === 'merge') && out !== null)
    throw new UsageError(`--out does not go with --${input.kind}`);
  if (!hasNoGrounder && out !== null && grounder === null)
    throw new UsageError('--out needs --grounder: without boxes there are no records to write');
  if (input.kind === 'parses' && grounder !== null && grounder.kind !== 'file' && values.images === undefined)
    throw new UsageError('--images FOLDER is expected: pictures that are called as the captions of --parses');
  for (const option of ['limit', 'seed'] as const)
    if (values[option] !== undefined && input.kind !== 'shapes')
      throw new UsageError(`--${option} goes with scenes of the shapes world`);
  for (const option of ['restart', 'save-images', 'shard'] as const)
    if (values[option] !== undefined && out === null) throw new UsageError(`--${option} goes with --out`);
  if (values.shard !== undefined && input.kind === 'records')
    throw new UsageError('--shard does not go with --records');
}

/** `3/128`, or what the job system says. */
function shardOf(text: string | undefined, environment: (name: string) => string | undefined): ShardChoice {
  if (text === undefined) return shardOfJob(environment);
  const [, index, count] = /^(\d+)\/(\d+)$/.exec(text) ?? [];
  if (index === undefined || Number(count) < 1 || Number(index) >= Number(count))
    throw new UsageError(`--shard takes I/N with I from 0 to N - 1, not ${quoted(text)}`);
  return { index: Number(index), count: Number(count) };
}

/** Arrays of Slurm and indexed jobs of Kubernetes, whose number of completions the job's own file has to pass on. */
function shardOfJob(environment: (name: string) => string | undefined): ShardChoice {
  const jobs = [
    {
      ofIndex: 'SLURM_ARRAY_TASK_ID',
      ofCount: 'SLURM_ARRAY_TASK_COUNT',
      first: Number(environment('SLURM_ARRAY_TASK_MIN') ?? 0),
      step: Number(environment('SLURM_ARRAY_TASK_STEP') ?? 1),
    },
    { ofIndex: 'JOB_COMPLETION_INDEX', ofCount: 'JOB_COMPLETIONS', first: 0, step: 1 },
  ];
  for (const { ofIndex, ofCount, first, step } of jobs) {
    const [id, all] = [environment(ofIndex), environment(ofCount)];
    if (id === undefined) continue;
    if (all === undefined) throw new UsageError(`${ofIndex} is set, but ${ofCount} is not: set it, or say --shard I/N`);
    const index = (Number(id) - first) / step;
    const count = Number(all);
    if (!Number.isInteger(index) || !Number.isInteger(count) || index < 0 || index >= count)
      throw new UsageError(`${ofIndex} ${quoted(id)} is not one of ${ofCount} ${quoted(all)}: say --shard I/N`);
    return { index, count };
  }
  return WHOLE;
}

function fraction(name: string, text: string | undefined, otherwise: number): number {
  const value = text === undefined ? otherwise : Number(text || Number.NaN);
  if (value >= 0 && value <= 1) return value;
  throw new UsageError(`${name} takes a number from 0 to 1, not ${quoted(text!)}`);
}

function pathOf(name: string, text: string | undefined): string | null {
  if (text === '') throw new UsageError(`${name} is empty`);
  return text === undefined ? null : text.replace(/(?<=.)[\\/]+$/, '');
}

function asChoices<T extends string>(names: readonly T[]): readonly [T, ...T[]] {
  return names as readonly [T, ...T[]];
}
