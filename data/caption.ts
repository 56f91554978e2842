/** The caption of prompt and answer, that is what follows the last picture, read from ids: while they come, and as a whole. */
import { LiteralText } from './grounding/literal.ts';
import { type GroundedText, postProcessGeneration } from './grounding/parse.ts';
import { TagStripper } from './grounding/stream.ts';
import type { Processor } from './processor.ts';
import type { StreamDecoder } from './tokenizer.ts';

export interface Caption extends GroundedText {
  /** With its tags, as the tokenizer decodes it. */
  raw: string;
}

/** The pieces that `start`, `push` and `finish` return, joined, are the caption's clean text but for white space at its ends. */
export class CaptionReader {
  readonly #processor: Processor;
  readonly #inputIds: readonly number[];
  readonly #literalTags: boolean;
  readonly #newIds: number[] = [];
  readonly #decoder: StreamDecoder;
  readonly #literal: LiteralText;
  readonly #tags = new TagStripper();

  /** With `literalTags`, what the prompt's ordinary tokens spell is never a tag. */
  constructor(processor: Processor, inputIds: readonly number[], literalTags = false) {
    this.#processor = processor;
    this.#inputIds = inputIds;
    this.#literalTags = literalTags;
    this.#decoder = processor.tokenizer.createStreamDecoder();
    this.#literal = new LiteralText(processor.tokenizer);
  }

  /** The clean text of the prompt, as far as no later token can change it. */
  start(): string {
    this.#literal.push(this.#inputIds, this.#literalTags);
    const decoded = this.#inputIds.map((id) => this.#decoder.push(id)).join('');
    return this.#clean(postProcessGeneration(this.#literal.hide(decoded), { cleanup: false }).text);
  }

  /** What a new id settles. */
  push(id: number): string {
    this.#newIds.push(id);
    this.#literal.push([id], false);
    return this.#clean(this.#literal.hide(this.#decoder.push(id)));
  }

  finish(): string {
    const rest = this.#clean(this.#literal.hide(this.#decoder.finish()));
    return rest + this.#literal.reveal(this.#tags.finish());
  }

  /** Text and boxes of everything so far, as the reference's `post_process_generation` gives them. */
  result(): Caption {
    const { tokenizer } = this.#processor;
    const gridSize = this.#processor.gridSize || undefined;
    const literal = new LiteralText(tokenizer);
    literal.push(this.#inputIds, this.#literalTags);
    literal.push(this.#newIds, false);
    const decoded = literal.hide(tokenizer.decode([...this.#inputIds, ...this.#newIds]));
    const { text, entities } = postProcessGeneration(decoded, { gridSize });
    return {
      raw: literal.reveal(postProcessGeneration(decoded, { cleanup: false }).text),
      text: literal.reveal(text),
      entities: entities.map((entity) => ({ ...entity, text: literal.reveal(entity.text) })),
    };
  }

  #clean(text: string): string {
    return this.#literal.reveal(this.#tags.push(text));
  }
}
