/** Noun chunks grown to referring expressions (paper, section 2, step 2). */
import { type BaseNounPhrase, hasCopula } from './noun-chunks.ts';
import type { DependencyTree, ParsedCaption, Token } from './parse.ts';
import { SCHEMES, type Scheme } from './schemes.ts';
import type { Span } from './spans.ts';

/** What became of a chunk: grown, nothing to grow by, or left alone because it is coordinated. */
export type Growth = 'expanded' | 'no-children' | 'conjunct';

export interface ReferringExpression extends Span {
  how: Growth;
}

/**
 * The referring expression of a chunk: the chunk and all words below its head's right dependents, "a dog" + "in a field of
 * flowers". A chunk whose head has a conjunct or is one stays as it is, since what follows may belong to either. Punctuation at
 * the end is cut.
 */
export function referringExpression(
  chunk: BaseNounPhrase,
  { tokens, scheme: name }: ParsedCaption,
  tree: DependencyTree,
): ReferringExpression {
  const scheme = SCHEMES[name];
  const { start, end, head } = chunk;
  if (isCoordinated(head, tokens, tree, scheme)) return { start, end, how: 'conjunct' };
  const last = lastOfExpression(head, tokens, tree, scheme);
  return last === head ? { start, end, how: 'no-children' } : { start, end: tokens[last]!.end, how: 'expanded' };
}

function isCoordinated(head: number, tokens: readonly Token[], tree: DependencyTree, scheme: Scheme): boolean {
  const isConjunct = (index: number) => tokens[index]!.relation === scheme.conjunct;
  return isConjunct(head) || tree.left[head]!.some(isConjunct) || tree.right[head]!.some(isConjunct);
}

function lastOfExpression(head: number, tokens: readonly Token[], tree: DependencyTree, scheme: Scheme): number {
  const copula = hasCopula(head, tokens, tree, scheme);
  let last = head;
  for (const dependent of tree.right[head]!) {
    if (scheme.isInExpression(tokens[dependent]!.relation, copula)) last = Math.max(last, tree.rightEdge[dependent]!);
  }
  while (last > head && isTrimmed(tokens[last]!)) last--;
  return last;
}

/** spaCy makes tokens of runs of white space too. */
function isTrimmed({ upos, relation }: Token): boolean {
  return upos === 'PUNCT' || upos === 'SPACE' || relation === 'punct';
}
