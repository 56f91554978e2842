/** Boxes, location tokens and text: into prompts, out of generations, and as Markdown. */
export { type BoxReference, insertBoxes, type PhraseBoxes, type TextBoxes } from './grounding/insert.ts';
export { intersectionOverUnion } from './grounding/iou.ts';
export { LiteralText } from './grounding/literal.ts';
export { type MarkedPrompt, markPhrases, type PhraseBox } from './grounding/mark-phrases.ts';
export { toMarkdown } from './grounding/markdown.ts';
export {
  type Entity,
  type GroundedText,
  type PostProcessOptions,
  postProcessGeneration,
} from './grounding/parse.ts';
export {
  type Box,
  boxToPatches,
  boxToTrainingPatches,
  DEFAULT_GRID_SIZE,
  type PatchPair,
  patchesToBox,
  patchToken,
} from './grounding/patches.ts';
export { TagStripper } from './grounding/stream.ts';
