/**
 * BLEU-1 to BLEU-4 (Papineni et al. 2002) as the COCO caption evaluation computes it: n-gram precisions clipped by the
 * largest count in any reference, their running geometric mean, and a brevity penalty against the closest reference length.
 */
import { splitAtWhiteSpace } from '../../data/white-space.ts';
import { type CaptionItem, type CaptionScore, checkItems, countNgrams } from './caption.ts';

/** BLEU-1, BLEU-2, BLEU-3, BLEU-4; 0 to 1. */
export type Bleu = readonly [number, number, number, number];

const ORDERS = 4;
/** Keeps a precision without matches, and a length of 0, above zero; the program's constants. */
const TINY = 1e-15;
const SMALL = 1e-9;

/** What sentences add up to: lengths in tokens, and n-grams by order. */
interface Totals {
  length: number;
  referenceLength: number;
  guessed: number[];
  correct: number[];
}

/** @throws Error for no items and for an item without references */
export function bleu(items: readonly CaptionItem[]): CaptionScore<Bleu> {
  checkItems('BLEU', items);
  const totals = items.map(countItem);
  const sum = totals.reduce((all, one) => ({
    length: all.length + one.length,
    referenceLength: all.referenceLength + one.referenceLength,
    guessed: all.guessed.map((value, order) => value + one.guessed[order]),
    correct: all.correct.map((value, order) => value + one.correct[order]),
  }));
  return { corpus: scoreOf(sum), perItem: totals.map(scoreOf) };
}

function countItem({ hypothesis, references }: CaptionItem): Totals {
  const length = splitAtWhiteSpace(hypothesis).length;
  const lengths = references.map((reference) => splitAtWhiteSpace(reference).length);
  const closest = lengths.reduce((best, candidate) => {
    const difference = Math.abs(candidate - length) - Math.abs(best - length);
    return difference < 0 || (difference === 0 && candidate < best) ? candidate : best;
  });
  const referenceCounts = references.map((reference) => countNgrams(reference, ORDERS));
  const correct = countNgrams(hypothesis, ORDERS).map((counts, order) => {
    let matches = 0;
    for (const [ngram, count] of counts) {
      matches += Math.min(count, Math.max(...referenceCounts.map((orders) => orders[order].get(ngram) ?? 0)));
    }
    return matches;
  });
  const guessed = correct.map((_, order) => Math.max(0, length - order));
  return { length, referenceLength: closest, guessed, correct };
}

function scoreOf({ length, referenceLength, guessed, correct }: Totals): Bleu {
  const ratio = (length + TINY) / (referenceLength + SMALL);
  const penalty = ratio < 1 ? Math.exp(1 - 1 / ratio) : 1;
  let product = 1;
  const score = (order: number) => {
    product *= (correct[order] + TINY) / (guessed[order] + SMALL);
    return product ** (1 / (order + 1)) * penalty;
  };
  return [score(0), score(1), score(2), score(3)];
}
