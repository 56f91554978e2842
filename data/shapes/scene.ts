/**
 * A scene of the shapes world: one to six objects on a background, a pure function of seed, split and index.
 *
 * Lengths are whole numbers, in units of 1/256 of the picture, so that every runtime draws the same scene to the bit.
 */
import type { Box } from '../grounding/patches.ts';
import { hashText } from '../hash.ts';
import { Random } from '../random.ts';
import { type Color, SIZES, type Size, TEXTURES, type Texture } from './attributes.ts';
import { type Background, drawBackground } from './background.ts';
import { KNOWN_PAIRS, NOVEL_PAIRS, type Pair } from './holdout.ts';
import { place, type Spot } from './placement.ts';
import { STREAMS } from './purposes.ts';
import { UNITS } from './units.ts';

export const SPLITS = ['train', 'validation', 'test', 'novel'] as const;
/** `novel` holds what the others never show (see `holdout.ts`). */
export type Split = (typeof SPLITS)[number];

/** Its box is `side` x `side` units from `x`, `y` (upper left) on, and the shape touches all four sides of it. */
export interface SceneObject extends Spot {
  readonly size: Size;
  readonly texture: Texture;
  /** Red, green, blue, 0…255: the colour with a little variation. */
  readonly rgb: readonly [number, number, number];
}

export interface SceneAddress {
  readonly seed: number;
  readonly split: Split;
  /** A whole number below 2³². */
  readonly index: number;
}

export interface Scene extends SceneAddress {
  readonly background: Background;
  /** In the order in which they are painted. */
  readonly objects: readonly SceneObject[];
}

/** How often a scene has one, two, … six objects. */
const COUNT_WEIGHTS = [15, 25, 25, 17, 10, 8];
/** At most so many large objects in scenes of one, two, … six, and how likely each is to be large. */
const MOST_LARGE = [1, 2, 2, 2, 1, 1];
const LARGE_CHANCE = [0.5, 0.5, 0.45, 0.3, 0.25, 0.15];
/** Sides in units: 24–29 % and 38–46 % of the picture. */
const SIDES: Readonly<Record<Size, readonly [number, number]>> = { small: [61, 74], large: [97, 118] };
const TEXTURE_WEIGHTS = [60, 20, 20];
const COLOR_VALUES: Readonly<Record<Color, readonly [number, number, number]>> = {
  red: [222, 36, 40],
  green: [36, 168, 60],
  blue: [44, 88, 232],
  yellow: [246, 222, 44],
  purple: [158, 52, 196],
  orange: [246, 136, 24],
  white: [240, 240, 240],
};
const COLOR_JITTER = 12;
/** An object after the first is a twin of one before it, or shares its shape or its colour only, so often. */
const TWIN_CHANCE = 0.2;
const SAME_SHAPE_CHANCE = 0.25;
const SAME_COLOR_CHANCE = 0.15;

/** @throws Error when the seed or the index is no whole number in range */
export function makeScene({ seed, split, index }: SceneAddress): Scene {
  if (!Number.isSafeInteger(seed) || seed < 0) throw new Error(`scene: the seed must be a whole number, not ${seed}`);
  if (!Number.isInteger(index) || index < 0 || index >= 2 ** 32) {
    throw new Error(`scene: the index must be a whole number from 0 to 2^32 - 1, not ${index}`);
  }
  for (let attempt = 0; ; attempt++) {
    const random = new Random(seed, [STREAMS.scene + SPLITS.indexOf(split), index, attempt]);
    const objects = drawObjects(random, split);
    if (!objects) continue;
    const scene: Scene = { seed, split, index, objects, background: drawBackground(random) };
    if (belongsTo(split, sceneKey(scene))) return scene;
  }
}

/** @throws Error for a limit of a scene's objects that leaves no scene */
export function checkMostObjects(most: number | undefined): void {
  if (most !== undefined && !(most >= 1)) throw new Error(`shapes: mostObjects must be 1 or more, found ${most}`);
}

/**
 * What a scene shows, whatever its background and the order of painting: its objects, with boxes to the sixteenth of a
 * picture. Scenes of different splits always differ in it.
 */
export function sceneKey({ objects }: Scene): string {
  const cell = (units: number) => Math.floor((units * 16) / UNITS);
  return objects
    .map(({ size, texture, color, shape, x, y }) => `${size} ${texture} ${color} ${shape} ${cell(x)} ${cell(y)}`)
    .sort()
    .join('; ');
}

/** The hash of its key gives a scene to one split only; those of `novel` are set apart by their objects. */
function belongsTo(split: Split, key: string): boolean {
  if (split === 'novel') return true;
  const quarter = hashText(key) % 4;
  return split === (['train', 'train', 'validation', 'test'] as const)[quarter];
}

export function boxOf({ x, y, side }: Spot): Box {
  return [x / UNITS, y / UNITS, (x + side) / UNITS, (y + side) / UNITS];
}

/** Null when there was no room for all. */
function drawObjects(random: Random, split: Split): SceneObject[] | null {
  const novel = split === 'novel';
  const count = Math.max(novel ? 2 : 1, random.weighted(COUNT_WEIGHTS) + 1);
  const looks = drawLooks(random, count, novel ? NOVEL_PAIRS : KNOWN_PAIRS);
  // the large ones find room first, and are painted first
  const order = [...looks].sort((a, b) => SIZES.indexOf(b.size) - SIZES.indexOf(a.size));
  const placed: SceneObject[] = [];
  for (const look of order) {
    const spot = place(random, look, SIDES[look.size], placed);
    if (!spot) return null;
    placed.push({ ...look, ...spot, rgb: jittered(random, look.color) });
  }
  return placed;
}

interface Look extends Pair {
  readonly size: Size;
  readonly texture: Texture;
}

/** The first pair comes from `firstPairs`, the others from all that training may see. */
function drawLooks(random: Random, count: number, firstPairs: readonly Pair[]): Look[] {
  const looks: Look[] = [];
  let large = 0;
  while (looks.length < count) {
    const twin = looks.length > 0 && random.chance(TWIN_CHANCE) ? random.pick(looks) : null;
    const mayBeLarge = large < MOST_LARGE[count - 1];
    if (twin && (twin.size === 'small' || mayBeLarge)) {
      looks.push(twin);
    } else {
      const pair = looks.length === 0 ? random.pick(firstPairs) : drawPair(random, looks);
      const size = mayBeLarge && random.chance(LARGE_CHANCE[count - 1]) ? 'large' : 'small';
      looks.push({ ...pair, size, texture: TEXTURES[random.weighted(TEXTURE_WEIGHTS)] });
    }
    if (looks.at(-1)?.size === 'large') large++;
  }
  return random.shuffled(looks);
}

function drawPair(random: Random, before: readonly Look[]): Pair {
  const kind = random.weighted([SAME_SHAPE_CHANCE, SAME_COLOR_CHANCE, 1 - SAME_SHAPE_CHANCE - SAME_COLOR_CHANCE]);
  const model = random.pick(before);
  if (kind === 0) return random.pick(KNOWN_PAIRS.filter(({ shape }) => shape === model.shape));
  if (kind === 1) return random.pick(KNOWN_PAIRS.filter(({ color }) => color === model.color));
  return random.pick(KNOWN_PAIRS);
}

function jittered(random: Random, color: Color): [number, number, number] {
  const [red, green, blue] = COLOR_VALUES[color].map((value) =>
    Math.min(255, value + random.between(-COLOR_JITTER, COLOR_JITTER)),
  );
  return [red, green, blue];
}
