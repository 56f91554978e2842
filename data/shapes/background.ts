/** Backgrounds: a dark tone, plain or with a faint pattern. */
import type { Random } from '../random.ts';

export const TONES = ['black', 'grey', 'brown'] as const;
export const PATTERNS = ['plain', 'shaded', 'checkered', 'grainy'] as const;
export type Tone = (typeof TONES)[number];
export type Pattern = (typeof PATTERNS)[number];

export interface Background {
  readonly tone: Tone;
  readonly pattern: Pattern;
  /** Red, green, blue, 0…255. */
  readonly rgb: readonly [number, number, number];
  /** How far the pattern goes from the tone, in levels; may be negative where that turns the pattern round. */
  readonly contrast: number;
  /** Sets one grain apart from another. */
  readonly grain: number;
}

const TONE_VALUES: Readonly<Record<Tone, readonly [number, number, number]>> = {
  black: [18, 18, 20],
  grey: [104, 106, 110],
  brown: [84, 60, 42],
};
const TONE_JITTER = 8;
const PATTERN_WEIGHTS = [40, 20, 20, 20];

export function drawBackground(random: Random): Background {
  const tone = random.pick(TONES);
  const shift = random.between(-TONE_JITTER, TONE_JITTER);
  const [red, green, blue] = TONE_VALUES[tone];
  return {
    tone,
    pattern: PATTERNS[random.weighted(PATTERN_WEIGHTS)],
    rgb: [red + shift, green + shift, blue + shift],
    contrast: random.between(10, 16) * (random.chance(0.5) ? 1 : -1),
    grain: random.below(2 ** 32),
  };
}

/** Cells per side of the checkered pattern and of the grain: they belong to the scene, whatever the size of the picture. */
const CHECKS = 8;
const GRAINS = 64;

/** What the pattern adds to all three channels at a place of the picture, both coordinates 0…1. */
export function patternAt({ pattern, contrast, grain }: Background, x: number, y: number): number {
  switch (pattern) {
    case 'plain':
      return 0;
    case 'shaded':
      return contrast * 2 * (2 * y - 1);
    case 'checkered':
      return (Math.floor(x * CHECKS) + Math.floor(y * CHECKS)) % 2 === 0 ? contrast / 2 : -contrast / 2;
    case 'grainy':
      return contrast * grainAt(grain, Math.floor(x * GRAINS), Math.floor(y * GRAINS));
  }
}

/** -1…1 for a cell. */
function grainAt(grain: number, column: number, row: number): number {
  let bits = Math.imul(grain ^ Math.imul(column + 1, 0x9e3779b1), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 15) ^ Math.imul(row + 1, 0xc2b2ae35), 0x27d4eb2f);
  bits = Math.imul(bits ^ (bits >>> 16), 0x165667b1);
  return ((bits >>> 8) & 0xffff) / 0x8000 - 1;
}
