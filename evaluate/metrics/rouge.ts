/**
 * ROUGE-L (Lin 2004) as the COCO caption evaluation computes it: the F-measure of the longest common subsequence with
 * beta = 1.2, from the largest precision and the largest recall over the references, each taken by itself.
 */
import { type CaptionItem, type CaptionScore, checkItems, mean } from './caption.ts';

const BETA = 1.2;

/** 0 to 1. @throws Error for no items and for an item without references */
export function rougeL(items: readonly CaptionItem[]): CaptionScore {
  checkItems('ROUGE-L', items);
  const perItem = items.map(scoreItem);
  return { corpus: mean(perItem), perItem };
}

/** Tokens are split at single spaces only, so an empty text is one empty token, as in the reference program. */
function scoreItem({ hypothesis, references }: CaptionItem): number {
  const tokens = hypothesis.split(' ');
  let precision = 0;
  let recall = 0;
  for (const reference of references) {
    const referenceTokens = reference.split(' ');
    const common = longestCommonSubsequence(tokens, referenceTokens);
    precision = Math.max(precision, common / tokens.length);
    recall = Math.max(recall, common / referenceTokens.length);
  }
  if (precision === 0 || recall === 0) return 0;
  return ((1 + BETA ** 2) * precision * recall) / (recall + BETA ** 2 * precision);
}

function longestCommonSubsequence(a: readonly string[], b: readonly string[]): number {
  let previous = new Uint32Array(b.length + 1);
  for (const token of a) {
    const current = new Uint32Array(b.length + 1);
    for (let j = 0; j < b.length; j++) {
      current[j + 1] = token === b[j] ? previous[j] + 1 : Math.max(previous[j + 1], current[j]);
    }
    previous = current;
  }
  return previous[b.length];
}
