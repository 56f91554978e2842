/** The vocabulary of a parser, counted in its training sentences. */
import { AFFIXES, affixOf, normalForm, shapeOf } from '../../data/grit/parser/features.ts';
import { countLemmaRules, type LemmaExample } from '../../data/grit/parser/lemmas.ts';
import type { VocabularyFile } from '../../data/grit/parser/vocabulary.ts';
import type { TreebankSentence } from './treebank.ts';

/** Rarer ones share the embedding of unknown ones, which is trained by them. Affixes count once for each word that has them. */
const LEAST = { word: 2, affix: 3, shape: 5 };

export function countVocabulary(sentences: readonly TreebankSentence[]): VocabularyFile {
  const forms = sentences.flatMap((sentence) => sentence.forms);
  const normals = countsOf(forms.map(normalForm));
  const types = [...normals.keys()];
  return {
    words: frequent(normals, LEAST.word),
    affixes: AFFIXES.map((kind) => frequent(countsOf(types.map((type) => affixOf(type, kind))), LEAST.affix)),
    shapes: frequent(countsOf(forms.map(shapeOf)), LEAST.shape),
    upos: labels(sentences.flatMap((sentence) => sentence.upos)),
    xpos: labels(sentences.flatMap((sentence) => sentence.xpos)),
    relations: labels(sentences.flatMap((sentence) => sentence.relations)),
    lemmas: countLemmaRules(sentences.flatMap(lemmaExamples)),
  };
}

/** How often each word of a vocabulary occurs, by its row. */
export function wordFrequencies(
  sentences: readonly { readonly words: readonly number[] }[],
  rows: number,
): Uint32Array {
  const counts = new Uint32Array(rows);
  for (const { words } of sentences) for (const word of words) counts[word]!++;
  return counts;
}

function lemmaExamples({ forms, lemmas, upos }: TreebankSentence): LemmaExample[] {
  return forms.map((form, i) => ({ form, lemma: lemmas[i]!, upos: upos[i]! }));
}

function countsOf(values: Iterable<string>): Map<string, number> {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return counts;
}

/** Sorted, so that equal data give equal files. */
function frequent(counts: ReadonlyMap<string, number>, least: number): string[] {
  return [...counts].flatMap(([value, count]) => (count >= least ? [value] : [])).sort();
}

function labels(values: readonly string[]): string[] {
  return [...new Set(values)].sort();
}
