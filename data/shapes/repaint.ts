/**
 * Colours and shapes learned apart. Training shows only some pairs of them, and a model finds out: where it cannot quite tell a red heart from
 * a red diamond, it does well to never say heart. So objects are repainted now and then in colours that no word names. In such pictures words for
 * colours don't count, and in the others words for shapes don't: no pair of both is ever learned, and none is missing.
 */
import type { TrainingSequence } from '../corpora/example.ts';
import type { Random } from '../random.ts';
import type { Tokenizer } from '../tokenizer.ts';
import { COLORS, type Color, plural, SHAPES } from './attributes.ts';
import { checkShare, idsOfWords } from './learning-aids.ts';
import type { Scene } from './scene.ts';

/** Arcs of hues in degrees, each 20 or more from every colour with a name: lime, cyan, indigo, pink. */
const HUES = [
  [73, 111],
  [151, 206],
  [248, 262],
  [304, 339],
] as const;
/** In hundredths, as in HSV; dark tones are the backgrounds'. */
const SATURATION = [40, 100] as const;
const VALUE = [65, 100] as const;

/** The scene with other colours; what had one colour has one again. */
export function repaint(scene: Scene, random: Random): Scene {
  const tones = new Map<Color, readonly [number, number, number]>();
  const objects = scene.objects.map((object) => {
    const rgb = tones.get(object.color) ?? unnamedColor(random);
    tones.set(object.color, rgb);
    return { ...object, rgb };
  });
  return { ...scene, objects };
}

function unnamedColor(random: Random): readonly [number, number, number] {
  const [from, to] = random.pick(HUES);
  const hue = random.between(from, to);
  const saturation = random.between(...SATURATION) / 100;
  const value = random.between(...VALUE) / 100;
  // red, green and blue by their distance in hue, as between HSV and RGB
  const channel = (offset: number) => {
    const sector = (offset + hue / 60) % 6;
    return Math.round(255 * value * (1 - saturation * Math.max(0, Math.min(sector, 4 - sector, 1))));
  };
  return [channel(5), channel(3), channel(1)];
}

/** What counts in examples of repainted pictures and of the others. */
export class Repainting {
  readonly #share: number;
  readonly #colors: readonly number[];
  /** Those that don't count in pictures that are as they were. */
  readonly #shapes: readonly number[];

  /**
   * @param share of the pictures that are repainted; 0 for none, and then everything counts
   * @param shapesEverywhere whether shapes count in the other pictures too
   */
  constructor(tokenizer: Tokenizer, share: number, shapesEverywhere: boolean) {
    checkShare('repainted', share);
    this.#share = share;
    this.#colors = idsOfWords(tokenizer, COLORS);
    const shapes = shapesEverywhere ? [] : SHAPES.flatMap((shape) => [shape, plural(shape)]);
    this.#shapes = idsOfWords(tokenizer, shapes);
  }

  /** Whether the picture of an example is repainted. */
  draw(random: Random): boolean {
    return this.#share > 0 && random.chance(this.#share);
  }

  /** The words that don't count. */
  open(isRepainted: boolean): readonly number[] {
    if (this.#share === 0) return [];
    return isRepainted ? this.#colors : this.#shapes;
  }

  /** Whether a text can be had with a picture: what is given speaks of no colour that the picture lacks, and more counts than the end. */
  suits({ ids, lossMask }: TrainingSequence, isRepainted: boolean): boolean {
    if (this.#share === 0) return true;
    const open = this.open(isRepainted);
    const isPredicted = (i: number) => lossMask[i - 1] === 1;
    const speaksOfColors = ids.some((id, i) => !isPredicted(i) && this.#colors.includes(id));
    const counts = ids.slice(0, -1).some((id, i) => isPredicted(i) && !open.includes(id));
    return counts && !(isRepainted && speaksOfColors);
  }

  /** The sequence without predictions that don't count. Colours that the picture does not have are read as any colour. */
  of(sequence: TrainingSequence, isRepainted: boolean, random: Random): TrainingSequence {
    if (this.#share === 0) return sequence;
    const { ids, readIds = ids, lossMask } = sequence;
    const open = this.open(isRepainted);
    const isRead = (i: number) => lossMask[i - 1] === 1 && this.#colors.includes(ids[i]);
    return {
      ...sequence,
      lossMask: lossMask.map((mask, i) => (mask === 1 && !open.includes(ids[i + 1]) ? 1 : 0)),
      readIds: isRepainted ? readIds.map((id, i) => (isRead(i) ? random.pick(this.#colors) : id)) : readIds,
    };
  }
}
