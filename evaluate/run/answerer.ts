/** Asks a model many questions at once: prompts and pictures in, what the model writes out. */
import {
  type Caption,
  CaptionReader,
  KOSMOS2_PREPROCESSOR,
  type PreprocessorConfig,
  type Processor,
  preprocess,
  type RgbImage,
  type TextBoxes,
} from '../../data/index.ts';
import { type GeneratedRow, Generator, type Kosmos2, type PixelBatch } from '../../model/index.ts';

export interface Question {
  /** What the model continues. */
  readonly prompt: string;
  /** One stands before the prompt; of several each takes the place of an `<image>` in it. */
  readonly images: readonly RgbImage[];
  /** Boxes of the prompt's phrases, one entry for each. */
  readonly boxes?: TextBoxes;
}

/** Prompt and continuation, read together. */
export interface Written extends Caption {
  /** The continuation alone, without tags and white space at its ends. */
  readonly answer: string;
  /** Tokens of the continuation, `</s>` among them. */
  readonly tokens: number;
}

export interface AnswerOptions {
  /** Of the longest answer. */
  readonly maxNewTokens: number;
  /** 2 or more search by beams, one question after the other. Default 1: the likeliest token each time. */
  readonly beams?: number;
  /** No n-gram of this size twice; default: what the model's configuration says. */
  readonly noRepeatNgram?: number;
  readonly signal?: AbortSignal;
}

/** Prompts of a batch are padded to a multiple of this, so that few plans are made. */
const LENGTH_STEP = 8;

export class Answerer {
  readonly processor: Processor;
  readonly #model: Kosmos2;
  readonly #preprocessor: Readonly<PreprocessorConfig>;
  readonly #generator: Generator;

  /** @param preprocessor default: the published settings, with pictures of the model's size */
  constructor(model: Kosmos2, processor: Processor, preprocessor = preprocessorOf(model)) {
    this.processor = processor;
    this.#model = model;
    this.#preprocessor = preprocessor;
    this.#generator = new Generator(model);
  }

  /**
   * All questions in one batch.
   *
   * @throws Error for a prompt that does not fit the model, and the signal's reason when it has fired
   */
  async answer(questions: readonly Question[], options: AnswerOptions): Promise<Written[]> {
    options.signal?.throwIfAborted();
    const batches = (options.beams ?? 1) > 1 ? questions.map((question) => [question]) : [questions];
    const answers: Written[] = [];
    for (const batch of batches) answers.push(...(await this.#answerBatch(batch, options)));
    return answers;
  }

  async #answerBatch(questions: readonly Question[], options: AnswerOptions): Promise<Written[]> {
    const batch = this.processor.process(
      questions.map(({ prompt }) => prompt),
      {
        images: questions.map(({ images }) => images.length),
        bboxes: questions.map(({ boxes }) => boxes ?? null),
        padding: 'longest',
        padToMultipleOf: LENGTH_STEP,
        paddingSide: 'left',
      },
    );
    const images = questions.flatMap((question) => question.images);
    const vectors = images.length > 0 ? await this.#model.encodeImages(pixelBatch(images, this.#preprocessor)) : null;
    try {
      const rows = await this.#generate(batch, vectors, options);
      options.signal?.throwIfAborted();
      return rows.map(({ ids }, row) => {
        const prompt = batch.inputIds[row].filter((_, at) => batch.attentionMask[row][at] === 1);
        return this.#read(prompt, ids);
      });
    } finally {
      vectors?.dispose();
    }
  }

  async #generate(
    batch: Parameters<Generator['generate']>[0],
    vectors: Parameters<Generator['generate']>[1],
    { maxNewTokens, beams = 1, noRepeatNgram, signal }: AnswerOptions,
  ): Promise<Pick<GeneratedRow, 'ids'>[]> {
    const options = { maxNewTokens, noRepeatNgramSize: noRepeatNgram, signal };
    if (beams === 1) return this.#generator.generate(batch, vectors, options);
    const [best] = await this.#generator.beamSearch(batch, vectors, { ...options, beams });
    return [best ?? { ids: [] }];
  }

  #read(prompt: readonly number[], ids: readonly number[]): Written {
    return {
      ...captionOf(this.processor, prompt, ids),
      answer: captionOf(this.processor, [], ids).text,
      tokens: ids.length,
    };
  }

  /** Frees what was compiled; the model stays. */
  dispose(): void {
    this.#generator.dispose();
  }
}

function captionOf(processor: Processor, prompt: readonly number[], ids: readonly number[]): Caption {
  const reader = new CaptionReader(processor, prompt);
  for (const id of ids) reader.push(id);
  return reader.result();
}

function preprocessorOf({ config }: Kosmos2): Readonly<PreprocessorConfig> {
  const side = config.vision.imageSize;
  return { ...KOSMOS2_PREPROCESSOR, resize: { height: side, width: side }, crop: null };
}

/** @throws Error when the preprocessor makes pictures of different size */
export function pixelBatch(images: readonly RgbImage[], preprocessor: Readonly<PreprocessorConfig>): PixelBatch {
  const pictures = images.map((image) => preprocess(image, preprocessor));
  const [{ width, height, data }] = pictures;
  const all = new Float32Array(pictures.length * data.length);
  for (const [i, picture] of pictures.entries()) {
    if (picture.width !== width || picture.height !== height)
      throw new Error(
        `the preprocessor makes pictures of different size (${width}x${height}, ${picture.width}x${picture.height}), which cannot be one batch`,
      );
    all.set(picture.data, i * data.length);
  }
  return { data: all, shape: [pictures.length, 3, height, width] };
}
