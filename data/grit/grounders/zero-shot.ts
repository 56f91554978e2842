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
  readonly env: { allowRemoteModels: boolean; localModelPath: string };
  readonly RawImage: new (data: Uint8Array, width: number, height: number, channels: number) => unknown;
  pipeline(task: string, model: string, options: { readonly dtype?: string }): Promise<DetectorPipeline>;
}

/** Boxes with a lower score are not even suppressed: they are many, and never win. */
const LEAST_SCORE = 0.05;
/** Its text is one line of phrases that end with points, and its labels are pieces of that line. */
const READS_ONE_LINE = 'grounding-dino';

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
  let name = model;
  if (isFolder) {
    const [, above = '', own = ''] = /^(.*?)([^\\/]+)[\\/]*$/.exec(model) ?? [];
    transformers.env.localModelPath = above === '' ? './' : above;
    transformers.env.allowRemoteModels = false;
    name = own;
  }
  try {
    const detector = await transformers.pipeline('zero-shot-object-detection', name, { dtype });
    return new ZeroShotGrounder(detector, transformers, { detector: model, dtype: dtype ?? null });
  } catch (error) {
    throw new Error(`${model}: ${(error as Error).message}`, { cause: error });
  }
}

class ZeroShotGrounder implements Grounder {
  readonly identity: unknown;
  readonly #detector: DetectorPipeline;
  readonly #transformers: Transformers;
  readonly #readsOneLine: boolean;

  constructor(detector: DetectorPipeline, transformers: Transformers, identity: unknown) {
    this.identity = identity;
    this.#detector = detector;
    this.#transformers = transformers;
    this.#readsOneLine = detector.model?.config?.model_type === READS_ONE_LINE;
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
    const { width, height, data } = image;
    const names = [...new Set(phrases.map(({ text }) => labelFor(text)))];
    const labels = this.#readsOneLine ? [`${names.join('. ')}.`] : names;
    const raw = new this.#transformers.RawImage(data, width, height, 3);
    const found = await this.#detector(raw, labels, { threshold: LEAST_SCORE, percentage: true });
    const detections = found.flatMap(({ label, score, box: { xmin, ymin, xmax, ymax } }): Detection[] => {
      const phrase = phraseOf(label, phrases);
      const { box, problem } = checkedBox([xmin, ymin, xmax, ymax]);
      // Detectors reach a little over the edges all the time.
      const fault = !isScore(score) ? 'score-invalid' : problem === 'box-clipped' ? null : problem;
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
