/** Base noun phrases of a parsed caption: the first thing the pipeline looks for (paper, section 2, step 1). */
import type { DependencyTree, ParsedCaption, Token } from './parse.ts';
import { SCHEMES, type Scheme } from './schemes.ts';
import type { Span } from './spans.ts';

/** A noun with what stands before it and belongs to it. */
export interface BaseNounPhrase extends Span {
  /** Index of its first token. */
  first: number;
  /** Index of its last token, the noun itself. */
  head: number;
}

const NOMINAL = new Set(['NOUN', 'PROPN', 'PRON']);

/**
 * Noun chunks from left to right. A noun, name or pronoun heads a chunk when its relation is one of those that a phrase takes in a
 * sentence; the chunk runs from the leftmost word of its left dependents to the noun. A chunk that would begin inside the one
 * before is skipped. This is spaCy's rule for English, for both families of labels.
 */
export function nounChunks({ tokens, scheme: name }: ParsedCaption, tree: DependencyTree): BaseNounPhrase[] {
  const scheme = SCHEMES[name];
  const chunks: BaseNounPhrase[] = [];
  let lastHead = -1;
  for (const [head, token] of tokens.entries()) {
    if (!NOMINAL.has(token.upos)) continue;
    const first = firstOfChunk(head, tokens, tree, scheme);
    if (first <= lastHead || !scheme.headsChunk(relationOfFirstConjunct(head, tokens, scheme))) continue;
    chunks.push({ first, head, start: tokens[first]!.start, end: token.end });
    lastHead = head;
  }
  return chunks;
}

export function hasCopula(head: number, tokens: readonly Token[], tree: DependencyTree, scheme: Scheme): boolean {
  const isCopula = (index: number) => tokens[index]!.relation === scheme.copula;
  return scheme.copula !== null && (tree.left[head]!.some(isCopula) || tree.right[head]!.some(isCopula));
}

function firstOfChunk(head: number, tokens: readonly Token[], tree: DependencyTree, scheme: Scheme): number {
  const copula = hasCopula(head, tokens, tree, scheme);
  let first = head;
  for (const dependent of tree.left[head]!) {
    if (scheme.isInChunk(tokens[dependent]!.relation, copula)) first = Math.min(first, tree.leftEdge[dependent]!);
  }
  return first;
}

/** "apples and pears": what "pears" is in the sentence is what "apples" is. */
function relationOfFirstConjunct(index: number, tokens: readonly Token[], scheme: Scheme): string {
  let at = index;
  while (tokens[at]!.relation === scheme.conjunct && tokens[at]!.head !== -1) at = tokens[at]!.head;
  return tokens[at]!.relation;
}
