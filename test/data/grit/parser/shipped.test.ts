/** The parser that ships, on the golden captions: noun chunks and expressions from the raw text. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type CaptionAnalysis, captionAnalyzer } from '../../../../data/grit/analyze.ts';
import { loadShippedParser, parseCaptions } from '../../../../data/grit/parser/index.ts';
import { skipUnlessShared } from '../../../shared.ts';

/** What its figures in `weights/README.md` are, rounded down: a parser that is worse is not to be shipped by accident. */
const LEAST = { chunks: 0.93, expressions: 0.77 };

type Spans = readonly (readonly [start: number, end: number])[];

skipUnlessShared(test, 'goldens/grit', 'chunks and expressions of the golden captions', async (folder) => {
  const expected = JSON.parse(readFileSync(join(folder, 'captions.json'), 'utf8')) as {
    id: string;
    caption: string;
    noun_chunks: { start: number; end: number }[];
    kept: [number, number, string][];
  }[];
  const analyze = captionAnalyzer();
  const analyses = parseCaptions(await loadShippedParser(), expected).map(analyze);
  const chunks = f1(
    analyses.map(({ nounChunks }) => spansOf(nounChunks)),
    expected.map(({ noun_chunks }) => spansOf(noun_chunks)),
  );
  const expressions = f1(
    analyses.map(({ kept }: CaptionAnalysis) => spansOf(kept)),
    expected.map(({ kept }) => kept.map(([start, end]) => [start, end] as const)),
  );
  console.log(`chunks F1 ${chunks.toFixed(4)}, expressions F1 ${expressions.toFixed(4)}`);
  assert.ok(chunks >= LEAST.chunks, `chunks F1 ${chunks}`);
  assert.ok(expressions >= LEAST.expressions, `expressions F1 ${expressions}`);
});

function spansOf(spans: readonly { start: number; end: number }[]): Spans {
  return spans.map(({ start, end }) => [start, end] as const);
}

/** Over the spans of all captions together. */
function f1(given: readonly Spans[], expected: readonly Spans[]): number {
  let [right, all] = [0, 0];
  for (const [i, spans] of expected.entries()) {
    const keys = new Set(given[i].map(String));
    right += spans.filter((span) => keys.has(String(span))).length;
    all += keys.size + spans.length;
  }
  return (2 * right) / all;
}

test.run();
