/** `captions.json` and `paper-figures.json`: noun chunks and referring expressions from the parses of `captions.conllu`. */
import { join } from 'node:path';
import { readAbstractNouns } from '../../data/grit/abstract-nouns.ts';
import { type CaptionAnalysis, captionAnalyzer } from '../../data/grit/analyze.ts';
import type { ParsedCaption } from '../../data/grit/parse.ts';
import { readParses } from '../../data/grit/parse-file.ts';
import { Problems } from '../../data/grit/problems.ts';
import { maximalSpans, type Span } from '../../data/grit/spans.ts';
import type { GoldenCase } from './case.ts';
import { equalCase, type Json, readJson } from './json.ts';

const PARSES = 'captions.conllu';
const ABSTRACT_NOUNS = 'abstract-nouns.json';

/** The analysis of every caption of a folder, by its id, with the folder's own list of abstract nouns. */
export async function analyzedCaptions(folder: string): Promise<Map<string, CaptionAnalysis>> {
  const analyze = captionAnalyzer({ abstractNouns: readAbstractNouns(await readJson(join(folder, ABSTRACT_NOUNS))) });
  return new Map((await parsesOf(folder)).map((parsed) => [parsed.id, analyze(parsed)]));
}

export async function checkCaptions(folder: string): Promise<GoldenCase[]> {
  const expected: Json[] = await readJson(join(folder, 'captions.json'));
  const parses = new Map((await parsesOf(folder)).map((parsed) => [parsed.id, parsed]));
  const abstractNouns = readAbstractNouns(await readJson(join(folder, ABSTRACT_NOUNS)));
  const analyze = captionAnalyzer({ abstractNouns });
  const analyzeWithPronouns = captionAnalyzer({ abstractNouns, keepPronouns: true });
  return expected.flatMap((entry) => {
    const name = `captions.json ${entry.id}`;
    const parsed = parses.get(entry.id);
    if (parsed === undefined) return [missingCase(name)];
    const analysis = analyze(parsed);
    return [
      equalCase(`${name} caption`, analysis.caption, entry.caption),
      equalCase(`${name} noun_chunks`, analysis.nounChunks.map(inFile), entry.noun_chunks),
      equalCase(`${name} expressions`, analysis.expressions, entry.expressions),
      equalCase(`${name} kept`, triples(analysis.kept), entry.kept),
      equalCase(
        `${name} kept_if_pronouns_stay`,
        triples(analyzeWithPronouns(parsed).kept),
        entry.kept_if_pronouns_stay,
      ),
    ];
  });
}

/** Of the chunks that have a box in a figure: the expressions, and which of them are left. */
export async function checkFigures(folder: string): Promise<GoldenCase[]> {
  const expected: Json[] = await readJson(join(folder, 'paper-figures.json'));
  const analyses = await analyzedCaptions(folder);
  return expected.flatMap((entry) => {
    const name = `paper-figures.json ${entry.figure}`;
    const analysis = analyses.get(entry.id);
    if (analysis === undefined) return [missingCase(name)];
    const boxed = new Set(entry.boxed_chunks.map(([start, end]: number[]) => `${start} ${end}`));
    const shown = analysis.expressions.filter(({ chunk }) => boxed.has(key(analysis.nounChunks[chunk]!)));
    return [
      equalCase(`${name} caption`, analysis.caption, entry.caption),
      equalCase(`${name} shown_expressions`, triples(shown), entry.shown_expressions),
      equalCase(`${name} maximal`, triples(maximalSpans(shown)), entry.maximal),
    ];
  });
}

export function missingCase(name: string): GoldenCase {
  return { name, deviation: 'missing', tolerance: 'equal', ok: false, detail: `${PARSES} has no parse of this id` };
}

async function parsesOf(folder: string): Promise<ParsedCaption[]> {
  const problems = new Problems();
  const parses: ParsedCaption[] = [];
  for await (const parsed of readParses(join(folder, PARSES), problems)) parses.push(parsed);
  const [problem] = problems.list();
  if (problem) throw new Error(`${PARSES}: ${problem.first[0]}`);
  return parses;
}

function inFile({ start, end, text, head, headLemma, removed }: CaptionAnalysis['nounChunks'][number]): Json {
  return { start, end, text, head, head_lemma: headLemma, removed };
}

function triples(spans: readonly (Span & { text: string })[]): Json[] {
  return spans.map(({ start, end, text }) => [start, end, text]);
}

function key({ start, end }: Span): string {
  return `${start} ${end}`;
}
