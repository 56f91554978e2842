/** What goes into the model and comes out of it: texts, boxes and pictures. */
export { type Caption, CaptionReader } from './caption.ts';
export * from './corpora/index.ts';
export { loadPreprocessor, loadTokenizer } from './files.ts';
export * from './grounding.ts';
export * from './image/index.ts';
export {
  type Padding,
  type ProcessedText,
  type ProcessOptions,
  Processor,
  type ProcessorOptions,
} from './processor.ts';
export * from './shapes/index.ts';
export { type DecodeTextOptions, type EncodeTextOptions, type StreamDecoder, Tokenizer } from './tokenizer.ts';
