/** METEOR's matching stages: every pair of words or phrases that could be aligned. */
import type { Paraphrases } from './paraphrases.ts';
import { stemEnglish } from './stem.ts';
import type { Synonyms } from './synonyms.ts';

/** The stages in their order; statistics are kept by the index into this list. */
export const STAGES = ['exact', 'stem', 'synonym', 'paraphrase'] as const;

/** A run of reference words that a run of hypothesis words may be aligned with. */
export interface Match {
  /** Index into `STAGES`. */
  readonly stage: number;
  readonly start: number;
  readonly length: number;
  readonly hypothesisStart: number;
  readonly hypothesisLength: number;
}

export interface Candidates {
  /** By the reference word at which they start, in the order of the stages. */
  readonly byStart: readonly (readonly Match[])[];
  /** How many matches cover each word. */
  readonly hypothesisCoverage: Uint32Array;
  readonly referenceCoverage: Uint32Array;
}

/** What the stages beyond the first lean on; a stage without its part is left out. */
export interface MatchOptions {
  readonly stem: boolean;
  readonly synonyms: Synonyms | null;
  readonly paraphrases: Paraphrases | null;
}

/** All candidates. Equal sentences are matched by their words alone, which no search can get wrong. */
export function findCandidates(
  hypothesis: readonly string[],
  reference: readonly string[],
  { stem, synonyms, paraphrases }: MatchOptions,
): Candidates {
  const byStart = reference.map((): Match[] => []);
  const candidates = {
    byStart,
    hypothesisCoverage: new Uint32Array(hypothesis.length),
    referenceCoverage: new Uint32Array(reference.length),
  };
  const add = (match: Match) => {
    byStart[match.start].push(match);
    for (let i = 0; i < match.hypothesisLength; i++) candidates.hypothesisCoverage[match.hypothesisStart + i]++;
    for (let i = 0; i < match.length; i++) candidates.referenceCoverage[match.start + i]++;
  };
  const addWords = (stage: number, matches: (i: number, j: number) => boolean) => {
    for (let j = 0; j < reference.length; j++) {
      for (let i = 0; i < hypothesis.length; i++) {
        if (!matches(i, j)) continue;
        add({ stage, start: j, length: 1, hypothesisStart: i, hypothesisLength: 1 });
      }
    }
  };
  const isSame = (i: number, j: number) => hypothesis[i] === reference[j];
  addWords(0, isSame);
  if (hypothesis.length === reference.length && hypothesis.every((_, i) => isSame(i, i))) return candidates;
  if (stem) {
    const [stems, referenceStems] = [hypothesis.map(stemEnglish), reference.map(stemEnglish)];
    addWords(1, (i, j) => !isSame(i, j) && stems[i] === referenceStems[j]);
  }
  if (synonyms) {
    const [sets, referenceSets] = [hypothesis, reference].map((words) => words.map((word) => synonyms.synsetsOf(word)));
    addWords(2, (i, j) => !isSame(i, j) && overlaps(sets[i], referenceSets[j]));
  }
  if (paraphrases) addParaphrases(hypothesis, reference, paraphrases, add);
  return candidates;
}

function overlaps(a: ReadonlySet<number>, b: ReadonlySet<number>): boolean {
  for (const value of a) if (b.has(value)) return true;
  return false;
}

/** Both ways: what the hypothesis says for a phrase of the reference, and the other way round. */
function addParaphrases(
  hypothesis: readonly string[],
  reference: readonly string[],
  table: Paraphrases,
  add: (match: Match) => void,
): void {
  const stage = STAGES.indexOf('paraphrase');
  for (const [start] of reference.entries()) {
    for (const { length, paraphrase } of table.startingAt(reference, start)) {
      for (const hypothesisStart of occurrences(paraphrase, hypothesis)) {
        add({ stage, start, length, hypothesisStart, hypothesisLength: paraphrase.length });
      }
    }
  }
  for (const [hypothesisStart] of hypothesis.entries()) {
    for (const { length, paraphrase } of table.startingAt(hypothesis, hypothesisStart)) {
      for (const start of occurrences(paraphrase, reference)) {
        add({ stage, start, length: paraphrase.length, hypothesisStart, hypothesisLength: length });
      }
    }
  }
}

function occurrences(phrase: readonly string[], words: readonly string[]): number[] {
  return words.flatMap((_, at) => (phrase.every((word, k) => words[at + k] === word) ? [at] : []));
}
