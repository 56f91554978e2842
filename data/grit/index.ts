/** GRIT: grounded pairs of pictures and texts, made from captions (KOSMOS-2, section 2). */
export { type AbstractNouns, type Removal, readAbstractNouns, shippedAbstractNouns } from './abstract-nouns.ts';
export {
  type AnalysisOptions,
  type CaptionAnalysis,
  captionAnalyzer,
  type Expression,
  type NounChunk,
} from './analyze.ts';
export { type Analyzer, type CaptionParser, parsedAnalyzer } from './analyzer.ts';
export { openDetections } from './detections.ts';
export type { Growth } from './expressions.ts';
export type { GroundedPicture, Grounder, GroundingRequest, Phrase } from './grounder.ts';
export {
  type FoundBox,
  ModelGrounder,
  type ModelGrounderOptions,
  type PhraseModel,
  type PhraseQuestion,
} from './grounders/model-grounder.ts';
export { openZeroShot, type Transformers, type ZeroShotOptions } from './grounders/zero-shot.ts';
export { openCaptionLines } from './pairs/caption-lines.ts';
export type { CaptionPair } from './pairs/pair.ts';
export { openPairFiles, type PairFilesOptions } from './pairs/pair-files.ts';
export { openParsedPairs, type ParsedPairsOptions } from './pairs/parsed.ts';
export { openShapesPairs, type ShapesPairsOptions, shapesTruth } from './pairs/shapes.ts';
export type { PairItem, PairSource } from './pairs/source.ts';
export { type ShardChoice, WHOLE } from './pairs/units.ts';
export { gritParquet } from './parquet.ts';
export { type ParsedCaption, ParseError, type Token } from './parse.ts';
export { readParses } from './parse-file.ts';
export { openParserAnalyzer, type ParserAnalyzerOptions } from './parser-analyzer.ts';
export { type BatchResult, type PipelineOptions, type PipelineResult, runPipeline } from './pipeline.ts';
export { type ProblemCount, type ProblemKind, type ProblemSink, Problems } from './problems.ts';
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
export { STAGES, type Stage, StageClock, type StageFigures, type StageTable } from './run/clock.ts';
export { type MergedShards, mergedShards } from './run/merge.ts';
export { type RunOptions, type RunOutcome, type RunProgress, type RunSummary, runGrit } from './run/run.ts';
export type { Sample } from './run/samples.ts';
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
