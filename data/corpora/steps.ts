/** From records in order to examples, one step a record, or a sequence of packed texts. */
import type { CheckedConfig, CorpusKind } from './config.ts';
import { type DataFile, folderOf } from './data-files.ts';
import type { TrainingExample } from './example.ts';
import { type EpochEnd, type OrderedRecord, orderedRecords, randomOfRecord } from './order.ts';
import { documentLines, LinePacker } from './packing.ts';
import type { LoadedPicture } from './picture.ts';
import { type PictureSource, pictureBytes } from './picture-files.ts';
import type { PicturePool } from './picture-pool.ts';
import { type Problem, problemAt, Unusable } from './problems.ts';
import { captionRecipe } from './recipes/captions.ts';
import { groundedRecipe } from './recipes/grounded.ts';
import { groundedInstructionRecipe } from './recipes/grounded-instructions.ts';
import { instructionRecipe } from './recipes/instructions.ts';
import { interleavedRecipe } from './recipes/interleaved.ts';
import { type RecipeFor, textOf } from './recipes/recipe.ts';
import type { CorpusPlace } from './state.ts';
import type { SequenceContext } from './tags.ts';

export interface CorpusContext extends SequenceContext {
  readonly seed: number;
  /** Where several corpora load their pictures; whoever made it closes it. By default each has its own. */
  readonly pictures?: PicturePool;
}

/** What a corpus' steps are made from. */
export interface Source {
  readonly config: CheckedConfig;
  readonly context: CorpusContext;
  readonly files: readonly DataFile[];
  readonly pool: PicturePool;
}

export interface Outcome {
  readonly example: TrainingExample | null;
  readonly problems: readonly Problem[];
  /** Whether the record can be used at all, now or in another epoch. */
  readonly isUsable: boolean;
}

export interface Step {
  /** Settled when the pictures are loaded. */
  readonly outcome: Promise<Outcome>;
  /** Where to go on after an example. */
  readonly next: CorpusPlace;
  /** The epoch that ends here; null elsewhere. */
  readonly endOf: number | null;
}

const RECIPES: Readonly<Record<Exclude<CorpusKind, 'text'>, RecipeFor>> = {
  captions: captionRecipe,
  grounded: groundedRecipe,
  interleaved: interleavedRecipe,
  instructions: instructionRecipe,
  groundedInstructions: groundedInstructionRecipe,
};

const NOTHING: Outcome = { example: null, problems: [], isUsable: false };

export function steps(source: Source, from: CorpusPlace): AsyncGenerator<Step> {
  return source.config.kind === 'text'
    ? textSteps(source, from)
    : pictureSteps(source, RECIPES[source.config.kind], from);
}

async function* pictureSteps(source: Source, recipeFor: RecipeFor, from: CorpusPlace): AsyncGenerator<Step> {
  for await (const ordered of recordsOf(source, from)) {
    const next = { cursor: ordered.next, line: 0 };
    if (ordered.record === null) yield epochEnd(ordered);
    else yield { outcome: watched(outcomeOf(source, recipeFor, ordered)), next, endOf: null };
  }
}

/** A sequence is full in the middle of a document mostly; the next one starts with the line that did not fit. */
async function* textSteps(source: Source, from: CorpusPlace): AsyncGenerator<Step> {
  const packer = new LinePacker(source.context);
  let { line } = from;
  for await (const ordered of recordsOf(source, from)) {
    if (ordered.record === null) {
      yield epochEnd(ordered);
      continue;
    }
    const next = { cursor: ordered.next, line: 0 };
    const lines = linesOf(ordered, source.context);
    if (lines instanceof Unusable) {
      const problems = [problemAt(ordered.record.where, lines)];
      yield { outcome: Promise.resolve({ ...NOTHING, problems }), next, endOf: null };
      continue;
    }
    yield { outcome: Promise.resolve({ ...NOTHING, isUsable: true }), next, endOf: null };
    for (; line < lines.length; line++) {
      const sequence = packer.add(lines[line]!);
      if (sequence === null) continue;
      const example = { images: [], sequences: [sequence] };
      const outcome = Promise.resolve({ ...NOTHING, example, isUsable: true });
      yield { outcome, next: { cursor: ordered.at, line }, endOf: null };
    }
    line = 0;
  }
}

function linesOf({ record: { content } }: OrderedRecord, context: SequenceContext): number[][] | Unusable {
  if (content instanceof Unusable) return content;
  try {
    return documentLines(textOf(content.text, 'record without a text'), context);
  } catch (error) {
    if (error instanceof Unusable) return error;
    throw error;
  }
}

function recordsOf({ files, config, context }: Source, { cursor }: CorpusPlace) {
  return orderedRecords(files, cursor, { seed: context.seed, window: config.shuffleBuffer });
}

function epochEnd({ epoch, next }: EpochEnd): Step {
  return { outcome: Promise.resolve(NOTHING), next: { cursor: next, line: 0 }, endOf: epoch };
}

/** What fails ahead of its time is thrown where it is awaited. */
function watched<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {});
  return promise;
}

async function outcomeOf(source: Source, recipeFor: RecipeFor, ordered: OrderedRecord): Promise<Outcome> {
  const { config, context, files } = source;
  const { record } = ordered;
  const problems: Problem[] = [];
  const report = (problem: Unusable) => void problems.push(problemAt(record.where, problem));
  try {
    if (record.content instanceof Unusable) throw record.content;
    const folder = config.images ?? folderOf(files[ordered.file]!.path);
    const random = randomOfRecord(context.seed, ordered);
    const recipe = recipeFor({ row: record.content, record, folder, random, config, context, report });
    if (recipe === null) return { ...NOTHING, problems, isUsable: config.singleImageShare > 0 };
    const loaded = await Promise.all(recipe.pictures.map((picture) => load(picture, source)));
    for (const picture of loaded) if (picture instanceof Unusable) report(picture);
    const example = recipe.make(loaded.map((picture) => (picture instanceof Unusable ? null : picture)));
    return { example, problems, isUsable: example !== null };
  } catch (error) {
    if (!(error instanceof Unusable)) throw error;
    report(error);
    return { ...NOTHING, problems };
  }
}

async function load(picture: PictureSource, { config, context, pool }: Source): Promise<LoadedPicture | Unusable> {
  try {
    const bytes = await pictureBytes(picture);
    const loaded = await pool.load(bytes, { size: context.imageSize, squash: config.imageOnlyResize });
    if (Math.min(loaded.width, loaded.height) >= config.minImageSide) return loaded;
    return new Unusable('picture that is too small', `${loaded.width}x${loaded.height} pixels`);
  } catch (error) {
    return error instanceof Unusable ? error : new Unusable('picture that cannot be decoded', (error as Error).message);
  }
}
