/** `captions.json` from the raw captions: noun chunks and kept expressions by the parser that ships. */
import { join } from 'node:path';
import { type AbstractNouns, readAbstractNouns } from '../../data/grit/abstract-nouns.ts';
import { captionAnalyzer } from '../../data/grit/analyze.ts';
import { type Caption, loadShippedParser, parseCaptions } from '../../data/grit/parser/index.ts';
import type { Span } from '../../data/grit/spans.ts';
import type { GoldenCase } from './case.ts';
import { readJson } from './json.ts';

interface ExpectedCaption extends Caption {
  readonly noun_chunks: readonly Span[];
  readonly kept: readonly (readonly [start: number, end: number, text: string])[];
}

/** F1 that the issue of this tool asks for. */
const WANTED = { chunks: 0.95, expressions: 0.9 };

/** F1 of spans over all captions together. */
export interface RawCaptionScores {
  readonly chunks: number;
  readonly expressions: number;
}

export async function scoreRawCaptions(
  expected: readonly ExpectedCaption[],
  abstractNouns?: AbstractNouns,
): Promise<RawCaptionScores> {
  const analyze = captionAnalyzer({ abstractNouns });
  const analyses = parseCaptions(await loadShippedParser(), expected).map(analyze);
  const chunks = analyses.map(({ nounChunks }) => keysOf(nounChunks));
  const kept = analyses.map((analysis) => keysOf(analysis.kept));
  const wantedKept = expected.map((caption) => keysOf(caption.kept.map(([start, end]) => ({ start, end }))));
  return {
    chunks: f1(
      chunks,
      expected.map(({ noun_chunks }) => keysOf(noun_chunks)),
    ),
    expressions: f1(kept, wantedKept),
  };
}

export async function checkRawCaptions(folder: string): Promise<GoldenCase[]> {
  const abstractNouns = readAbstractNouns(await readJson(join(folder, 'abstract-nouns.json')));
  const scores = await scoreRawCaptions(await readJson(join(folder, 'captions.json')), abstractNouns);
  return (['chunks', 'expressions'] as const).map((what) => {
    const [deviation, tolerance] = [1 - scores[what], 1 - WANTED[what]];
    return {
      name: `captions.json raw captions: 1 − F1 of ${what}`,
      deviation: rounded(deviation),
      tolerance: rounded(tolerance),
      ok: scores[what] >= WANTED[what],
    };
  });
}

function keysOf(spans: readonly Span[]): ReadonlySet<string> {
  return new Set(spans.map(({ start, end }) => `${start} ${end}`));
}

function f1(given: readonly ReadonlySet<string>[], expected: readonly ReadonlySet<string>[]): number {
  let [right, all] = [0, 0];
  for (const [i, keys] of expected.entries()) {
    right += [...keys].filter((key) => given[i].has(key)).length;
    all += keys.size + given[i].size;
  }
  return (2 * right) / all;
}

function rounded(value: number): number {
  return Math.round(value * 1e4) / 1e4;
}
