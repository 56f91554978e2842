/** A caption with its dependency parse, whoever made it. */
import type { SchemeName } from './schemes.ts';
import type { Span } from './spans.ts';

/** A word of a parse; its span lies in the caption. */
export interface Token extends Span {
  form: string;
  /** The dictionary form; where a parse has none, the form in lower case. */
  lemma: string;
  /** Universal part of speech: NOUN, PROPN, PRON, DET, … */
  upos: string;
  /** Label of the relation to the head. */
  relation: string;
  /** Index of the head in the caption's tokens; -1 for the root of a sentence. */
  head: number;
}

export interface ParsedCaption {
  /** Names the caption and its picture. */
  id: string;
  caption: string;
  /** The words of all sentences, in the order of the text. */
  tokens: readonly Token[];
  /** Whose labels the relations are. */
  scheme: SchemeName;
}

/** A parse that cannot be used; the message says why. */
export class ParseError extends Error {}

/** The dependents of every token and how far they reach. */
export interface DependencyTree {
  /** Direct dependents before and behind each token, in the order of the text. */
  left: readonly (readonly number[])[];
  right: readonly (readonly number[])[];
  /** The first and the last token of each token's subtree, the token itself included. */
  leftEdge: Int32Array;
  rightEdge: Int32Array;
}

/** @throws ParseError where heads lie outside the caption or form a circle */
export function dependencyTree(tokens: readonly Token[]): DependencyTree {
  const left: number[][] = tokens.map(() => []);
  const right: number[][] = tokens.map(() => []);
  const open = new Int32Array(tokens.length);
  for (const [index, { head, form }] of tokens.entries()) {
    if (head === -1) continue;
    if (tokens[head] === undefined)
      throw new ParseError(`word ${index + 1} (${form}) has its head outside the sentence`);
    (index < head ? left : right)[head]!.push(index);
    open[head]++;
  }
  const leftEdge = Int32Array.from(tokens.keys());
  const rightEdge = Int32Array.from(tokens.keys());
  // From the leaves upwards, so that a token's edges are final before they reach its head.
  const ready = [...tokens.keys()].filter((index) => open[index] === 0);
  let done = 0;
  for (; done < ready.length; done++) {
    const index = ready[done]!;
    const { head } = tokens[index]!;
    if (head === -1) continue;
    leftEdge[head] = Math.min(leftEdge[head]!, leftEdge[index]!);
    rightEdge[head] = Math.max(rightEdge[head]!, rightEdge[index]!);
    if (--open[head] === 0) ready.push(head);
  }
  if (done < tokens.length) throw new ParseError(`the heads of ${tokens.length - done} words form a circle`);
  return { left, right, leftEdge, rightEdge };
}
