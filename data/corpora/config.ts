/** What a corpus is: which files, which kind of training data they hold, and what is made of it. */
import { FORMAT_NAMES, type Format } from './data-files.ts';

export const CORPUS_KINDS = [
  'text',
  'captions',
  'grounded',
  'interleaved',
  'instructions',
  'groundedInstructions',
] as const;
export type CorpusKind = (typeof CORPUS_KINDS)[number];

/** All but `kind` and `path` may be left out. */
export interface CorpusConfig {
  readonly kind: CorpusKind;
  /** Files, folders and patterns (see `dataFiles`). */
  readonly path: string | readonly string[];
  /** Of every file; by default the endings tell. */
  readonly format?: Format;
  /** Where pictures lie that records name by a path, or by `key` or `id`; by default the folder of the data file. */
  readonly images?: string;
  /** Consecutive records that are shuffled among each other; 0 for the files' own order. Default 1000. */
  readonly shuffleBuffer?: number;
  /** Examples that are got ready ahead of their use. Default 32. */
  readonly readAhead?: number;
  /** Threads that decode pictures; 0 for none. Default one less than the machine's processors, at most 4. */
  readonly workers?: number;
  /** Squash pictures into a square instead of cropping them, as prompts do at inference. Default false, as in the published training. */
  readonly imageOnlyResize?: boolean;
  /**
   * Pictures with a shorter side, in pixels, are left out. Default 0; for interleaved documents 64 (KOSMOS-1). The published loader takes
   * 200 for LAION-2B.
   */
  readonly minImageSide?: number;
  /** Share of grounded captions that are used without tags and boxes. Default 0.5, as in the published training. */
  readonly untaggedShare?: number;
  /** Boxes with a lower score are left out. Default 0.65. */
  readonly minScore?: number;
  /** Boxes of which the crop leaves a smaller share are left out. Default 0.2. */
  readonly minKeptArea?: number;
  /** What boxes belong to: referring expressions (`ref_exps`, the published choice) or noun chunks. */
  readonly spans?: 'expressions' | 'nounChunks';
  /** Pictures of an interleaved document; further ones are left out. Default 5 (KOSMOS-1). */
  readonly maxImages?: number;
  /** Share of interleaved documents with one picture that are used. Default 0.5 (KOSMOS-1). */
  readonly singleImageShare?: number;
  /** `<grounding>` before grounded instructions. Default true. */
  readonly groundingTag?: boolean;
  /** Share of grounded instructions that ask for the box of an expression; the others ask for an expression. Default 0.5. */
  readonly groundingShare?: number;
}

/** With everything filled in. */
export type CheckedConfig = Required<Omit<CorpusConfig, 'path' | 'format' | 'images' | 'workers'>> & {
  readonly path: readonly string[];
  readonly format: Format | null;
  readonly images: string | null;
  readonly workers: number | undefined;
};

interface Field {
  /** What the value has to be, in words. */
  readonly wanted: string;
  readonly fits: (value: unknown) => boolean;
  /** For which kinds it means something. */
  readonly kinds: readonly CorpusKind[];
}

const WITH_PICTURES = CORPUS_KINDS.filter((kind) => kind !== 'text');
const WITH_BOXES = ['grounded', 'groundedInstructions'] as const;

const FIELDS: Readonly<Record<keyof CorpusConfig, Field>> = {
  kind: { ...choice(CORPUS_KINDS), kinds: CORPUS_KINDS },
  path: { wanted: 'a text or a list of texts', fits: isPath, kinds: CORPUS_KINDS },
  format: { ...choice(FORMAT_NAMES), kinds: CORPUS_KINDS },
  images: { wanted: 'a folder', fits: isText, kinds: WITH_PICTURES },
  shuffleBuffer: { ...count(0), kinds: CORPUS_KINDS },
  readAhead: { ...count(1), kinds: CORPUS_KINDS },
  workers: { ...count(0), kinds: WITH_PICTURES },
  imageOnlyResize: { ...flag(), kinds: WITH_PICTURES },
  minImageSide: { ...count(0), kinds: WITH_PICTURES },
  untaggedShare: { ...share(), kinds: ['grounded'] },
  minScore: { ...share(), kinds: WITH_BOXES },
  minKeptArea: { ...share(), kinds: WITH_BOXES },
  spans: { ...choice(['expressions', 'nounChunks']), kinds: WITH_BOXES },
  maxImages: { ...count(1), kinds: ['interleaved'] },
  singleImageShare: { ...share(), kinds: ['interleaved'] },
  groundingTag: { ...flag(), kinds: ['groundedInstructions'] },
  groundingShare: { ...share(), kinds: ['groundedInstructions'] },
};

/** The formats that hold pictures in columns of their own, and so nothing else. */
const KINDS_OF_TSV: readonly CorpusKind[] = ['captions', ...WITH_BOXES];

/** @throws Error naming the field that is unknown, missing, malformed, or means nothing for the kind */
export function checkCorpusConfig(config: CorpusConfig): CheckedConfig {
  const values = config as unknown as Readonly<Record<string, unknown>>;
  for (const name of ['kind', 'path'] as const) check(name, FIELDS[name], values[name]);
  for (const [name, value] of Object.entries(values)) {
    const field = (FIELDS as Readonly<Record<string, Field>>)[name];
    if (field === undefined)
      throw new Error(`corpus: "${name}" is no field; there are ${Object.keys(FIELDS).join(', ')}`);
    if (value === undefined || value === null) continue;
    if (!field.kinds.includes(config.kind))
      throw new Error(`corpus: "${name}" is for ${field.kinds.join(', ')}, and this one is of the kind ${config.kind}`);
    check(name, field, value);
  }
  if (config.format === 'tsv' && !KINDS_OF_TSV.includes(config.kind))
    throw new Error(`corpus: "format" tsv holds pictures with captions, and the kind is ${config.kind}`);
  return withDefaults(config);
}

function withDefaults(config: CorpusConfig): CheckedConfig {
  return {
    kind: config.kind,
    path: typeof config.path === 'string' ? [config.path] : config.path,
    format: config.format ?? null,
    images: config.images ?? null,
    shuffleBuffer: config.shuffleBuffer ?? 1000,
    readAhead: config.readAhead ?? 32,
    workers: config.workers ?? undefined,
    imageOnlyResize: config.imageOnlyResize ?? false,
    minImageSide: config.minImageSide ?? (config.kind === 'interleaved' ? 64 : 0),
    untaggedShare: config.untaggedShare ?? 0.5,
    minScore: config.minScore ?? 0.65,
    minKeptArea: config.minKeptArea ?? 0.2,
    spans: config.spans ?? 'expressions',
    maxImages: config.maxImages ?? 5,
    singleImageShare: config.singleImageShare ?? 0.5,
    groundingTag: config.groundingTag ?? true,
    groundingShare: config.groundingShare ?? 0.5,
  };
}

function check(name: string, { wanted, fits }: Field, value: unknown): void {
  if (!fits(value))
    throw new Error(`corpus: "${name}" must be ${wanted}, found ${JSON.stringify(value)?.slice(0, 80) ?? 'nothing'}`);
}

function choice(names: readonly string[]): Pick<Field, 'wanted' | 'fits'> {
  return { wanted: `one of ${names.join(', ')}`, fits: (value) => names.includes(value as string) };
}

function count(least: number): Pick<Field, 'wanted' | 'fits'> {
  return {
    wanted: `a whole number of at least ${least}`,
    fits: (value) => Number.isSafeInteger(value) && (value as number) >= least,
  };
}

function share(): Pick<Field, 'wanted' | 'fits'> {
  return { wanted: 'a number from 0 to 1', fits: (value) => typeof value === 'number' && value >= 0 && value <= 1 };
}

function flag(): Pick<Field, 'wanted' | 'fits'> {
  return { wanted: 'true or false', fits: (value) => typeof value === 'boolean' };
}

function isText(value: unknown): boolean {
  return typeof value === 'string' && value !== '';
}

function isPath(value: unknown): boolean {
  return isText(value) || (Array.isArray(value) && value.length > 0 && value.every(isText));
}
