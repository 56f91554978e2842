/** METEOR 1.5 over a set of captions, as the COCO caption evaluation runs it (`-l en -norm`). */
import { type CaptionItem, checkItems } from './caption.ts';
import { normaliseEnglish, type Prefixes, type PrefixKind } from './meteor/normalise.ts';
import type { Paraphrases } from './meteor/paraphrases.ts';
import {
  addStatistics,
  type MeteorOptions,
  type MeteorStatistics,
  meteorScore,
  meteorStatistics,
} from './meteor/score.ts';

export { STAGES } from './meteor/candidates.ts';
export { type MeteorStatistics, matchedWords, type StageCounts } from './meteor/score.ts';
export { stemEnglish } from './meteor/stem.ts';
export { loadMeteorTables, loadParaphrases, type MeteorTables, MissingTableError } from './meteor/tables.ts';
export { normaliseEnglish, type Paraphrases, type Prefixes, type PrefixKind };

/** Tables and stages; a stage that is off or has no table is left out. */
export interface MeteorSettings extends MeteorOptions {
  readonly prefixes: Prefixes;
}

export interface MeteorResult {
  /** Score of the summed counts: the figure that is reported, 0 to 1. */
  corpus: number;
  perItem: number[];
  total: MeteorStatistics;
  /** Of the reference that scores best. */
  statistics: MeteorStatistics[];
}

/** @throws Error for no items and for an item without references */
export function meteor(items: readonly CaptionItem[], settings: MeteorSettings): MeteorResult {
  checkItems('METEOR', items);
  const statistics = items.map((item) => bestStatistics(item, settings));
  const total = addStatistics(statistics);
  return { corpus: meteorScore(total), perItem: statistics.map(meteorScore), total, statistics };
}

/** All words of the normalised texts: what a paraphrase table need hold. */
export function meteorVocabulary(items: readonly CaptionItem[], prefixes: Prefixes): Set<string> {
  const texts = items.flatMap(({ hypothesis, references }) => [hypothesis, ...references]);
  return new Set(texts.flatMap((text) => normaliseEnglish(text, prefixes)));
}

function bestStatistics({ hypothesis, references }: CaptionItem, settings: MeteorSettings): MeteorStatistics {
  const words = normaliseEnglish(hypothesis, settings.prefixes);
  return references
    .map((reference) => meteorStatistics(words, normaliseEnglish(reference, settings.prefixes), settings))
    .reduce((best, candidate) => (meteorScore(candidate) > meteorScore(best) ? candidate : best));
}
