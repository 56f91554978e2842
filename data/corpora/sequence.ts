/** Token sequences for training, put together from pictures and texts. */
import type { TrainingSequence } from './example.ts';
import { endId, type SequenceContext, tagId } from './tags.ts';

/**
 * A sequence that starts with `<s>`. All slots of a picture hold the id of `<image>`, as in the published loader (in prompts they hold
 * other ids; image vectors replace either). Nothing of a picture is scored, its end tag included.
 */
export class SequenceBuilder {
  readonly #context: SequenceContext;
  readonly #ids: number[] = [];
  readonly #imageMask: number[] = [];
  /** For each token whether predicting it counts. */
  readonly #scored: number[] = [];

  constructor(context: SequenceContext) {
    this.#context = context;
    this.#add(endId(context.tokenizer, 'bos'), 0, 0);
  }

  get length(): number {
    return this.#ids.length;
  }

  /** `<image>`, the slots, `</image>`. */
  image(): this {
    const { tokenizer, latents } = this.#context;
    const image = tagId(tokenizer, 'image');
    this.#add(image, 0, 0);
    for (let slot = 0; slot < latents; slot++) this.#add(image, 1, 0);
    this.#add(tagId(tokenizer, 'imageEnd'), 0, 0);
    return this;
  }

  /** Tokens that the model has to predict. */
  scored(ids: readonly number[]): this {
    for (const id of ids) this.#add(id, 0, 1);
    return this;
  }

  /** Tokens that are given to the model: a prompt. */
  given(ids: readonly number[]): this {
    for (const id of ids) this.#add(id, 0, 0);
    return this;
  }

  /** `</s>`, scored. */
  end(): this {
    return this.scored([endId(this.#context.tokenizer, 'eos')]);
  }

  build(): TrainingSequence {
    return { ids: this.#ids, imageMask: this.#imageMask, lossMask: [...this.#scored.slice(1), 0] };
  }

  #add(id: number, isSlot: 0 | 1, isScored: 0 | 1): void {
    this.#ids.push(id);
    this.#imageMask.push(isSlot);
    this.#scored.push(isScored);
  }
}

/** Tokens that a picture takes: its slots and the tags around them. */
export function imageLength({ latents }: SequenceContext): number {
  return latents + 2;
}
