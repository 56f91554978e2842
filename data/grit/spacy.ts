/** Dependency parses in spaCy's JSON: what `Doc.to_json()` gives (spacy.io/api/doc#to_json). */
import { type ParsedCaption, ParseError, type Token } from './parse.ts';
import { schemeOf } from './schemes.ts';
import { CodePoints } from './spans.ts';

/**
 * A caption from one document. spaCy's documents have no name: `id` or `key` of the object or of its extensions (`_`) is taken
 * where somebody put one there.
 *
 * @param otherwise the name of a document that has none
 * @throws ParseError what is wrong
 */
export function readSpacyDocument(json: unknown, otherwise: string): ParsedCaption {
  if (!isObject(json)) throw new ParseError('it is no object, as spaCy writes a document');
  const { text: caption, tokens: rows } = json;
  if (typeof caption !== 'string') throw new ParseError('it has no "text"');
  if (!Array.isArray(rows)) throw new ParseError('it has no "tokens"');
  const characters = new CodePoints(caption);
  const tokens = rows.map((row, index) => readToken(row, index, characters));
  const relations = tokens.map(({ relation }) => relation);
  return { id: nameOf(json) ?? otherwise, caption, tokens, scheme: schemeOf(relations, 'clear') };
}

function readToken(row: unknown, index: number, caption: CodePoints): Token {
  const complain = (what: string) => new ParseError(`token ${index} ${what}`);
  if (!isObject(row)) throw complain('is no object');
  const { start, end, pos, lemma, dep, head } = row;
  if (!isIndex(start) || !isIndex(end) || start >= end || end > caption.length) {
    throw complain('has no "start" and "end" in the text');
  }
  if (typeof dep !== 'string' || dep === '' || !isIndex(head)) {
    throw complain('has no "dep" and "head": the text was not parsed');
  }
  if (typeof pos !== 'string' || pos === '') throw complain('has no "pos": the text was not tagged');
  const form = caption.slice({ start, end });
  return {
    form,
    lemma: typeof lemma === 'string' && lemma !== '' ? lemma : form.toLowerCase(),
    upos: pos,
    relation: dep,
    head: head === index ? -1 : head,
    start,
    end,
  };
}

function nameOf(json: Record<string, unknown>): string | null {
  const extensions = isObject(json._) ? json._ : {};
  for (const name of [json.id, json.key, extensions.id, extensions.key]) {
    if (typeof name === 'string' || typeof name === 'number') return String(name);
  }
  return null;
}

function isIndex(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
