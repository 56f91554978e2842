/** Training data: what examples are, how records become sequences, and sequences rows. */
export { captionSequence, groundedSequence } from './caption-sequence.ts';
export { type CollatedRows, type CollateOptions, collate, IGNORED } from './collate.ts';
export type { ExampleStream, ProblemCount, TrainingExample, TrainingSequence } from './example.ts';
export {
  type GroundedInstructionOptions,
  groundingSequence,
  REFERRING_TEMPLATES,
  referringSequence,
} from './grounded-instruction.ts';
export { instructionSequence, type Turn } from './instruction-sequence.ts';
export { type DocumentPiece, type InterleavedSequence, interleavedSequence } from './interleaved-sequence.ts';
export { documentLines, LinePacker, packDocuments } from './packing.ts';
export { type BoxView, boxView, groupRegions, type Region, type RegionGroup, seenRegions } from './regions.ts';
export type { SequenceContext } from './tags.ts';
