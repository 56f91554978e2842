/** `meteor.json`: normalisation, stems, counts and scores of METEOR. Its tables are looked for in `data/meteor` above. */
import { join } from 'node:path';
import {
  loadMeteorTables,
  type MeteorStatistics,
  type MeteorTables,
  matchedWords,
  meteor,
  normaliseEnglish,
  STAGES,
  stemEnglish,
} from '../../evaluate/metrics/meteor.ts';
import { findAbove } from './above.ts';
import type { GoldenCase } from './case.ts';
import { closeCase } from './close.ts';
import { equalCase, type Json, readJson } from './json.ts';

const TOLERANCE = 1e-9;

export async function checkMeteor(folder: string): Promise<GoldenCase[]> {
  const { groups, stems, configurations } = await readJson(join(folder, 'meteor.json'));
  const tables = await loadMeteorTables(findAbove(folder, 'data/meteor'));
  return [
    equalCase(
      'meteor.json stems',
      Object.fromEntries(Object.keys(stems).map((word) => [word, stemEnglish(word)])),
      stems,
    ),
    ...groups.flatMap((group: Json) => checkGroup(group, configurations, tables)),
  ];
}

function checkGroup({ name: label, segments, total }: Json, configurations: Json, tables: MeteorTables): GoldenCase[] {
  const name = `meteor.json ${label}`;
  const normalise = (text: string) => normaliseEnglish(text, tables.prefixes).join(' ');
  return [
    equalCase(
      `${name} normalised`,
      segments.map((segment: Json) => [normalise(segment.hypothesis), ...segment.references.map(normalise)]),
      segments.map((segment: Json) => [segment.hypothesis_normalised, ...segment.references_normalised]),
    ),
    ...Object.entries(configurations as Record<string, Json>).flatMap(([configuration, { modules }]) => {
      const { functionWords, prefixes, synonyms } = tables;
      const result = meteor(segments, {
        functionWords,
        prefixes,
        stem: modules.includes('stem'),
        synonyms: modules.includes('synonym') ? synonyms : null,
        paraphrases: null,
      });
      const expected = segments.map((segment: Json) => segment[configuration]);
      const scores = expected.map((one: Json) => one.score);
      return [
        closeCase(`${name} ${configuration} score of each segment`, result.perItem, scores, TOLERANCE),
        closeCase(`${name} ${configuration} score`, result.corpus, total[configuration].score, TOLERANCE),
        equalCase(`${name} ${configuration} counts`, listed(result.total), total[configuration].stats),
        equalCase(
          `${name} ${configuration} counts of each segment`,
          result.statistics.map(listed),
          expected.map((one: Json) => one.stats),
        ),
      ];
    }),
  ];
}

/** The counts in the file's order. */
function listed(statistics: MeteorStatistics): number[] {
  return [
    statistics.hypothesisLength,
    statistics.referenceLength,
    statistics.hypothesisFunctionWords,
    statistics.referenceFunctionWords,
    ...STAGES.flatMap((_, stage) => {
      const { hypothesisContent, referenceContent, hypothesisFunction, referenceFunction } = statistics.stages[stage];
      return [hypothesisContent, referenceContent, hypothesisFunction, referenceFunction];
    }),
    statistics.chunks,
    matchedWords(statistics, 'hypothesis'),
    matchedWords(statistics, 'reference'),
  ];
}
