/** What an object of the shapes world can be, and the words for it. */

export const SHAPES = ['circle', 'square', 'triangle', 'star', 'ring', 'cross', 'heart', 'diamond'] as const;
export const COLORS = ['red', 'green', 'blue', 'yellow', 'purple', 'orange', 'white'] as const;
export const SIZES = ['small', 'large'] as const;
export const TEXTURES = ['plain', 'striped', 'dotted'] as const;
export const RELATIONS = ['left of', 'right of', 'above', 'below'] as const;
/** Superlatives; each is the extreme of the relation of the same index. */
export const EXTREMES = ['leftmost', 'rightmost', 'topmost', 'bottommost'] as const;

export type Shape = (typeof SHAPES)[number];
export type Color = (typeof COLORS)[number];
export type Size = (typeof SIZES)[number];
export type Texture = (typeof TEXTURES)[number];
export type Relation = (typeof RELATIONS)[number];
export type Extreme = (typeof EXTREMES)[number];

/** Number words by their number; scenes hold at most six objects. */
export const NUMBER_WORDS: readonly string[] = ['zero', 'one', 'two', 'three', 'four', 'five', 'six'];

/** The noun for something whose shape is not said. */
export const ANY_SHAPE = 'object';

export function plural(noun: string): string {
  return noun.endsWith('s') ? `${noun}es` : `${noun}s`;
}

export const OPPOSITE: Readonly<Record<Relation, Relation>> = {
  'left of': 'right of',
  'right of': 'left of',
  above: 'below',
  below: 'above',
};
