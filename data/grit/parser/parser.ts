/** Parses sentences whose words are given: tags, heads, relations and lemmas by name. */

import { readJson } from '../../../engine/runtime/json.ts';
import { openSafetensorsFile, toFloat32 } from '../../../engine/safetensors.ts';
import { type ParserConfig, parseParserConfig } from './config.ts';
import { lemmaOf } from './lemmas.ts';
import { ParserNetwork, type ParserWeights } from './network.ts';
import { encodeSentence } from './sentence.ts';
import { parseVocabulary, Vocabulary } from './vocabulary.ts';

/** Columns of one sentence's parse, word by word. */
export interface ParsedSentence {
  readonly forms: readonly string[];
  readonly lemmas: readonly string[];
  readonly upos: readonly string[];
  /** Tags of the Penn Treebank. */
  readonly xpos: readonly string[];
  /** Within the sentence, from 0; −1 for the root. */
  readonly heads: readonly number[];
  readonly relations: readonly string[];
}

/** Files of a folder of weights. */
export const PARSER_FILES = {
  config: 'config.json',
  vocabulary: 'vocabulary.json',
  weights: 'model.safetensors',
} as const;

/** Words that go through the network together: enough to use every weight often, few enough to stay in caches. */
const WORDS_AT_A_TIME = 512;

export class Parser {
  readonly #vocabulary: Vocabulary;
  readonly #network: ParserNetwork;

  constructor(config: ParserConfig, vocabulary: Vocabulary, weights: ParserWeights) {
    this.#vocabulary = vocabulary;
    this.#network = new ParserNetwork(config, vocabulary, weights);
  }

  /**
   * Reads a folder that `train-parser` wrote.
   * @throws Error that names the file that is missing or does not fit
   */
  static async load(folder: string): Promise<Parser> {
    const path = (file: string) => `${folder}/${file}`;
    const config = parseParserConfig(await readJson(path(PARSER_FILES.config)), path(PARSER_FILES.config));
    const file = path(PARSER_FILES.vocabulary);
    const vocabulary = new Vocabulary(parseVocabulary(await readJson(file), file));
    return new Parser(config, vocabulary, await readWeights(path(PARSER_FILES.weights)));
  }

  /** Sentences of any length, in their order; of an empty one the parse is empty. */
  parse(sentences: readonly (readonly string[])[]): ParsedSentence[] {
    const parses: ParsedSentence[] = [];
    for (let first = 0; first < sentences.length; ) {
      let [end, words] = [first, 0];
      while (end < sentences.length && (end === first || words + sentences[end]!.length <= WORDS_AT_A_TIME)) {
        words += sentences[end]!.length;
        end++;
      }
      parses.push(...this.#parseTogether(sentences.slice(first, end)));
      first = end;
    }
    return parses;
  }

  #parseTogether(sentences: readonly (readonly string[])[]): ParsedSentence[] {
    const { upos, xpos, relations, lemmas } = this.#vocabulary.file;
    const parses = this.#network.parse(sentences.map((forms) => encodeSentence(this.#vocabulary, forms)));
    return parses.map((parse, i) => {
      const forms = sentences[i]!;
      const tags = Array.from(parse.upos, (id) => upos[id]!);
      return {
        forms,
        lemmas: forms.map((form, word) => lemmaOf(lemmas, form, tags[word]!)),
        upos: tags,
        xpos: Array.from(parse.xpos, (id) => xpos[id]!),
        heads: [...parse.heads],
        relations: Array.from(parse.relations, (id) => relations[id]!),
      };
    });
  }
}

async function readWeights(path: string): Promise<ParserWeights> {
  const file = await openSafetensorsFile(path);
  try {
    const weights: Record<string, Float32Array> = {};
    for (const [name, { dtype }] of file.tensors) weights[name] = toFloat32(await file.read(name), dtype);
    return weights;
  } finally {
    await file.close();
  }
}
