/** Tagger and dependency parser of English: captions in, parses for the pipeline out. */
export { type Caption, parseCaptions } from './captions.ts';
export { type ParsedSentence, Parser } from './parser.ts';
export { ParserPool } from './pool.ts';
export { loadShippedParser, shippedParserFolder } from './shipped.ts';
export { splitSentences } from './split-sentences.ts';
export { splitWords, type TextWord } from './split-words.ts';
