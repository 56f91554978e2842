/** Texts packed into sequences of one length (KOSMOS-2's `spm_lm_loader`). */
import type { TrainingSequence } from './example.ts';
import { SequenceBuilder } from './sequence.ts';
import { plainIds } from './tagged-text.ts';
import { endId, type SequenceContext, tagId } from './tags.ts';

/** A document without lines is a lone `</s>`. Blank lines are dropped, but a line of spaces is none: its end token stays. */
export function documentLines(text: string, context: SequenceContext): number[][] {
  const { tokenizer, sequenceLength } = context;
  const lines = text.split('\n').filter((line) => line !== '');
  if (lines.length === 0) lines.push('');
  return lines.map((line, index) => {
    const end = index === lines.length - 1 ? endId(tokenizer, 'eos') : tagId(tokenizer, 'lineEnd');
    // With `<s>` before it the longest line fills a sequence; one that is cut has lost its end token.
    return [...plainIds(tokenizer, line), end].slice(0, sequenceLength - 1);
  });
}

/**
 * `<s>` and as many whole lines as fit, whatever documents they are of; every prediction counts, and nothing is reset between
 * documents.
 */
export class LinePacker {
  readonly #context: SequenceContext;
  #building: SequenceBuilder;

  constructor(context: SequenceContext) {
    this.#context = context;
    this.#building = new SequenceBuilder(context);
  }

  /** Takes a line; where it no longer fits, the sequence before it is returned. */
  add(line: readonly number[]): TrainingSequence | null {
    const full = this.#building.length + line.length > this.#context.sequenceLength ? this.finish() : null;
    this.#building.scored(line);
    return full;
  }

  /** What is there of a last sequence; null where there is nothing. */
  finish(): TrainingSequence | null {
    const last = this.#building;
    this.#building = new SequenceBuilder(this.#context);
    return last.length > 1 ? last.build() : null;
  }
}

/** All of a list of documents; the last sequence may be short. */
export function packDocuments(documents: Iterable<string>, context: SequenceContext): TrainingSequence[] {
  const packer = new LinePacker(context);
  const sequences: (TrainingSequence | null)[] = [];
  for (const text of documents) {
    for (const line of documentLines(text, context)) sequences.push(packer.add(line));
  }
  return [...sequences, packer.finish()].filter((sequence) => sequence !== null);
}
