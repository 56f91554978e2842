/** Documents with pictures between their sentences as sequences (KOSMOS-1's format). */
import type { TrainingSequence } from './example.ts';
import { imageLength, SequenceBuilder } from './sequence.ts';
import { plainIds } from './tagged-text.ts';
import type { SequenceContext } from './tags.ts';

/** A sentence, or a picture by its place in the document's list. */
export type DocumentPiece = { readonly text: string } | { readonly picture: number };

export interface InterleavedSequence {
  readonly sequence: TrainingSequence;
  /** The pictures in it, in the order of their slots. */
  readonly pictures: readonly number[];
}

/**
 * `<s>` pictures and texts in order `</s>`. The texts count. What does not fit into the sequence's length is left out with all that
 * follows, `</s>` too; only a text is cut.
 */
export function interleavedSequence(pieces: readonly DocumentPiece[], context: SequenceContext): InterleavedSequence {
  const builder = new SequenceBuilder(context);
  const pictures: number[] = [];
  for (const piece of pieces) {
    const room = context.sequenceLength - builder.length;
    if ('picture' in piece) {
      if (imageLength(context) > room) return { sequence: builder.build(), pictures };
      builder.image();
      pictures.push(piece.picture);
    } else {
      const ids = plainIds(context.tokenizer, piece.text);
      builder.scored(ids.slice(0, room));
      if (ids.length > room) return { sequence: builder.build(), pictures };
    }
  }
  if (builder.length < context.sequenceLength) builder.end();
  return { sequence: builder.build(), pictures };
}
