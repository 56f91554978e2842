/** The sources of a training configuration, opened: the mixture that a run learns from, and the examples that it is validated on. */
import {
  type ExampleStream,
  type Mixture,
  type MixtureState,
  openCorpus,
  openMixture,
  openShapes,
  PicturePool,
  type ShapesOptions,
  type ShapesState,
  type Tokenizer,
  type TrainingExample,
} from '../data/index.ts';
import { type Kosmos2Config, patchesPerSide } from '../model/config.ts';
import type { Json } from './config/fields.ts';
import type { DataSource, TrainConfig } from './config.ts';
import type { NamedExamples } from './trainer.ts';

export interface DataContext {
  readonly config: Kosmos2Config;
  readonly training: TrainConfig;
  readonly tokenizer: Tokenizer;
}

type Part = 'train' | 'validation';

/** Options of the shapes world that are for training alone. */
const SHAPES_AIDS = [
  'adjectiveNoise',
  'repainted',
  'renamed',
  'reshaped',
  'shapesEverywhere',
  'unseenPairsOpen',
  'curriculum',
];
/** All that a configuration may give, and those of them that are true or false. */
const SHAPES_OPTIONS = ['textsPerImage', 'packed', 'mix', 'maxTokens', 'mostObjects', ...SHAPES_AIDS];
const SHAPES_SWITCHES = ['packed', 'shapesEverywhere', 'unseenPairsOpen'];

async function openSource(
  source: DataSource,
  { config, training, tokenizer }: DataContext,
  pictures: PicturePool,
  part: Part,
  state?: unknown,
): Promise<ExampleStream> {
  const { model } = training;
  // two sources of one world must not show the same scenes
  const seed = training.seed + training.data.indexOf(source);
  const { validation, ...options } = source.options;
  if (part === 'train') checkValidation(source);
  const common = { seed, tokenizer, imageSize: config.vision.imageSize, latents: config.latentQueryNum };
  if (source.kind === 'shapes') {
    const unknown = Object.keys(options).find((name) => !SHAPES_OPTIONS.includes(name));
    if (unknown !== undefined)
      throw new Error(
        `data «${source.name}»: ${unknown} is no option of shapes; there are ${SHAPES_OPTIONS.join(', ')}`,
      );
    const odd = SHAPES_SWITCHES.find((name) => !['boolean', 'undefined'].includes(typeof options[name]));
    if (odd !== undefined)
      throw new Error(`data «${source.name}»: ${odd} is true or false, not ${JSON.stringify(options[odd])}`);
    // what is validated on is the whole world from the start, as it is
    const own = part === 'train' ? options : without(options, SHAPES_AIDS);
    const world = {
      ...(own as Partial<ShapesOptions>),
      ...common,
      patchesPerSide: patchesPerSide(config.vision),
      split: part,
    };
    return openShapes(world, state as ShapesState | undefined);
  }
  const path = part === 'train' ? source.path! : (validation as FilePaths);
  return openCorpus(
    { ...options, kind: source.kind, path },
    { ...common, gridSize: model.gridSize, sequenceLength: config.text.maxPositionEmbeddings, pictures },
    state,
  );
}

function without(options: Json, names: readonly string[]): Json {
  return Object.fromEntries(Object.entries(options).filter(([name]) => !names.includes(name)));
}

/** Files, folders or patterns. */
type FilePaths = string | readonly string[];

/** @throws Error for what is no path or list of paths, and where it would have no effect */
function checkValidation({ kind, path, options: { validation } }: DataSource): void {
  if (kind === 'shapes') {
    if (validation !== undefined || path !== null)
      throw new Error('shapes are made up, so they have neither path nor validation');
    return;
  }
  if (validation === undefined || isPaths(validation)) return;
  throw new Error(`validation takes a path or a list of paths, not ${JSON.stringify(validation)}`);
}

function isPaths(value: unknown): value is FilePaths {
  const isPath = (one: unknown) => typeof one === 'string' && one !== '';
  return Array.isArray(value) ? value.length > 0 && value.every(isPath) : isPath(value);
}

/** Threads for pictures: as many as the source wants that wants most; undefined where none says. */
function workersOf(sources: readonly DataSource[]): number | undefined {
  const counts = sources.map(({ options }) => options.workers).filter((count) => typeof count === 'number');
  return counts.length === 0 ? undefined : Math.max(...counts);
}

/** Of the scenes that a run learns from; undefined where there is no limit. */
export function mostObjectsOf({ data }: TrainConfig): number | undefined {
  const limits = data
    .filter(({ kind }) => kind === 'shapes')
    .map(({ options }) => (options as Partial<ShapesOptions>).mostObjects);
  return limits.length === 0 || limits.includes(undefined) ? undefined : Math.max(...(limits as number[]));
}

/** Names the source in an error of one. */
async function named<T>(source: DataSource, opened: Promise<T>): Promise<T> {
  try {
    return await opened;
  } catch (error) {
    throw new Error(`data «${source.name}»: ${(error as Error).message}`, { cause: error });
  }
}

/** The mixture of a run, from the start or from where a state leaves off. */
export async function openTrainingData(context: DataContext, state?: MixtureState): Promise<Mixture> {
  const pictures = new PicturePool(workersOf(context.training.data));
  const opened: ExampleStream[] = [];
  const close = async () => {
    await Promise.all(opened.map((stream) => stream.close()));
    await pictures.close();
  };
  try {
    for (const source of context.training.data) {
      const own = state?.streams[source.name];
      if (state && own === undefined)
        throw new Error(
          `data «${source.name}»: the checkpoint does not say where it goes on; it is of another configuration`,
        );
      opened.push(await named(source, openSource(source, context, pictures, 'train', own)));
    }
    const sources = context.training.data.map((source, i) => ({ ...source, stream: opened[i] }));
    const mixture = openMixture(sources, state?.steps);
    return { ...mixture, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Micro-batches that no training sees, the same in every run: of shapes their own split, of a corpus the files that its option `validation` names. */
export async function validationBatches(context: DataContext, batches: number): Promise<NamedExamples[]> {
  const sources = context.training.data.filter(({ kind, options }) => kind === 'shapes' || isPaths(options.validation));
  const taken: NamedExamples[] = [];
  const pictures = new PicturePool(workersOf(sources));
  try {
    for (const [i, source] of sources.entries()) {
      const count = Math.ceil((batches - i) / sources.length);
      if (count <= 0) continue;
      const stream = await named(source, openSource(source, context, pictures, 'validation'));
      try {
        for (let batch = 0; batch < count; batch++)
          taken.push({ name: source.name, examples: await take(stream, source.microBatch) });
      } finally {
        await stream.close();
      }
    }
    return taken;
  } finally {
    await pictures.close();
  }
}

async function take(stream: ExampleStream, count: number): Promise<TrainingExample[]> {
  const examples: TrainingExample[] = [];
  while (examples.length < count) examples.push(await stream.next());
  return examples;
}
