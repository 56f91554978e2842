/** Grounder (b): a zero-shot detection model (Grounding DINO, OWLv2) that `@huggingface/transformers` runs. */
import { runtime } from '../../../engine/runtime/index.ts';
import { decodeImage } from '../../image/decode.ts';
import type { RgbImage } from '../../image/image.ts';
import { checkedBox, isScore } from '../boxes.ts';
import type { GroundedPicture, Grounder, GroundingRequest, Phrase } from '../grounder.ts';
import type { ProblemSink } from '../problems.ts';
import type { Detection } from '../records.ts';
import type { StageClock } from '../run/clock.ts';
import { bytesFor, pictureProblem } from './pictures.ts';

/** What a detection pipeline finds; with `percentage` boxes are fractions of the picture. */
export interface DetectorBox {
  readonly label: string;
  readonly score: number;
  readonly box: { readonly xmin: number; readonly ymin: number; readonly xmax: number; readonly ymax: number };
}

/** The part of the package's pipeline that is used. */
export interface DetectorPipeline {
  (
    image: unknown,
    labels: readonly string[],
    options: { readonly threshold: number; readonly percentage: boolean },
  ): Promise<readonly DetectorBox[]>;
  readonly model?: { readonly config?: { readonly model_type?: string } };
  dispose(): Promise<unknown>;
}

/** The part of the package that is used. */
export interface Transformers {
  readonly env: { localModelPath: string };
  readonly RawImage: new (data: Uint8Array, width: number, height: number, channels: number) => unknown;
  pipeline(
    task: string,
    model: string,
    options: { readonly dtype?: string; readonly local_files_only: boolean },
  ): Promise<DetectorPipeline>;
}

/** Boxes with a lower score are not even suppressed: they are many, and never win. */
const LEAST_SCORE = 0.05;
/** Its text is one line of phrases that end with points, and its labels are pieces of that line. */
const READS_ONE_LINE = 'grounding-dino';
/**
 * For that one, whose labels are all words above the threshold: at a lower one they take in words of other phrases. It is the text threshold of
 * its authors.
 */
const LEAST_WORD_SCORE = 0.25;
/** Was trained on pictures that are made square with black at the right or the bottom; the package stretches them instead. */
const SEES_SQUARES = 'owlv2';

const PACKAGE = '@huggingface/transformers';

/** @throws Error that says how to install the package */
export async function loadTransformers(): Promise<Transformers> {
  // Not written as a bundler or a compiler would follow it: the package is not there unless somebody installs it.
  const name: string = PACKAGE;
  try {
    return (await import(name)) as Transformers;
  } catch (error) {
    throw new Error(
      `detection models are run by the npm package ${PACKAGE}, which cannot be loaded ` +
        `(${(error as Error).message.split('\n')[0]}): npm install ${PACKAGE}`,
      { cause: error },
    );
  }
}

export interface ZeroShotOptions {
  /** How weights are stored: which of the model's files is taken (`fp32`, `fp16`, `q8`, …). Default: the package's choice. */
  readonly dtype?: string;
  readonly transformers?: Transformers;
}

/**
 * Opens a model with `config.json`, `preprocessor_config.json`, `tokenizer.json` and `onnx/model.onnx`.
 *
 * @param model a folder, or `owner/name` of the hub
 * @throws Error naming the model where it cannot be loaded, and the package where that is missing
 */
export async function openZeroShot(model: string, options: ZeroShotOptions = {}): Promise<Grounder> {
  const { dtype, transformers = await loadTransformers() } = options;
  const isFolder = (await (await runtime()).status(model))?.kind === 'folder';
  const name = isFolder ? folderName(model, transformers) : model;
  try {
    const loading = { dtype, local_files_only: isFolder };
    const detector = await transformers.pipeline('zero-shot-object-detection', name, loading);
    return new ZeroShotGrounder(detector, transformers, { detector: model, dtype: dtype ?? null });
  } catch (error) {
    throw new Error(`${model}: ${(error as Error).message}`, { cause: error });
  }
}

/**
 * What the package calls a folder. From its version 4 on a name that cannot be one of the hub is a path, and with a point or a slash in front none
 * can; version 3 looks for every name in `localModelPath`.
 */
function folderName(folder: string, { env }: Transformers): string {
  const isAbsolute = /^([\\/]|\w:)/.test(folder);
  env.localModelPath = isAbsolute ? '/' : './';
  return isAbsolute ? folder : `./${folder}`;
}

class ZeroShotGrounder implements Grounder {
  readonly identity: unknown;
  readonly #detector: DetectorPipeline;
  readonly #transformers: Transformers;
  readonly #readsOneLine: boolean;
  readonly #seesSquares: boolean;

  constructor(detector: DetectorPipeline, transformers: Transformers, identity: unknown) {
    this.identity = identity;
    this.#detector = detector;
    this.#transformers = transformers;
    const kind = detector.model?.config?.model_type;
    this.#readsOneLine = kind === READS_ONE_LINE;
    this.#seesSquares = kind === SEES_SQUARES;
  }

  /** The pipeline takes the pictures of a batch one by one, for each has words of its own. */
  async ground(
    requests: readonly GroundingRequest[],
    problems: ProblemSink,
    clock?: StageClock,
  ): Promise<(GroundedPicture | null)[]> {
    const answers: (GroundedPicture | null)[] = [];
    for (const request of requests) {
      if (request.phrases.length === 0) {
        answers.push({ detections: [], picture: {} });
        continue;
      }
      const loading = pictureFor(request, problems);
      const image = await (clock ? clock.time('pictures', 1, loading) : loading);
      answers.push(image && (await this.#look(image, request, problems)));
    }
    return answers;
  }

  async close(): Promise<void> {
    await this.#detector.dispose();
  }

  async #look(image: RgbImage, { id, phrases }: GroundingRequest, problems: ProblemSink): Promise<GroundedPicture> {
    const { width, height } = image;
    const names = [...new Set(phrases.map(({ text }) => labelFor(text)))];
    const labels = this.#readsOneLine ? [`${names.join('. ')}.`] : names;
    const shown = this.#seesSquares ? squared(image) : image;
    const raw = new this.#transformers.RawImage(shown.data, shown.width, shown.height, 3);
    const threshold = this.#readsOneLine ? LEAST_WORD_SCORE : LEAST_SCORE;
    const found = await this.#detector(raw, labels, { threshold, percentage: true });
    const share = { width: width / shown.width, height: height / shown.height };
    const detections = found.flatMap(({ label, score, box: { xmin, ymin, xmax, ymax } }): Detection[] => {
      const phrase = phraseOf(label, phrases);
      const { box, problem } = checkedBox([xmin, ymin, xmax, ymax], share);
      // Detectors reach a little over the edges all the time, and see things in what was added there.
      const isUsual = problem === 'box-clipped' || (problem === 'box-outside' && shown !== image);
      const fault = !isScore(score) ? 'score-invalid' : isUsual ? null : problem;
      if (fault) problems.add(fault, `${id}: ${label}`);
      return phrase && box && isScore(score) ? [{ chunk: phrase.chunk, box, score }] : [];
    });
    return { detections, picture: { width, height } };
  }
}

async function pictureFor(request: GroundingRequest, problems: ProblemSink): Promise<RgbImage | null> {
  try {
    return await decodeImage(await bytesFor(request));
  } catch (error) {
    problems.add(pictureProblem(error), `${request.id}: ${(error as Error).message}`);
    return null;
  }
}

/** With black at the right or at the bottom, if it is not square; else the picture itself. */
function squared(image: RgbImage): RgbImage {
  const { width, height, data } = image;
  if (width === height) return image;
  const side = Math.max(width, height);
  const square = new Uint8Array(side * side * 3);
  for (let y = 0; y < height; y++) square.set(data.subarray(y * width * 3, (y + 1) * width * 3), y * side * 3);
  return { width: side, height: side, data: square };
}

/** A phrase as detectors were trained on them. */
function labelFor(text: string): string {
  return text
    .toLowerCase()
    .replace(/[.\s]+/gu, ' ')
    .trim();
}

/**
 * The phrase that a label is of: the same words, or else the one that shares most of its words with it, for a model that reads one line
 * gives back those of its words that it is sure of. Null where none is shared.
 */
export function phraseOf(label: string, phrases: readonly Phrase[]): Phrase | null {
  const said = labelFor(label);
  const same = phrases.find(({ text }) => labelFor(text) === said);
  if (same) return same;
  const words = new Set(said.split(' ').filter((word) => word !== '' && !ARTICLES.has(word)));
  let best: Phrase | null = null;
  let most = 0;
  for (const phrase of phrases) {
    const own = labelFor(phrase.text).split(' ');
    const shared = own.filter((word) => words.has(word)).length / own.length;
    if (shared > most) [best, most] = [phrase, shared];
  }
  return best;
}

const ARTICLES = new Set(['a', 'an', 'the']);
