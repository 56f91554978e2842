/** The stages one after another: pairs in, records out (paper, section 2). */
import type { CaptionAnalysis } from './analyze.ts';
import type { Analyzer } from './analyzer.ts';
import type { GroundedPicture, Grounder, GroundingRequest } from './grounder.ts';
import { type CaptionPair, isPair } from './pairs/pair.ts';
import type { PairItem, PairSource } from './pairs/source.ts';
import { type ProblemCount, Problems } from './problems.ts';
import { type GritRecord, groundedRows, type PictureFacts } from './records.ts';
import type { StageClock } from './run/clock.ts';
import type { Thresholds } from './suppression.ts';

/** Pairs that go through the stages together. */
const BATCH = 32;
/** Batches that are analysed, and whose pictures are loaded, before they are grounded. */
const AHEAD = 4;

export interface PipelineOptions {
  readonly analyzer: Analyzer;
  /** Null to analyse the captions and nothing else. */
  readonly grounder: Grounder | null;
  readonly thresholds?: Thresholds;
  readonly clock: StageClock;
  /** Ends the run between two batches by throwing its reason. */
  readonly signal?: AbortSignal;
}

export interface PipelineResult {
  readonly pair: CaptionPair;
  readonly analysis: CaptionAnalysis;
  /** Null where no box was left or nothing looked for one. */
  readonly record: GritRecord | null;
}

/** What became of some pairs that follow each other in the input. */
export interface BatchResult {
  /** One for every caption that can be used, in the order of the input. */
  readonly results: readonly PipelineResult[];
  /** Pairs of the input, those that cannot be used among them. */
  readonly taken: number;
  readonly problems: readonly ProblemCount[];
  /** Where the source goes on. */
  readonly next: unknown;
}

/**
 * Results in batches, which begin and end at the same pairs whenever they start at the same one. Memory holds a few batches.
 *
 * @param from what a batch's `next` said; null for the beginning
 */
export async function* runPipeline(
  source: PairSource,
  from: unknown,
  options: PipelineOptions,
): AsyncGenerator<BatchResult> {
  const { grounder, clock, signal } = options;
  for await (const batch of ahead(preparedBatches(source, from, options))) {
    signal?.throwIfAborted();
    const { captions: preparing, problems, taken, next } = batch;
    const captions = await preparing;
    const requests = captions.map(({ request }) => request);
    const answers =
      grounder === null ? [] : await clock.time('ground', captions.length, grounder.ground(requests, problems, clock));
    const results = captions.map(({ pair, analysis }, i) => ({
      pair,
      analysis,
      record: recordOf(pair, analysis, answers[i] ?? null, options.thresholds),
    }));
    yield { results, taken, problems: problems.list(), next };
  }
}

interface Batch {
  readonly pairs: readonly CaptionPair[];
  readonly problems: Problems;
  readonly taken: number;
  readonly next: unknown;
}

interface Caption {
  readonly pair: CaptionPair;
  readonly analysis: CaptionAnalysis;
  readonly request: GroundingRequest;
}

/** Batches whose captions are being analysed and whose pictures are being loaded. */
async function* preparedBatches(
  source: PairSource,
  from: unknown,
  options: PipelineOptions,
): AsyncGenerator<Batch & { readonly captions: Promise<readonly Caption[]> }> {
  for await (const batch of batchesOf(source.items(from), options.clock)) {
    const captions = prepared(batch, options);
    // It is thrown where they are waited for.
    captions.catch(() => {});
    yield { ...batch, captions };
  }
}

async function prepared(
  { pairs, problems }: Batch,
  { analyzer, grounder, clock }: PipelineOptions,
): Promise<readonly Caption[]> {
  const analyses = await clock.time('parse', pairs.length, analyzer.analyze(pairs, problems));
  const captions = pairs.flatMap((pair, i): Caption[] => {
    const analysis = analyses[i];
    return analysis ? [{ pair, analysis, request: requestFor(pair, analysis) }] : [];
  });
  grounder?.prefetch?.(
    captions.map(({ request }) => request),
    clock,
  );
  return captions;
}

async function* batchesOf(items: AsyncIterable<PairItem>, clock: StageClock): AsyncGenerator<Batch> {
  const iterator = items[Symbol.asyncIterator]();
  try {
    for (;;) {
      const taken = await clock.timeAll('read', takeSome(iterator));
      if (taken.length === 0) return;
      const problems = new Problems();
      const pairs: CaptionPair[] = [];
      for (const { pair } of taken) {
        if (isPair(pair)) pairs.push(pair);
        else problems.add(pair.kind, pair.where);
      }
      yield { pairs, problems, taken: taken.length, next: taken.at(-1)!.next };
    }
  } finally {
    await iterator.return?.();
  }
}

async function takeSome(iterator: AsyncIterator<PairItem>): Promise<PairItem[]> {
  const taken: PairItem[] = [];
  while (taken.length < BATCH) {
    const { done, value } = await iterator.next();
    if (done) break;
    taken.push(value);
  }
  return taken;
}

/** Items of a source, so many of them asked for before they are needed. */
async function* ahead<T>(source: AsyncGenerator<T>): AsyncGenerator<T> {
  const asked: Promise<IteratorResult<T>>[] = [];
  try {
    for (;;) {
      while (asked.length < AHEAD) {
        const item = source.next();
        item.catch(() => {});
        asked.push(item);
      }
      const { done, value } = await asked.shift()!;
      if (done) return;
      yield value;
    }
  } finally {
    await source.return(undefined);
  }
}

function requestFor({ picture }: CaptionPair, analysis: CaptionAnalysis): GroundingRequest {
  const { id, caption, nounChunks, expressions } = analysis;
  const phrases = expressions.map(({ chunk }) => {
    const { start, end, text } = nounChunks[chunk]!;
    return { chunk, start, end, text };
  });
  return { id, caption, phrases, chunkCount: nounChunks.length, picture };
}

function recordOf(
  { facts, caption }: CaptionPair,
  analysis: CaptionAnalysis,
  answer: GroundedPicture | null,
  thresholds?: Thresholds,
): GritRecord | null {
  const rows = answer && groundedRows(analysis, answer.detections, thresholds);
  return rows && { ...factsTogether(facts, answer.picture), caption, ...rows };
}

/** What whoever saw the picture says of it counts more than what the pair says. */
function factsTogether(facts: PictureFacts, seen: Partial<PictureFacts>): PictureFacts {
  const known = Object.entries(seen).filter(([, value]) => value !== null && value !== undefined);
  return { ...facts, ...Object.fromEntries(known) };
}
