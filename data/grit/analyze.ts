/** What a parsed caption speaks of: its noun chunks, their referring expressions, and which of these are kept. */
import { type AbstractNouns, type Removal, removalOf, shippedAbstractNouns } from './abstract-nouns.ts';
import { type Growth, referringExpression } from './expressions.ts';
import { nounChunks } from './noun-chunks.ts';
import { dependencyTree, type ParsedCaption } from './parse.ts';
import { CodePoints, maximalSpans, type Span } from './spans.ts';

export interface NounChunk extends Span {
  text: string;
  /** The noun. */
  head: string;
  /** In lower case. */
  headLemma: string;
  /** Why the chunk is dropped; null where it stays. */
  removed: Removal | null;
}

export interface Expression extends Span {
  text: string;
  /** Index of its noun chunk. */
  chunk: number;
  how: Growth;
}

export interface CaptionAnalysis {
  id: string;
  caption: string;
  nounChunks: NounChunk[];
  /** One for every chunk that stays. */
  expressions: Expression[];
  /** The expressions that no other one contains. */
  kept: Expression[];
}

export interface AnalysisOptions {
  /** Default: the shipped list. */
  abstractNouns?: AbstractNouns;
  /** Whether chunks headed by a pronoun stay; default false. */
  keepPronouns?: boolean;
}

/** Makes an analysis of captions, all by the same rules. The function throws ParseError where a parse is no tree. */
export function captionAnalyzer(options: AnalysisOptions = {}): (parsed: ParsedCaption) => CaptionAnalysis {
  const { abstractNouns = shippedAbstractNouns(), keepPronouns = false } = options;
  return (parsed) => {
    const { id, caption, tokens } = parsed;
    const tree = dependencyTree(tokens);
    const characters = new CodePoints(caption);
    const phrases = nounChunks(parsed, tree);
    const chunks = phrases.map((phrase): NounChunk => {
      const { form: head, lemma } = tokens[phrase.head]!;
      const removal = removalOf(phrase, tokens, abstractNouns);
      const removed = removal === 'pronoun' && keepPronouns ? null : removal;
      return {
        start: phrase.start,
        end: phrase.end,
        text: characters.slice(phrase),
        head,
        headLemma: lemma.toLowerCase(),
        removed,
      };
    });
    const expressions = phrases.flatMap((phrase, chunk): Expression[] => {
      if (chunks[chunk]!.removed) return [];
      const { start, end, how } = referringExpression(phrase, parsed, tree);
      return [{ chunk, start, end, text: characters.slice({ start, end }), how }];
    });
    return { id, caption, nounChunks: chunks, expressions, kept: maximalSpans(expressions) };
  };
}
