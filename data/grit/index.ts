/** GRIT: grounded pairs of pictures and texts, made from captions (KOSMOS-2, section 2). */
export { type AbstractNouns, type Removal, readAbstractNouns, shippedAbstractNouns } from './abstract-nouns.ts';
export {
  type AnalysisOptions,
  type CaptionAnalysis,
  captionAnalyzer,
  type Expression,
  type NounChunk,
} from './analyze.ts';
export { openDetections } from './detections.ts';
export type { Growth } from './expressions.ts';
export type { GroundedPicture, Grounder, GroundingRequest, Phrase } from './grounder.ts';
export { gritParquet } from './parquet.ts';
export { type ParsedCaption, ParseError, type Token } from './parse.ts';
export { readParses } from './parse-file.ts';
export { type PipelineOptions, type PipelineResult, runPipeline } from './pipeline.ts';
export { type ProblemCount, type ProblemKind, Problems } from './problems.ts';
export { gritJsonLine, readGritFiles } from './record-files.ts';
export {
  type Detection,
  type GritRecord,
  type GritRow,
  type GroundedRows,
  groundedRows,
  maximalRows,
  type PictureFacts,
} from './records.ts';
export type { SchemeName } from './schemes.ts';
export { DEFAULT_SHARD_SIZE, ShardWriter } from './shards.ts';
export { printable, type ShowOptions, showCaption, showRecord, showSummary } from './show.ts';
export { maximalSpans, type Span } from './spans.ts';
export { type CorpusFigures, type GritSummary, SummaryCounter } from './summary.ts';
export {
  DEFAULT_IOU_THRESHOLD,
  DEFAULT_SCORE_THRESHOLD,
  keptBoxes,
  type ScoredBox,
  suppressNonMaxima,
  type Thresholds,
} from './suppression.ts';
