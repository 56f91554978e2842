/** Dependency parses in CoNLL-U, the format of the Universal Dependencies (universaldependencies.org/format.html). */
import type { Line } from './lines.ts';
import { type ParsedCaption, ParseError, type Token } from './parse.ts';
import type { ProblemSink } from './problems.ts';
import { schemeOf } from './schemes.ts';
import { CodePoints } from './spans.ts';

/** Words of one caption that are held; more is no caption. */
const MOST_WORDS = 20_000;
const COLUMNS = 10;

/** The surface that a range of words (`1-2  don't`) shares. */
interface Surface {
  first: number;
  last: number;
  form: string;
  misc: string;
}

interface Word {
  form: string;
  lemma: string;
  upos: string;
  relation: string;
  /** Within the sentence, from 1; 0 for the root. */
  head: number;
  misc: string;
}

interface Sentence {
  words: Word[];
  surfaces: Surface[];
  text: string | null;
  firstLine: number;
}

interface Document {
  id: string | null;
  caption: string | null;
  sentences: Sentence[];
  /** The first thing that was wrong; the rest of the document is passed over. */
  fault: string | null;
  firstLine: number;
}

/**
 * Captions of a CoNLL-U file. `# newdoc id = …` begins a caption, which may have several sentences; in a file without such lines every
 * sentence is one, named by its `sent_id`. The caption's text is in `# caption`, or is made of the sentences' `# text`. Offsets
 * come from MISC (`start_char=…|end_char=…`, `TokenRange=…:…`) or else from finding the forms in the text one after another.
 *
 * @param problems is told of captions whose parse cannot be used
 */
export async function* readConllu(lines: AsyncIterable<Line>, problems: ProblemSink): AsyncGenerator<ParsedCaption> {
  const reader = new ConlluReader(problems);
  for await (const line of lines) yield* reader.line(line);
  yield* reader.end();
}

class ConlluReader {
  readonly #problems: ProblemSink;
  #document: Document | null = null;
  #sentence: Sentence | null = null;
  #hasDocuments = false;
  #words = 0;
  #count = 0;

  constructor(problems: ProblemSink) {
    this.#problems = problems;
  }

  *line({ text, number, isTooLong }: Line): Generator<ParsedCaption> {
    if (isTooLong) {
      this.#open(number).fault ??= `line ${number} is too long`;
    } else if (text.trim() === '') {
      this.#sentence = null;
      if (!this.#hasDocuments) yield* this.end();
    } else if (text.startsWith('#')) {
      yield* this.#comment(text, number);
    } else {
      this.#row(text, number);
    }
  }

  /** The caption that is not finished yet. */
  *end(): Generator<ParsedCaption> {
    const document = this.#document;
    this.#document = null;
    this.#sentence = null;
    this.#words = 0;
    if (document === null) return;
    const id = document.id ?? String(this.#count);
    this.#count++;
    try {
      yield parsedCaption(id, document);
    } catch (error) {
      if (!(error instanceof ParseError)) throw error;
      this.#problems.add('parse-malformed', `${id} (line ${document.firstLine}): ${error.message}`);
    }
  }

  *#comment(text: string, number: number): Generator<ParsedCaption> {
    const [, name, value] = /^#\s*([^=]*?)\s*(?:=\s*(.*?)\s*)?$/.exec(text)!;
    if (name === 'newdoc' || name === 'newdoc id') {
      yield* this.end();
      this.#hasDocuments = true;
      this.#open(number).id = value ?? null;
    } else if (name === 'caption') {
      this.#open(number).caption = value ?? '';
    } else if (name === 'text') {
      this.#openSentence(number).text = value ?? '';
    } else if (name === 'sent_id' && !this.#hasDocuments) {
      this.#open(number).id = value ?? null;
    }
  }

  #row(text: string, number: number): void {
    const document = this.#open(number);
    const sentence = this.#openSentence(number);
    if (document.fault !== null) return;
    const columns = text.split('\t');
    if (columns.length !== COLUMNS) {
      document.fault = `line ${number} has ${columns.length} columns separated by tabs, not ${COLUMNS}`;
      return;
    }
    const [id, form, lemma, upos, , , head, relation, , misc] = columns as [string, ...string[]] & string[];
    const range = /^(\d+)-(\d+)$/.exec(id);
    if (range) {
      sentence.surfaces.push({ first: Number(range[1]), last: Number(range[2]), form: form!, misc: misc! });
      return;
    }
    // Empty nodes (8.1) belong to the enhanced graph alone.
    if (/^\d+\.\d+$/.test(id)) return;
    if (Number(id) !== sentence.words.length + 1) {
      document.fault = `line ${number} has word ${id} where ${sentence.words.length + 1} is expected`;
    } else if (!/^\d+$/.test(head!)) {
      document.fault = `line ${number} has no head`;
    } else if (++this.#words > MOST_WORDS) {
      document.fault = `it has more than ${MOST_WORDS} words`;
    } else {
      const lemmaOrForm = lemma === '_' && form !== '_' ? form!.toLowerCase() : lemma!;
      const word = {
        form: form!,
        lemma: lemmaOrForm,
        upos: upos!,
        relation: relation!,
        head: Number(head),
        misc: misc!,
      };
      sentence.words.push(word);
    }
    // What is wrong will not be looked at again, so there is no need to hold it.
    if (document.fault !== null) document.sentences = [];
  }

  #open(firstLine: number): Document {
    this.#document ??= { id: null, caption: null, sentences: [], fault: null, firstLine };
    return this.#document;
  }

  #openSentence(firstLine: number): Sentence {
    const document = this.#open(firstLine);
    if (this.#sentence === null) {
      this.#sentence = { words: [], surfaces: [], text: null, firstLine };
      document.sentences.push(this.#sentence);
    }
    return this.#sentence;
  }
}

function parsedCaption(id: string, document: Document): ParsedCaption {
  if (document.fault !== null) throw new ParseError(document.fault);
  const caption = document.caption ?? document.sentences.map(sentenceText).join(' ');
  const positions = new Positions(caption);
  const tokens: Token[] = [];
  for (const { words, surfaces, firstLine } of document.sentences) {
    const base = tokens.length;
    const spans = positions.ofSentence(words, surfaces);
    for (const [index, { form, lemma, upos, relation, head }] of words.entries()) {
      if (head > words.length) {
        throw new ParseError(
          `word ${index + 1} (${form}) of the sentence at line ${firstLine} has its head outside it`,
        );
      }
      tokens.push({ form, lemma, upos, relation, head: head === 0 ? -1 : base + head - 1, ...spans[index]! });
    }
  }
  const relations = tokens.map(({ relation }) => relation);
  return { id, caption, tokens, scheme: schemeOf(relations, 'ud') };
}

/** Where the words of a caption are. */
class Positions {
  readonly #text: string;
  readonly #characters: CodePoints;
  /** Where the search for the next form begins, in UTF-16 units and in code points. */
  #at = 0;
  #index = 0;

  constructor(text: string) {
    this.#text = text;
    this.#characters = new CodePoints(text);
  }

  ofSentence(words: readonly Word[], surfaces: readonly Surface[]): { start: number; end: number }[] {
    const spans: { start: number; end: number }[] = [];
    const surfaceAt = new Map(surfaces.map((surface) => [surface.first - 1, surface]));
    while (spans.length < words.length) {
      const surface = surfaceAt.get(spans.length);
      if (surface === undefined || surface.last < surface.first) {
        const { form, misc } = words[spans.length]!;
        spans.push(this.#of(form, misc));
      } else {
        spans.push(...this.#ofShared(surface, words.slice(surface.first - 1, surface.last)));
      }
    }
    return spans;
  }

  /** Words that were written as one: each has its part where the parts make the whole ("do" + "n't"), else all of it. */
  #ofShared(surface: Surface, words: readonly Word[]): { start: number; end: number }[] {
    const whole = this.#of(surface.form, surface.misc);
    const isMadeOfParts = words.map(({ form }) => form).join('') === surface.form;
    let start = whole.start;
    return words.map(({ form }) => {
      if (!isMadeOfParts) return { ...whole };
      const part = { start, end: start + [...form].length };
      start = part.end;
      return part;
    });
  }

  #of(form: string, misc: string): { start: number; end: number } {
    const span = offsetsIn(misc) ?? this.#find(form);
    if (span.start >= span.end || span.end > this.#characters.length) {
      throw new ParseError(`the offsets ${span.start}–${span.end} of "${form}" are not in the caption`);
    }
    return span;
  }

  #find(form: string): { start: number; end: number } {
    const found = this.#text.indexOf(form, this.#at);
    if (found === -1 || form === '') throw new ParseError(`"${form}" is not in the caption behind the words before it`);
    const start = this.#index + [...this.#text.slice(this.#at, found)].length;
    const end = start + [...form].length;
    this.#at = found + form.length;
    this.#index = end;
    return { start, end };
  }
}

function offsetsIn(misc: string): { start: number; end: number } | null {
  const range = /(?:^|\|)TokenRange=(\d+):(\d+)(?:\||$)/.exec(misc);
  if (range) return { start: Number(range[1]), end: Number(range[2]) };
  const start = /(?:^|\|)start_char=(\d+)(?:\||$)/.exec(misc);
  const end = /(?:^|\|)end_char=(\d+)(?:\||$)/.exec(misc);
  return start && end ? { start: Number(start[1]), end: Number(end[1]) } : null;
}

/** `# text`, or the forms with a space between them unless MISC denies it. */
function sentenceText({ text, words, surfaces }: Sentence): string {
  if (text !== null) return text;
  const shared = new Map(surfaces.map((surface) => [surface.first, surface]));
  let made = '';
  for (let number = 1; number <= words.length; ) {
    const surface = shared.get(number);
    const { form, misc } = surface ?? words[number - 1]!;
    made += /(?:^|\|)SpaceAfter=No(?:\||$)/.test(misc) ? form : `${form} `;
    number = surface ? Math.max(surface.last, number) + 1 : number + 1;
  }
  return made.trimEnd();
}
