/**
 * METEOR 1.5 (Denkowski and Lavie 2014) for English, with the parameters of the ranking task: a weighted harmonic mean of
 * precision and recall over aligned words, content words counting three times as much as function words, less a penalty
 * for fragmentation.
 */
import { align } from './align.ts';
import { findCandidates, type MatchOptions, STAGES } from './candidates.ts';

const ALPHA = 0.85;
const BETA = 0.2;
const GAMMA = 0.6;
/** Weight of content words; function words have the rest. */
const DELTA = 0.75;

/** Weights of the stages exact, stem, synonym and paraphrase. */
const STAGE_WEIGHTS = [1, 0.6, 0.8, 0.6];

/** Aligned words of one stage. */
export interface StageCounts {
  hypothesisContent: number;
  referenceContent: number;
  hypothesisFunction: number;
  referenceFunction: number;
}

/** Counts of one segment, or of a set of them. */
export interface MeteorStatistics {
  hypothesisLength: number;
  referenceLength: number;
  hypothesisFunctionWords: number;
  referenceFunctionWords: number;
  /** In the order of `STAGES`. */
  stages: StageCounts[];
  chunks: number;
}

export interface MeteorOptions extends MatchOptions {
  readonly functionWords: ReadonlySet<string>;
}

/** Counts of a hypothesis against one reference, both as normalised words. */
export function meteorStatistics(
  hypothesis: readonly string[],
  reference: readonly string[],
  options: MeteorOptions,
): MeteorStatistics {
  const matches = align(findCandidates(hypothesis, reference, options));
  const isFunction = (word: string) => options.functionWords.has(word);
  const stages = STAGES.map(
    (): StageCounts => ({ hypothesisContent: 0, referenceContent: 0, hypothesisFunction: 0, referenceFunction: 0 }),
  );
  let chunks = 0;
  let [hypothesisEnd, referenceEnd] = [-1, -1];
  for (const { stage, start, length, hypothesisStart, hypothesisLength } of matches) {
    for (const word of hypothesis.slice(hypothesisStart, hypothesisStart + hypothesisLength)) {
      stages[stage][isFunction(word) ? 'hypothesisFunction' : 'hypothesisContent']++;
    }
    for (const word of reference.slice(start, start + length)) {
      stages[stage][isFunction(word) ? 'referenceFunction' : 'referenceContent']++;
    }
    if (start !== referenceEnd || hypothesisStart !== hypothesisEnd) chunks++;
    [hypothesisEnd, referenceEnd] = [hypothesisStart + hypothesisLength, start + length];
  }
  return {
    hypothesisLength: hypothesis.length,
    referenceLength: reference.length,
    hypothesisFunctionWords: hypothesis.filter(isFunction).length,
    referenceFunctionWords: reference.filter(isFunction).length,
    stages,
    chunks,
  };
}

/** 0 to 1; 0 where nothing is aligned. */
export function meteorScore(statistics: MeteorStatistics): number {
  const { hypothesisLength, referenceLength, hypothesisFunctionWords, referenceFunctionWords, stages } = statistics;
  const weigh = (content: number, functionWords: number) => DELTA * content + (1 - DELTA) * functionWords;
  let precision = 0;
  let recall = 0;
  for (const [stage, counts] of stages.entries()) {
    precision += STAGE_WEIGHTS[stage] * weigh(counts.hypothesisContent, counts.hypothesisFunction);
    recall += STAGE_WEIGHTS[stage] * weigh(counts.referenceContent, counts.referenceFunction);
  }
  precision /= weigh(hypothesisLength - hypothesisFunctionWords, hypothesisFunctionWords);
  recall /= weigh(referenceLength - referenceFunctionWords, referenceFunctionWords);
  const mean = 1 / ((1 - ALPHA) / precision + ALPHA / recall);
  const words = (matchedWords(statistics, 'hypothesis') + matchedWords(statistics, 'reference')) / 2;
  const fragmentation = isPerfect(statistics) ? 0 : statistics.chunks / words;
  const score = mean * (1 - GAMMA * fragmentation ** BETA);
  return Number.isNaN(score) ? 0 : Math.max(score, 0);
}

/** Number of aligned words on one side. */
export function matchedWords({ stages }: MeteorStatistics, side: 'hypothesis' | 'reference'): number {
  return stages.reduce((sum, counts) => sum + counts[`${side}Content`] + counts[`${side}Function`], 0);
}

/** Every word is aligned, in one chunk. */
function isPerfect(statistics: MeteorStatistics): boolean {
  return (
    matchedWords(statistics, 'hypothesis') === statistics.hypothesisLength &&
    matchedWords(statistics, 'reference') === statistics.referenceLength &&
    statistics.chunks === 1
  );
}

/** Counts of a set of segments; the chunk of a segment that matches perfectly is left out, as in the program. */
export function addStatistics(segments: readonly MeteorStatistics[]): MeteorStatistics {
  const sum = (value: (statistics: MeteorStatistics) => number) => segments.reduce((all, one) => all + value(one), 0);
  return {
    hypothesisLength: sum((one) => one.hypothesisLength),
    referenceLength: sum((one) => one.referenceLength),
    hypothesisFunctionWords: sum((one) => one.hypothesisFunctionWords),
    referenceFunctionWords: sum((one) => one.referenceFunctionWords),
    stages: STAGES.map((_, stage) => ({
      hypothesisContent: sum((one) => one.stages[stage].hypothesisContent),
      referenceContent: sum((one) => one.stages[stage].referenceContent),
      hypothesisFunction: sum((one) => one.stages[stage].hypothesisFunction),
      referenceFunction: sum((one) => one.stages[stage].referenceFunction),
    })),
    chunks: sum((one) => (isPerfect(one) ? 0 : one.chunks)),
  };
}
