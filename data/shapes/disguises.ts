/**
 * Colours and shapes learned apart. Training shows only some pairs of them, and a model finds out: where it cannot quite tell a red heart from
 * a red diamond, it does well to never say heart, and where it cannot quite tell red from purple, it does well to never call a heart red. So in some pictures
 * objects have colours that no word names, and in some they have shapes that no word names. Words for what has no name don't count there. In some they
 * have shapes with names of their own, made up for training: with twice as many pairs it is less worth learning them one by one.
 */
import type { TrainingSequence } from '../corpora/example.ts';
import type { Random } from '../random.ts';
import type { Tokenizer } from '../tokenizer.ts';
import { COLORS, plural, SHAPES, type Shape } from './attributes.ts';
import { checkShare, idsOfWords } from './learning-aids.ts';
import { repaint } from './repaint.ts';
import { rename, reshape } from './reshape.ts';
import type { Scene } from './scene.ts';

/** How a picture shows its scene. */
export type Disguise = 'none' | 'repainted' | 'reshaped' | 'renamed';

/** A scene as it is shown, and the words that stand for others in its texts, as tokens. */
export interface Shown {
  readonly scene: Scene;
  readonly renames: ReadonlyMap<number, number>;
}

const NO_RENAMES: ReadonlyMap<number, number> = new Map();

export interface DisguiseOptions {
  /** Shares of the pictures. Default 0. */
  readonly repainted?: number;
  readonly reshaped?: number;
  readonly renamed?: number;
  /** With `repainted`: words for shapes count in pictures without a disguise too. Default false. */
  readonly shapesEverywhere?: boolean;
}

/** Which pictures are disguised, and what counts in their examples. */
export class Disguises {
  /** Whether there are any. */
  readonly any: boolean;
  readonly #tokenizer: Tokenizer;
  readonly #shares: readonly (readonly [Disguise, number])[];
  /** Words for one of each shape, and for several. */
  readonly #shapes: readonly (readonly number[])[];
  /** Words for what a disguise hides; those in one list can stand for each other. */
  readonly #hidden: Readonly<Record<Disguise, readonly (readonly number[])[]>>;
  /** The words that don't count. */
  readonly #open: Readonly<Record<Disguise, readonly number[]>>;

  /** @throws Error for what is no share, and for shares of more than all */
  constructor(
    tokenizer: Tokenizer,
    { repainted = 0, reshaped = 0, renamed = 0, shapesEverywhere = false }: DisguiseOptions,
  ) {
    checkShare('repainted', repainted);
    checkShare('reshaped', reshaped);
    checkShare('renamed', renamed);
    checkShare('repainted + reshaped + renamed', repainted + reshaped + renamed);
    this.any = repainted + reshaped + renamed > 0;
    this.#tokenizer = tokenizer;
    this.#shares = [
      ['repainted', repainted],
      ['reshaped', reshaped],
      ['renamed', renamed],
    ];
    const colors = [idsOfWords(tokenizer, COLORS)];
    const shapes = [idsOfWords(tokenizer, SHAPES), idsOfWords(tokenizer, SHAPES.map(plural))];
    this.#shapes = shapes;
    this.#hidden = { none: [], repainted: colors, reshaped: shapes, renamed: [] };
    const none = repainted > 0 && !shapesEverywhere ? shapes.flat() : [];
    this.#open = { none, repainted: colors.flat(), reshaped: shapes.flat(), renamed: [] };
  }

  /** The disguise of an example's picture. */
  draw(random: Random): Disguise {
    if (!this.any) return 'none';
    let left = 1;
    for (const [disguise, share] of this.#shares) {
      if (share > 0 && random.chance(share / left)) return disguise;
      left -= share;
    }
    return 'none';
  }

  /** The scene as it is shown. */
  show(scene: Scene, disguise: Disguise, random: Random): Shown {
    if (disguise === 'renamed') {
      const { scene: shown, names } = rename(scene, random);
      return { scene: shown, renames: this.#renames(names) };
    }
    const draw = { none: () => scene, repainted: () => repaint(scene, random), reshaped: () => reshape(scene, random) };
    return { scene: draw[disguise](), renames: NO_RENAMES };
  }

  /** A made-up name has no plural. */
  #renames(names: ReadonlyMap<Shape, string>): ReadonlyMap<number, number> {
    const pairs = [...names].flatMap(([shape, name]) => {
      const to = this.#tokenizer.tokenToId(name);
      if (to === undefined) throw new Error(`shapes: renamed needs the token ${name} in the vocabulary`);
      return this.#shapes.map((ids) => [ids[SHAPES.indexOf(shape)], to] as const);
    });
    return new Map(pairs);
  }

  /** The words that don't count. */
  open(disguise: Disguise): readonly number[] {
    return this.#open[disguise];
  }

  /** Whether a text can be had with a picture: what is given speaks of nothing that is hidden, and more counts than the end. */
  suits({ ids, lossMask }: TrainingSequence, disguise: Disguise): boolean {
    const open = this.open(disguise);
    if (open.length === 0) return true;
    const isPredicted = (i: number) => lossMask[i - 1] === 1;
    const speaksOfHidden = disguise !== 'none' && ids.some((id, i) => !isPredicted(i) && open.includes(id));
    const counts = ids.slice(0, -1).some((id, i) => isPredicted(i) && !open.includes(id));
    return counts && !speaksOfHidden;
  }

  /** The sequence without predictions that don't count, other names in their places. Words for what is hidden are read as any of their kind. */
  of(sequence: TrainingSequence, disguise: Disguise, renames: Shown['renames'], random: Random): TrainingSequence {
    if (renames.size > 0) return renamed(sequence, renames);
    const open = this.open(disguise);
    if (open.length === 0) return sequence;
    const { ids, readIds = ids, lossMask } = sequence;
    const kindOf = (i: number) =>
      lossMask[i - 1] === 1 ? this.#hidden[disguise].find((words) => words.includes(ids[i])) : undefined;
    return {
      ...sequence,
      lossMask: lossMask.map((mask, i) => (mask === 1 && !open.includes(ids[i + 1]) ? 1 : 0)),
      readIds: readIds.map((id, i) => {
        const kind = kindOf(i);
        return kind ? random.pick(kind) : id;
      }),
    };
  }
}

function renamed(sequence: TrainingSequence, renames: Shown['renames']): TrainingSequence {
  const nameOf = (id: number) => renames.get(id) ?? id;
  const { ids, readIds } = sequence;
  return { ...sequence, ids: ids.map(nameOf), ...(readIds && { readIds: readIds.map(nameOf) }) };
}
