/**
 * From texts to training sequences (paper, section 3; the published loader).
 *
 * Ids are those that the processor makes of the whole tagged text, so a prompt at inference has the very ids that stand
 * before the response in training.
 */
import type { TrainingSequence } from '../corpora/example.ts';
import { Processor } from '../processor.ts';
import type { Tokenizer } from '../tokenizer.ts';
import { type PictureText, wholeText } from './texts.ts';

/** Ends each line of a plain text but the last. */
export const LINE_END = '</line>';
const IMAGE = '<image>';

export class SequenceMaker {
  /** Cells per side of the tokenizer's location tokens. */
  readonly gridSize: number;
  readonly #processor: Processor;
  readonly #imageId: number;

  /** @param latents slots for a picture */
  constructor(tokenizer: Tokenizer, latents: number) {
    this.#processor = new Processor(tokenizer, { numImageTokens: latents });
    this.gridSize = this.#processor.gridSize;
    this.#imageId = tokenizer.tokenToId(IMAGE)!;
  }

  /** A picture and a text about it: a caption counts from `</image>` on, a response from its first token on. */
  ofPicture(text: PictureText): TrainingSequence {
    const start = this.#processor.process(text.prompt, { images: 1 }).inputIds[0].length;
    return this.#sequence(wholeText(text), 1, (i) => i >= start - 1);
  }

  /** Several texts about a picture in one row: the picture once, then each text behind the end of the one before. */
  packed(texts: readonly TrainingSequence[]): TrainingSequence {
    const [first, ...others] = texts;
    const head = this.#processor.numImageTokens + 3;
    return {
      ids: [...first.ids, ...others.flatMap(({ ids }) => ids.slice(head))],
      imageMask: [...first.imageMask, ...others.flatMap(({ imageMask }) => imageMask.slice(head))],
      // what counted behind `</image>` counts behind the `</s>` that stands there instead
      lossMask: [...first.lossMask.slice(0, -1), ...others.flatMap(({ lossMask }) => lossMask.slice(head - 1, -1)), 0],
    };
  }

  /** Plain text; all of it counts. */
  ofLines(lines: readonly string[]): TrainingSequence {
    return this.#sequence(lines.join(LINE_END), 0, () => true);
  }

  /** Pictures, each with the text behind it; the texts count. That another picture follows is not to be foretold. */
  ofDocument(texts: readonly string[]): TrainingSequence {
    const start = this.#processor.numImageTokens + 2;
    return this.#sequence(texts.map((text) => IMAGE + text).join(''), texts.length, (i) => i >= start);
  }

  #sequence(text: string, images: number, counts: (position: number) => boolean): TrainingSequence {
    const row = this.#processor.process(text, {
      images,
      imagePlacement: images > 1 ? 'markers' : 'front',
      addEosToken: true,
    });
    const imageMask = row.imageEmbedsPositionMask?.[0] ?? row.inputIds[0].map(() => 0);
    const ids = row.inputIds[0].map((id, i) => (imageMask[i] === 1 ? this.#imageId : id));
    const lossMask = ids.map((_, i) => Number(i + 1 < ids.length && counts(i) && this.#isText(ids, imageMask, i + 1)));
    return { ids, imageMask, lossMask };
  }

  /** Neither `<image>`, nor a slot, nor the `</image>` after the last slot. */
  #isText(ids: readonly number[], imageMask: readonly number[], i: number): boolean {
    return ids[i] !== this.#imageId && imageMask[i - 1] === 0;
  }
}
