/** Raw captions to parses in the form that the pipeline takes. */
import type { ParsedCaption, Token } from '../parse.ts';
import { CodePoints } from '../spans.ts';
import type { ParsedSentence, Parser } from './parser.ts';
import { splitSentences } from './split-sentences.ts';
import { splitWords, type TextWord } from './split-words.ts';

export interface Caption {
  /** Names the caption and its picture. */
  readonly id: string;
  readonly caption: string;
}

/** Parses captions in their order. One without words has a parse without tokens. */
export function parseCaptions(parser: Parser, captions: readonly Caption[]): ParsedCaption[] {
  const sentences = captions.map(({ caption }) => splitSentences(caption, splitWords(caption)));
  const parses = parser.parse(sentences.flat().map((words) => words.map(({ form }) => form)));
  let next = 0;
  return captions.map(({ id, caption }, i) => {
    const own = parses.slice(next, next + sentences[i]!.length);
    next += own.length;
    return { id, caption, tokens: tokensOf(caption, sentences[i]!, own), scheme: 'ud' };
  });
}

function tokensOf(caption: string, sentences: readonly TextWord[][], parses: readonly ParsedSentence[]): Token[] {
  const tokens: Token[] = [];
  const index = codePointIndex(caption);
  for (const [i, words] of sentences.entries()) {
    const { lemmas, upos, heads, relations } = parses[i]!;
    const base = tokens.length;
    for (const [word, { form, at }] of words.entries()) {
      const head = heads[word]!;
      tokens.push({
        form,
        lemma: lemmas[word]!,
        upos: upos[word]!,
        relation: relations[word]!,
        head: head === -1 ? -1 : base + head,
        start: index(at),
        end: index(at + form.length),
      });
    }
  }
  return tokens;
}

/** From places in UTF-16 units, asked for in rising order, to code points. */
function codePointIndex(text: string): (at: number) => number {
  if (new CodePoints(text).length === text.length) return (at) => at;
  let [unit, point] = [0, 0];
  return (at) => {
    while (unit < at) {
      unit += text.codePointAt(unit)! > 0xffff ? 2 : 1;
      point++;
    }
    return point;
  };
}
