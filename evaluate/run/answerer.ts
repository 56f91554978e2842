/** Asks a model many questions at once: prompts and pictures in, what the model writes out. */
import { type Caption, CaptionReader, type Processor, type RgbImage, type TextBoxes } from '../../data/index.ts';
import type { Tensor } from '../../engine/index.ts';
import { type GenerateOptions, Generator, type TokenBatch } from '../../model/index.ts';
import { PictureEncoder } from './picture-encoder.ts';
import { preprocessorOf, type Subject } from './subject.ts';

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
  /** The continuation alone, with its tags. */
  readonly output: string;
  /** The same without tags and white space at its ends. */
  readonly answer: string;
  /** Tokens of the continuation, `</s>` among them. */
  readonly tokens: number;
}

export interface AnswerOptions {
  readonly maxNewTokens: number;
  /** Of prompt and answer together, behind `<s>`. Default: no such limit. */
  readonly maxTokens?: number;
  /** 2 or more search by beams. Default 1: the likeliest token each time. */
  readonly beams?: number;
  readonly signal?: AbortSignal;
}

/** Prompts of a batch are padded to a multiple of this, so that few plans are made. */
export const PROMPT_STEP = 8;

export class Answerer {
  readonly processor: Processor;
  readonly #noRepeatNgram: number | undefined;
  readonly #encoder: PictureEncoder;
  readonly #generator: Generator;

  constructor(subject: Subject) {
    this.processor = subject.processor;
    this.#noRepeatNgram = subject.noRepeatNgram;
    this.#encoder = new PictureEncoder(subject.model, preprocessorOf(subject));
    this.#generator = new Generator(subject.model);
  }

  /**
   * All questions in one batch.
   *
   * @throws Error for a prompt that does not fit the model, and the signal's reason when it has fired
   */
  async answer(questions: readonly Question[], options: AnswerOptions): Promise<Written[]> {
    options.signal?.throwIfAborted();
    const batch = this.processor.process(
      questions.map(({ prompt }) => prompt),
      {
        images: questions.map(({ images }) => images.length),
        bboxes: questions.map(({ boxes }) => boxes ?? null),
        padding: 'longest',
        padToMultipleOf: PROMPT_STEP,
        paddingSide: 'left',
      },
    );
    const prompts = batch.inputIds.map((ids, row) => ids.filter((_, at) => batch.attentionMask[row][at] === 1));
    const limits = prompts.map(({ length }) => limitOf(length, options));
    const vectors = await this.#encoder.encode(questions.flatMap(({ images }) => images));
    try {
      const rows = await this.#generate(batch, vectors, Math.max(...limits), options);
      options.signal?.throwIfAborted();
      return rows.map((ids, row) => this.#read(prompts[row], ids.slice(0, limits[row])));
    } finally {
      vectors?.dispose();
    }
  }

  async #generate(
    batch: TokenBatch,
    vectors: Tensor | null,
    maxNewTokens: number,
    { beams = 1, signal }: AnswerOptions,
  ): Promise<(readonly number[])[]> {
    const options: GenerateOptions = { maxNewTokens, noRepeatNgramSize: this.#noRepeatNgram, signal };
    if (beams === 1) return (await this.#generator.generate(batch, vectors, options)).map(({ ids }) => ids);
    const found = await this.#generator.beamSearch(batch, vectors, { ...options, beams });
    return found.map(([best]) => best?.ids ?? []);
  }

  #read(prompt: readonly number[], ids: readonly number[]): Written {
    const alone = captionOf(this.processor, [], ids);
    return {
      ...captionOf(this.processor, prompt, ids),
      output: alone.raw,
      answer: alone.text,
      tokens: ids.length,
    };
  }

  /** Frees what was compiled; the model stays. */
  dispose(): void {
    this.#encoder.dispose();
    this.#generator.dispose();
  }
}

/** @throws Error where a prompt leaves no room */
function limitOf(promptLength: number, { maxNewTokens, maxTokens = Infinity }: AnswerOptions): number {
  const limit = Math.min(maxNewTokens, maxTokens + 1 - promptLength);
  if (limit >= 1) return limit;
  throw new Error(`a prompt of ${promptLength} tokens leaves no room for an answer`);
}

function captionOf(processor: Processor, prompt: readonly number[], ids: readonly number[]): Caption {
  const reader = new CaptionReader(processor, prompt);
  for (const id of ids) reader.push(id);
  return reader.result();
}
