/** From pairs to what their captions speak of, with what is wrong with them. */
import { type AnalysisOptions, type CaptionAnalysis, captionAnalyzer } from './analyze.ts';
import { captionFault, hasEmoji } from './captions.ts';
import type { CaptionPair } from './pairs/pair.ts';
import { type ParsedCaption, ParseError } from './parse.ts';
import type { ProblemSink } from './problems.ts';

/** Parses captions, one result for each, in their order. */
export type CaptionParser = (captions: readonly CaptionPair[]) => Promise<readonly ParsedCaption[]>;

export interface Analyzer {
  /** What tells its results from those of another, as plain JSON: a run is not continued with another one. */
  readonly identity: unknown;
  /** One for each pair; null for a caption that cannot be used, which `problems` is told of. */
  analyze(pairs: readonly CaptionPair[], problems: ProblemSink): Promise<(CaptionAnalysis | null)[]>;
  close(): Promise<void>;
}

/** Analyses captions that bring their parses. */
export function parsedAnalyzer(options: AnalysisOptions): Analyzer {
  const nothing: CaptionParser = () => Promise.resolve([]);
  return {
    identity: { rules: rulesOf(options) },
    analyze: (pairs, problems) => analyzePairs(pairs, options, nothing, problems),
    close: async () => {},
  };
}

/** Parses what is not parsed yet, and analyses all; a caption without a parse has no analysis. */
export async function analyzePairs(
  pairs: readonly CaptionPair[],
  options: AnalysisOptions,
  parse: CaptionParser,
  problems: ProblemSink,
): Promise<(CaptionAnalysis | null)[]> {
  const usable = pairs.filter(({ id, caption }) => {
    const fault = captionFault(caption);
    if (fault !== null) problems.add(fault, id);
    return fault === null;
  });
  const parses = new Map(usable.map((pair) => [pair, pair.parsed]));
  const unparsed = usable.filter(({ parsed }) => parsed === null);
  for (const [i, parsed] of (await parse(unparsed)).entries()) parses.set(unparsed[i]!, parsed);
  const analyze = captionAnalyzer(options);
  return pairs.map((pair) => {
    const parsed = parses.get(pair);
    return parsed ? analyzed(parsed, analyze, problems) : null;
  });
}

function analyzed(
  parsed: ParsedCaption,
  analyze: (parsed: ParsedCaption) => CaptionAnalysis,
  problems: ProblemSink,
): CaptionAnalysis | null {
  try {
    const analysis = analyze(parsed);
    if (hasEmoji(parsed.caption)) problems.add('caption-emoji', parsed.id);
    return analysis;
  } catch (error) {
    if (!(error instanceof ParseError)) throw error;
    problems.add('parse-malformed', `${parsed.id}: ${error.message}`);
    return null;
  }
}

/** The options of an analysis as plain JSON. */
export function rulesOf({ abstractNouns, keepPronouns = false }: AnalysisOptions): unknown {
  const lists = abstractNouns && {
    head: [...abstractNouns.head].sort(),
    bare: [...abstractNouns.bare].sort(),
    picture: [...abstractNouns.picture].sort(),
  };
  return { keepPronouns, abstractNouns: lists ?? 'shipped' };
}
