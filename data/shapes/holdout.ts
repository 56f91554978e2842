/**
 * What training never sees, to find out whether a model puts together what it knows one by one.
 *
 * Two kinds: pairs of colour and shape that occur in no scene of train, validation and test (every scene of `novel` has
 * one), and triples of colour, shape and relation: the pair occurs, but no text of those splits says of such an object
 * that it stands in that relation, be it as a phrase, as a sentence or as a question, true or not.
 */

import { hashText } from '../hash.ts';
import { COLORS, type Color, type Relation, SHAPES, type Shape } from './attributes.ts';

export interface Pair {
  readonly color: Color;
  readonly shape: Shape;
}

/** Each has a colour and a shape of its own, so that training knows both from other objects. */
export const NOVEL_PAIRS: readonly Pair[] = [
  { color: 'red', shape: 'heart' },
  { color: 'green', shape: 'ring' },
  { color: 'blue', shape: 'star' },
  { color: 'yellow', shape: 'cross' },
  { color: 'purple', shape: 'triangle' },
  { color: 'orange', shape: 'diamond' },
];

export function isNovelPair({ color, shape }: Pair): boolean {
  return NOVEL_PAIRS.some((pair) => pair.color === color && pair.shape === shape);
}

/** The 50 pairs of train, validation and test. */
export const KNOWN_PAIRS: readonly Pair[] = COLORS.flatMap((color) => SHAPES.map((shape) => ({ color, shape }))).filter(
  (pair) => !isNovelPair(pair),
);

/** Whether only `novel` may say of such an object that it stands in this relation: one triple in six, and all novel pairs. */
export function isHeldOut(pair: Pair, relation: Relation): boolean {
  return isNovelPair(pair) || hashText(`${pair.color} ${pair.shape} ${relation}`) % 6 === 0;
}
