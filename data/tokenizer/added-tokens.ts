/**
 * Added tokens: strings such as `</s>` or `<phrase>` that are found in the text before anything else is done to it.
 *
 * At each place the longest one wins. `lstrip` and `rstrip` swallow the white space before and after a token. Tokens with
 * `normalized: true` are looked for once more in the normalised text, as the `tokenizers` library does.
 */
import { isWhiteSpace } from '../white-space.ts';
import { arrayAt, idAt, type JsonObject, objectAt, refuse, stringAt } from './fields.ts';

export interface AddedToken {
  readonly id: number;
  readonly content: string;
  readonly lstrip: boolean;
  readonly rstrip: boolean;
  readonly normalized: boolean;
  readonly special: boolean;
}

/** A stretch of text between added tokens, or the id of an added token. */
export type Segment = string | number;

/**
 * The added tokens of a `tokenizer.json`, and those that only `tokenizer_config.json` (`added_tokens_decoder`) lists.
 *
 * @throws Error for `single_word`, for broken entries, and when one string or id is given twice in different ways
 */
export function readAddedTokens(tokenizer: JsonObject, config: JsonObject): AddedToken[] {
  const tokens = arrayAt(tokenizer.added_tokens ?? [], 'added_tokens').map((entry, index) =>
    readAddedToken(entry, `added_tokens[${index}]`),
  );
  const known = new Set(tokens.map((token) => token.content));
  const decoder = objectAt(config.added_tokens_decoder ?? {}, 'tokenizer_config.json added_tokens_decoder');
  for (const [id, entry] of Object.entries(decoder)) {
    const where = `tokenizer_config.json added_tokens_decoder["${id}"]`;
    const token = readAddedToken({ ...objectAt(entry, where), id: Number(id) }, where);
    if (!known.has(token.content)) tokens.push(token);
  }
  refuseDuplicates(tokens);
  return tokens;
}

function readAddedToken(entry: unknown, where: string): AddedToken {
  const fields = objectAt(entry, where);
  const content = stringAt(fields.content, `${where}.content`);
  if (content === '') refuse(where, 'an added token must not be empty');
  if (fields.single_word === true) refuse(where, `"${content}" has single_word, which is not supported`);
  return {
    id: idAt(fields.id, `${where}.id`),
    content,
    lstrip: fields.lstrip === true,
    rstrip: fields.rstrip === true,
    normalized: fields.normalized === true,
    special: fields.special === true,
  };
}

function refuseDuplicates(tokens: readonly AddedToken[]): void {
  const byId = new Map<number, string>();
  const byContent = new Map<string, number>();
  for (const { id, content } of tokens) {
    const sameId = byId.get(id);
    const sameContent = byContent.get(content);
    if (sameId !== undefined) refuse('added_tokens', `id ${id} belongs to "${sameId}" and to "${content}"`);
    if (sameContent !== undefined) refuse('added_tokens', `"${content}" has the ids ${sameContent} and ${id}`);
    byId.set(id, content);
    byContent.set(content, id);
  }
}

/** Finds the occurrences of a fixed set of added tokens. */
export class AddedTokenSplitter {
  readonly #tokens: ReadonlyMap<string, AddedToken>;
  /** For each first UTF-16 unit, the lengths of the tokens that start with it, longest first. */
  readonly #lengths: ReadonlyMap<number, readonly number[]>;

  constructor(tokens: readonly AddedToken[]) {
    this.#tokens = new Map(tokens.map((token) => [token.content, token]));
    const lengths = new Map<number, Set<number>>();
    for (const { content } of tokens) {
      const first = content.charCodeAt(0);
      const ofFirst = lengths.get(first) ?? new Set();
      lengths.set(first, ofFirst.add(content.length));
    }
    this.#lengths = new Map([...lengths].map(([first, set]) => [first, [...set].sort((a, b) => b - a)]));
  }

  /** The text cut at its added tokens; empty stretches are left out. */
  split(text: string): Segment[] {
    const segments: Segment[] = [];
    let from = 0;
    let at = 0;
    while (at < text.length) {
      const token = this.#tokenAt(text, at);
      if (!token) {
        at++;
        continue;
      }
      const end = token.lstrip ? beforeWhiteSpace(text, from, at) : at;
      if (end > from) segments.push(text.slice(from, end));
      segments.push(token.id);
      at += token.content.length;
      if (token.rstrip) at = afterWhiteSpace(text, at);
      from = at;
    }
    if (from < text.length) segments.push(text.slice(from));
    return segments;
  }

  #tokenAt(text: string, at: number): AddedToken | undefined {
    for (const length of this.#lengths.get(text.charCodeAt(at)) ?? []) {
      const token = this.#tokens.get(text.slice(at, at + length));
      if (token) return token;
    }
    return undefined;
  }
}

function beforeWhiteSpace(text: string, from: number, end: number): number {
  while (end > from && isWhiteSpace(text.charCodeAt(end - 1))) end--;
  return end;
}

function afterWhiteSpace(text: string, start: number): number {
  while (start < text.length && isWhiteSpace(text.charCodeAt(start))) start++;
  return start;
}
