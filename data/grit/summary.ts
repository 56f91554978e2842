/** What a run made of its input, in the figures of the paper's table 1. */
import type { CaptionAnalysis } from './analyze.ts';
import type { ProblemCount, Problems } from './problems.ts';
import { type GritRecord, maximalRows } from './records.ts';
import { CodePoints } from './spans.ts';

/** Captions on their way to records. */
export interface CaptionCounts {
  /** Captions that could be used. */
  captions: number;
  nounChunks: number;
  abstract: number;
  pronouns: number;
  /** One for every chunk that stays. */
  expressions: number;
  /** Expressions that no other one contains. */
  kept: number;
  /** Captions without a noun chunk that stays. */
  withoutChunks: number;
  /** Pairs discarded because no box was left. */
  withoutBoxes: number;
}

/** The paper's table 1, of the expressions that no other one of the same record contains. */
export interface CorpusFigures {
  images: number;
  /** Boxes. */
  objects: number;
  /** Distinct expressions with boxes. */
  spans: number;
  /** Words, split at white space; null without expressions. */
  meanExpressionLength: number | null;
}

export interface GritSummary extends CaptionCounts, CorpusFigures {
  problems: ProblemCount[];
}

/** Everything that is counted, as plain JSON. */
export interface CounterState extends CaptionCounts {
  images: number;
  objects: number;
  spans: number;
  /** Of all spans together. */
  words: number;
}

const NOTHING: CounterState = {
  captions: 0,
  nounChunks: 0,
  abstract: 0,
  pronouns: 0,
  expressions: 0,
  kept: 0,
  withoutChunks: 0,
  withoutBoxes: 0,
  images: 0,
  objects: 0,
  spans: 0,
  words: 0,
};

export class SummaryCounter {
  readonly #counts: CounterState = { ...NOTHING };

  /** @param states what others' `state` gave, to be added up */
  constructor(...states: readonly (CounterState | undefined)[]) {
    for (const state of states) {
      for (const name of Object.keys(NOTHING) as (keyof CounterState)[]) this.#counts[name] += state?.[name] ?? 0;
    }
  }

  addCaption({ nounChunks, expressions, kept }: CaptionAnalysis): void {
    const counts = this.#counts;
    counts.captions++;
    counts.nounChunks += nounChunks.length;
    for (const { removed } of nounChunks) {
      if (removed === 'abstract') counts.abstract++;
      if (removed === 'pronoun') counts.pronouns++;
    }
    counts.expressions += expressions.length;
    counts.kept += kept.length;
    if (expressions.length === 0) counts.withoutChunks++;
  }

  addWithoutBoxes(): void {
    this.#counts.withoutBoxes++;
  }

  addRecord({ caption, ref_exps }: GritRecord): void {
    const characters = new CodePoints(caption);
    const rows = maximalRows(ref_exps);
    const spans = new Map(rows.map(([start, end]) => [`${start} ${end}`, { start, end }]));
    this.#counts.images++;
    this.#counts.objects += rows.length;
    this.#counts.spans += spans.size;
    for (const span of spans.values()) this.#counts.words += wordCount(characters.slice(span));
  }

  corpus(): CorpusFigures {
    const { images, objects, spans, words } = this.#counts;
    return { images, objects, spans, meanExpressionLength: spans > 0 ? words / spans : null };
  }

  state(): CounterState {
    return { ...this.#counts };
  }

  summary(problems: Problems): GritSummary {
    const { words: _, ...counts } = this.#counts;
    return { ...counts, ...this.corpus(), problems: problems.list() };
  }
}

function wordCount(text: string): number {
  return text.split(/\s+/u).filter((word) => word !== '').length;
}
