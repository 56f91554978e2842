/** The stages one after another: captions with parses in, records out (paper, section 2). */
import { type AnalysisOptions, type CaptionAnalysis, captionAnalyzer } from './analyze.ts';
import { captionFault, hasEmoji } from './captions.ts';
import type { GroundedPicture, Grounder, GroundingRequest } from './grounder.ts';
import { type ParsedCaption, ParseError } from './parse.ts';
import type { Problems } from './problems.ts';
import { type GritRecord, groundedRows } from './records.ts';
import type { SummaryCounter } from './summary.ts';
import type { Thresholds } from './suppression.ts';

/** Captions that a grounder is asked for at a time. */
const BATCH = 32;

export interface PipelineOptions extends AnalysisOptions {
  /** Without one the captions are analysed and nothing else. */
  grounder?: Grounder | null;
  thresholds?: Thresholds;
  problems: Problems;
  counter: SummaryCounter;
}

export interface PipelineResult {
  analysis: CaptionAnalysis;
  /** Null where no box was left or nothing looked for one. */
  record: GritRecord | null;
}

/** One result for every caption that can be used, in the order of the input; at most one batch is held. */
export async function* runPipeline(
  parses: AsyncIterable<ParsedCaption>,
  options: PipelineOptions,
): AsyncGenerator<PipelineResult> {
  const { grounder = null, problems, counter } = options;
  const analyze = captionAnalyzer(options);
  let batch: CaptionAnalysis[] = [];
  for await (const parsed of parses) {
    const analysis = usableAnalysis(parsed, analyze, problems);
    if (analysis === null) continue;
    counter.addCaption(analysis);
    if (grounder === null) {
      yield { analysis, record: null };
      continue;
    }
    batch.push(analysis);
    if (batch.length < BATCH) continue;
    yield* groundBatch(batch, grounder, options);
    batch = [];
  }
  if (grounder !== null && batch.length > 0) yield* groundBatch(batch, grounder, options);
}

function usableAnalysis(
  parsed: ParsedCaption,
  analyze: (parsed: ParsedCaption) => CaptionAnalysis,
  problems: Problems,
): CaptionAnalysis | null {
  const fault = captionFault(parsed.caption);
  if (fault !== null) {
    problems.add(fault, parsed.id);
    return null;
  }
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

async function* groundBatch(
  analyses: readonly CaptionAnalysis[],
  grounder: Grounder,
  options: PipelineOptions,
): AsyncGenerator<PipelineResult> {
  const answers = await grounder.ground(analyses.map(requestFor));
  for (const [index, analysis] of analyses.entries()) {
    const record = recordOf(analysis, answers[index] ?? null, options);
    if (record === null) options.counter.addWithoutBoxes();
    else options.counter.addRecord(record);
    yield { analysis, record };
  }
}

function requestFor({ id, caption, nounChunks, expressions }: CaptionAnalysis): GroundingRequest {
  const phrases = expressions.map(({ chunk }) => {
    const { start, end, text } = nounChunks[chunk]!;
    return { chunk, start, end, text };
  });
  return { id, caption, phrases, chunkCount: nounChunks.length };
}

function recordOf(
  analysis: CaptionAnalysis,
  answer: GroundedPicture | null,
  { thresholds, problems }: PipelineOptions,
): GritRecord | null {
  if (answer === null) {
    problems.add('image-missing', analysis.id);
    return null;
  }
  const rows = groundedRows(analysis, answer.detections, thresholds);
  return rows && { ...answer.picture, caption: analysis.caption, ...rows };
}
