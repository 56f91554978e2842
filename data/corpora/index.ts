/** Training data: corpora as streams of examples, their mixing, how records become sequences, and sequences rows. */
export { captionSequence, groundedSequence } from './caption-sequence.ts';
export { type CollatedRows, type CollateOptions, collate, IGNORED } from './collate.ts';
export { CORPUS_KINDS, type CorpusConfig, type CorpusKind, checkCorpusConfig } from './config.ts';
export { openCorpus } from './corpus.ts';
export type { ExampleStream, ProblemCount, TrainingExample, TrainingSequence } from './example.ts';
export {
  type GroundedInstructionOptions,
  groundingSequence,
  REFERRING_TEMPLATES,
  referringSequence,
} from './grounded-instruction.ts';
export { instructionSequence, type Turn } from './instruction-sequence.ts';
export { type DocumentPiece, type InterleavedSequence, interleavedSequence } from './interleaved-sequence.ts';
export { type MicroBatch, type Mixture, type MixtureSource, type MixtureState, openMixture } from './mixture.ts';
export { documentLines, LinePacker, packDocuments } from './packing.ts';
export { PicturePool } from './picture-pool.ts';
export { type BoxView, boxView, groupRegions, type Region, type RegionGroup, seenRegions } from './regions.ts';
export type { CorpusState } from './state.ts';
export type { CorpusContext } from './steps.ts';
export type { SequenceContext } from './tags.ts';
