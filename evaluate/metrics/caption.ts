/** What the metrics of captions have in common. */
import { splitAtWhiteSpace } from '../../data/white-space.ts';

/** One image: what was generated and what people wrote, both tokenised, tokens separated by single spaces. */
export interface CaptionItem {
  readonly hypothesis: string;
  readonly references: readonly string[];
}

/** A score of the whole set and of every item. */
export interface CaptionScore<Score = number> {
  readonly corpus: Score;
  readonly perItem: readonly Score[];
}

/**
 * Counts of the n-grams of each length, 1 first. An n-gram is its tokens joined by single spaces.
 *
 * Tokens are split at any white space: a fraction such as "1 1/2", which the tokenizer joins by a no-break space, is two
 * tokens here, as it is in the reference program.
 */
export function countNgrams(text: string, longest: number): Map<string, number>[] {
  const tokens = splitAtWhiteSpace(text);
  return Array.from({ length: longest }, (_, order) => {
    const counts = new Map<string, number>();
    for (let at = 0; at + order < tokens.length; at++) {
      const ngram = tokens.slice(at, at + order + 1).join(' ');
      counts.set(ngram, (counts.get(ngram) ?? 0) + 1);
    }
    return counts;
  });
}

/** @throws Error when there is nothing to score, or an item without a reference */
export function checkItems(metric: string, items: readonly CaptionItem[]): void {
  if (items.length === 0) throw new Error(`${metric}: there is no item to score`);
  const bare = items.findIndex(({ references }) => references.length === 0);
  if (bare >= 0) throw new Error(`${metric}: item ${bare} ("${items[bare].hypothesis}") has no reference`);
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
