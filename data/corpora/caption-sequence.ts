/** A picture and its caption as a sequence, as the published loader writes it: plain, or grounded. */
import type { TrainingSequence } from './example.ts';
import type { RegionGroup } from './regions.ts';
import { SequenceBuilder } from './sequence.ts';
import { plainIds, taggedIds } from './tagged-text.ts';
import { type SequenceContext, tagId } from './tags.ts';

/** `<s>` picture caption `</s>`, without any tag in the caption. */
export function captionSequence(caption: string, context: SequenceContext): TrainingSequence {
  return about(plainIds(context.tokenizer, caption), context);
}

/**
 * `<s>` picture `<grounding>` caption `</s>`, the caption with its spans and boxes marked.
 *
 * @param groups of `groupRegions`: boxes in fractions of what the model sees
 * @returns null where a span cannot be placed among the tokens; the published loader drops such a sample
 */
export function groundedSequence(
  caption: string,
  groups: readonly RegionGroup[],
  context: SequenceContext,
): TrainingSequence | null {
  const ids = taggedIds(caption, groups, context);
  return ids && about([tagId(context.tokenizer, 'grounding'), ...ids], context);
}

function about(ids: readonly number[], context: SequenceContext): TrainingSequence {
  return new SequenceBuilder(context).image().scored(ids).end().build();
}
