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
import type { DataSource, TrainConfig } from './config.ts';
import type { NamedExamples } from './trainer.ts';

export interface DataContext {
  readonly config: Kosmos2Config;
  readonly training: TrainConfig;
  readonly tokenizer: Tokenizer;
}

type Part = 'train' | 'validation';

/** Options of the shapes world that a configuration may give. */
const SHAPES_OPTIONS = [
  'textsPerImage',
  'packed',
  'mix',
  'maxTokens',
  'adjectiveNoise',
  'repainted',
  'shapesEverywhere',
  'mostObjects',
  'curriculum',
];

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
  const common = { seed, tokenizer, imageSize: config.vision.imageSize, latents: config.latentQueryNum };
  if (source.kind === 'shapes') {
    const unknown = Object.keys(options).find((name) => !SHAPES_OPTIONS.includes(name));
    if (unknown !== undefined)
      throw new Error(
        `data «${source.name}»: ${unknown} is no option of shapes; there are ${SHAPES_OPTIONS.join(', ')}`,
      );
    const { curriculum, adjectiveNoise, repainted, shapesEverywhere, ...always } = options as Partial<ShapesOptions>;
    // what is validated on is the whole world from the start, as it is
    const aids = part === 'train' ? { curriculum, adjectiveNoise, repainted, shapesEverywhere } : {};
    const world = { ...always, ...aids, ...common, patchesPerSide: patchesPerSide(config.vision), split: part };
    return openShapes(world, state as ShapesState | undefined);
  }
  const path = part === 'train' ? source.path! : (validation as string);
  return openCorpus(
    { ...options, kind: source.kind, path },
    { ...common, gridSize: model.gridSize, sequenceLength: config.text.maxPositionEmbeddings, pictures },
    state,
  );
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
  const pictures = new PicturePool();
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
  const sources = context.training.data.filter(
    ({ kind, options }) => kind === 'shapes' || typeof options.validation === 'string',
  );
  const taken: NamedExamples[] = [];
  const pictures = new PicturePool();
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
