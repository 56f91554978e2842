/**
 * CIDEr and CIDEr-D (Vedantam et al. 2015): the mean cosine, over the references and over n-grams of 1 to 4 tokens,
 * between tf-idf vectors, times 10. Document frequencies count the images of the evaluated set whose references hold the
 * n-gram, so a set of one image has no idf and scores 0.
 *
 * CIDEr-D, which the COCO caption evaluation reports under the name CIDEr, clips the hypothesis's weights by those of
 * the reference and punishes a difference in length (in bigrams) by a Gaussian of sigma 6.
 */
import { type CaptionItem, type CaptionScore, checkItems, countNgrams, mean } from './caption.ts';

const ORDERS = 4;
const SIGMA = 6;
const SCALE = 10;

/** Tf-idf weights by order, their Euclidean norms, and the number of bigrams. */
interface Vector {
  weights: Map<string, number>[];
  norms: number[];
  bigrams: number;
}

/** `cider` without clipping and length penalty, `cider-d` with both. */
export type CiderVariant = 'cider' | 'cider-d';

/** 0 to 10. @throws Error for no items and for an item without references */
export function cider(items: readonly CaptionItem[], variant: CiderVariant = 'cider-d'): CaptionScore {
  checkItems('CIDEr', items);
  const frequencies = documentFrequencies(items);
  const logItems = Math.log(items.length);
  const idf = (ngram: string) => logItems - Math.log(Math.max(1, frequencies.get(ngram) ?? 0));
  const similarity = variant === 'cider-d' ? clippedSimilarity : cosine;
  const perItem = items.map(({ hypothesis, references }) => {
    const vector = vectorOf(hypothesis, idf);
    return SCALE * mean(references.map((reference) => mean(similarity(vector, vectorOf(reference, idf)))));
  });
  return { corpus: mean(perItem), perItem };
}

function documentFrequencies(items: readonly CaptionItem[]): Map<string, number> {
  const frequencies = new Map<string, number>();
  for (const { references } of items) {
    const seen = new Set(
      references.flatMap((reference) => countNgrams(reference, ORDERS).flatMap((counts) => [...counts.keys()])),
    );
    for (const ngram of seen) frequencies.set(ngram, (frequencies.get(ngram) ?? 0) + 1);
  }
  return frequencies;
}

function vectorOf(text: string, idf: (ngram: string) => number): Vector {
  const orders = countNgrams(text, ORDERS);
  const weights = orders.map((counts) => new Map([...counts].map(([ngram, count]) => [ngram, count * idf(ngram)])));
  const norms = weights.map((order) => Math.sqrt([...order.values()].reduce((sum, weight) => sum + weight ** 2, 0)));
  const bigrams = [...orders[1].values()].reduce((sum, count) => sum + count, 0);
  return { weights, norms, bigrams };
}

/** Cosine by order; 0 where a vector has no length. */
function cosine(a: Vector, b: Vector): number[] {
  return products(a, b, (weight) => weight);
}

function clippedSimilarity(hypothesis: Vector, reference: Vector): number[] {
  const penalty = Math.exp(-((hypothesis.bigrams - reference.bigrams) ** 2) / (2 * SIGMA ** 2));
  return products(hypothesis, reference, Math.min).map((value) => value * penalty);
}

function products(a: Vector, b: Vector, weigh: (ofA: number, ofB: number) => number): number[] {
  return a.weights.map((weights, order) => {
    let sum = 0;
    for (const [ngram, weight] of weights) {
      const other = b.weights[order].get(ngram) ?? 0;
      sum += weigh(weight, other) * other;
    }
    const scale = a.norms[order] * b.norms[order];
    return scale === 0 ? 0 : sum / scale;
  });
}
