/**
 * Text to token ids and back, from the files `tokenizer.json` and `tokenizer_config.json` of a model folder.
 *
 * Takes what KOSMOS-2 and its relatives use: a unigram vocabulary, SentencePiece's character map, white space split with
 * "▁" marks, added tokens, a template of special tokens. Any other component is refused by name.
 *
 * Results equal those of the `tokenizers` library but for two rare things: the character map takes the longest key
 * as SentencePiece does (see `tokenizer/charsmap.ts`), and a special token can only come from its own string in the
 * text, not from look-alikes that normalise to it (such as full-width `＜s＞`).
 */
import { type AddedToken, AddedTokenSplitter, readAddedTokens } from './tokenizer/added-tokens.ts';
import { buildTokenDecoder, cleanUpSpaces, StreamDecoder, type TokenDecoder } from './tokenizer/decoder.ts';
import { type JsonObject, objectAt } from './tokenizer/fields.ts';
import { buildNormalizer, type Normalizer } from './tokenizer/normalizer.ts';
import { buildPreTokenizer, type PreTokenizer } from './tokenizer/pre-tokenizer.ts';
import { readTemplate, type Template } from './tokenizer/template.ts';
import { Unigram } from './tokenizer/unigram.ts';

export type { StreamDecoder } from './tokenizer/decoder.ts';

export interface EncodeTextOptions {
  /** Put the template's special tokens around the ids (`<s> … </s>`). Default false. */
  addSpecialTokens?: boolean;
  /**
   * Read the text as nothing but text: `<phrase>`, `</s>` and the like, typed by somebody, become the ordinary tokens of
   * their characters. Default false, as in the reference, where they become the tags' ids.
   */
  literalTags?: boolean;
}

export interface DecodeTextOptions {
  /** Leave out `<s>`, `</s>`, `<pad>`, `<unk>`, `<mask>`; tags such as `<phrase>` stay. Default true. */
  skipSpecialTokens?: boolean;
  /** Remove spaces before punctuation. Default: what `tokenizer_config.json` says, else true. */
  cleanUpSpaces?: boolean;
}

export class Tokenizer {
  /** One more than the largest id. */
  readonly size: number;
  readonly bosId: number | null;
  readonly eosId: number | null;
  readonly padId: number | null;
  readonly unkId: number | null;

  readonly #model: Unigram;
  readonly #normalize: Normalizer;
  readonly #preTokenize: PreTokenizer;
  readonly #template: Template;
  readonly #decodeToken: TokenDecoder;
  readonly #cleanUpByDefault: boolean;
  readonly #rawSplitter: AddedTokenSplitter;
  readonly #normalizedSplitter: AddedTokenSplitter;
  readonly #tokens: readonly (string | undefined)[];
  readonly #ids: ReadonlyMap<string, number>;
  readonly #specialIds: ReadonlySet<number>;

  /**
   * @param tokenizerJson the parsed `tokenizer.json`
   * @param tokenizerConfig the parsed `tokenizer_config.json`: names of the special tokens, further added tokens
   * @throws Error naming the component or field that cannot be used
   */
  constructor(tokenizerJson: unknown, tokenizerConfig: unknown = {}) {
    const json = objectAt(tokenizerJson, 'the file');
    const config = objectAt(tokenizerConfig, 'tokenizer_config.json');
    const added = readAddedTokens(json, config);
    this.#model = new Unigram(json.model, new Set(added.map((token) => token.content)));
    this.#normalize = buildNormalizer(json.normalizer);
    this.#preTokenize = buildPreTokenizer(json.pre_tokenizer);
    this.#template = readTemplate(json.post_processor);
    this.#decodeToken = buildTokenDecoder(json.decoder);
    this.#cleanUpByDefault = config.clean_up_tokenization_spaces !== false;
    this.#rawSplitter = new AddedTokenSplitter(added.filter((token) => !token.normalized));
    this.#normalizedSplitter = new AddedTokenSplitter(
      added
        .filter((token) => token.normalized)
        .map((token) => ({ ...token, content: this.#normalize(token.content) }))
        .filter((token) => token.content !== ''),
    );
    this.#tokens = tokensById(this.#model, added);
    this.#ids = idsByToken(this.#model, added);
    this.#specialIds = new Set(added.filter((token) => token.special).map((token) => token.id));
    this.size = this.#tokens.length;
    this.bosId = this.#namedId(config, 'bos_token', '<s>');
    this.eosId = this.#namedId(config, 'eos_token', '</s>');
    this.padId = this.#namedId(config, 'pad_token', '<pad>');
    this.unkId = this.#model.unknownId ?? this.#namedId(config, 'unk_token', '<unk>');
  }

  /** Ids of a text. */
  encode(text: string, options: EncodeTextOptions = {}): number[] {
    if (typeof text !== 'string') throw new Error(`encode: a string is expected, not ${typeof text}`);
    const ids: number[] = options.addSpecialTokens ? [...this.#template.before] : [];
    const append = (segment: string) => {
      for (const piece of this.#preTokenize([segment])) {
        for (const id of this.#model.encode(piece)) ids.push(id);
      }
    };
    if (options.literalTags) {
      append(this.#normalize(text));
    } else {
      for (const segment of this.#rawSplitter.split(text)) {
        if (typeof segment === 'number') ids.push(segment);
        else this.#splitNormalized(segment, ids, append);
      }
    }
    if (options.addSpecialTokens) ids.push(...this.#template.after);
    return ids;
  }

  /**
   * Text of a sequence of ids.
   *
   * @throws Error for an id outside the vocabulary
   */
  decode(ids: Iterable<number>, options: DecodeTextOptions = {}): string {
    const skip = options.skipSpecialTokens ?? true;
    let text = '';
    let first = true;
    for (const id of ids) {
      const part = this.#textOf(id, first, skip);
      if (part === null) continue;
      text += part;
      first = false;
    }
    return (options.cleanUpSpaces ?? this.#cleanUpByDefault) ? cleanUpSpaces(text) : text;
  }

  /** A decoder that takes the ids one by one; its output, joined, equals that of `decode`. */
  createStreamDecoder(options: DecodeTextOptions = {}): StreamDecoder {
    const skip = options.skipSpecialTokens ?? true;
    return new StreamDecoder(
      (id, first) => this.#textOf(id, first, skip),
      options.cleanUpSpaces ?? this.#cleanUpByDefault,
    );
  }

  tokenToId(token: string): number | undefined {
    return this.#ids.get(token);
  }

  idToToken(id: number): string | undefined {
    return this.#tokens[id];
  }

  #splitNormalized(segment: string, ids: number[], append: (text: string) => void): void {
    for (const part of this.#normalizedSplitter.split(this.#normalize(segment))) {
      if (typeof part === 'number') ids.push(part);
      else append(part);
    }
  }

  #textOf(id: number, first: boolean, skipSpecialTokens: boolean): string | null {
    const token = this.#tokens[id];
    if (token === undefined) {
      throw new Error(`decode: id ${id} is not in the vocabulary of ${this.size} ids`);
    }
    return skipSpecialTokens && this.#specialIds.has(id) ? null : this.#decodeToken(token, first);
  }

  #namedId(config: JsonObject, field: string, fallback: string): number | null {
    const given = config[field];
    const token = typeof given === 'object' && given !== null ? (given as JsonObject).content : given;
    return this.#ids.get(typeof token === 'string' ? token : fallback) ?? null;
  }
}

function tokensById(model: Unigram, added: readonly AddedToken[]): (string | undefined)[] {
  const tokens: (string | undefined)[] = [...model.tokens];
  for (const { id, content } of added) tokens[id] = content;
  return tokens;
}

function idsByToken(model: Unigram, added: readonly AddedToken[]): Map<string, number> {
  const ids = new Map<string, number>();
  for (const [id, token] of model.tokens.entries()) ids.set(token, id);
  for (const { id, content } of added) ids.set(content, id);
  return ids;
}
