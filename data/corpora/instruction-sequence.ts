/** Instructions and responses as sequences: only the responses count (KOSMOS-1, section on instruction tuning). */
import type { TrainingSequence } from './example.ts';
import { SequenceBuilder } from './sequence.ts';
import { plainIds } from './tagged-text.ts';
import { endId, type SequenceContext } from './tags.ts';

export interface Turn {
  /** As a user would type it: white space of any kind is one space. */
  readonly instruction: string;
  readonly response: string;
}

/**
 * `<s>` [picture] instruction response `</s>` [instruction response `</s>` …]. Every response ends with `</s>`, so that the model
 * learns to stop there; the published material does not say how turns were written.
 *
 * @returns null where not even the first turn fits into the sequence's length; later ones that do not fit are left out
 */
export function instructionSequence(
  turns: readonly Turn[],
  images: 0 | 1,
  context: SequenceContext,
): TrainingSequence | null {
  const { tokenizer, sequenceLength } = context;
  const end = endId(tokenizer, 'eos');
  const builder = new SequenceBuilder(context);
  if (images === 1) builder.image();
  const start = builder.length;
  for (const { instruction, response } of turns) {
    const given = plainIds(tokenizer, instruction);
    const answer = [...plainIds(tokenizer, response), end];
    if (builder.length + given.length + answer.length > sequenceLength) break;
    builder.given(given).scored(answer);
  }
  return builder.length > start ? builder.build() : null;
}
