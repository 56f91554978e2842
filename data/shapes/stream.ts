/** The shapes world as a stream of training examples. */

import type { ExampleStream, ProblemCount, TrainingExample, TrainingSequence } from '../corpora/example.ts';
import { Random } from '../random.ts';
import type { Tokenizer } from '../tokenizer.ts';
import { AdjectiveNoise } from './adjective-noise.ts';
import { EXAMPLE_KINDS, type Stage, type StageOptions, stagesOf } from './curriculum.ts';
import { type Disguise, type DisguiseOptions, Disguises, type Shown } from './disguises.ts';
import { documentTexts, MOST_PICTURES } from './documents.ts';
import { PatchNamer } from './patch-tokens.ts';
import { plainTextLines } from './plain-text.ts';
import { STREAMS } from './purposes.ts';
import { renderScene } from './render.ts';
import { makeScene, type Scene, SPLITS, type Split } from './scene.ts';
import { SequenceMaker } from './sequences.ts';
import { makePictureText, TEXT_KINDS, type TextKind } from './texts.ts';
import { UnseenPairs } from './unseen-pairs.ts';

export interface ShapesOptions extends StageOptions, DisguiseOptions {
  readonly seed: number;
  readonly split: Split;
  /** With the location tokens of a grid (see `buildShapesTokenizer`). */
  readonly tokenizer: Tokenizer;
  /** Width and height of the pictures, in pixels. */
  readonly imageSize: number;
  /** Patches along an edge of a picture, for the kind `patches`. Default: that kind is refused. */
  readonly patchesPerSide?: number;
  /** Slots for a picture; the model's `latent_query_num`. */
  readonly latents: number;
  /** All texts about a picture in one row, as many as `maxTokens` has room for; else a row each. Default false. */
  readonly packed?: boolean;
  /** Chance with which the model reads an adjective of a response as another of its kind (see `AdjectiveNoise`). Default 0. */
  readonly adjectiveNoise?: number;
  /** Predictions of a colour or a shape leave open what training never shows with the shape or the colour beside it (see `UnseenPairs`). Default false. */
  readonly unseenPairsOpen?: boolean;
  /** Longest sequence, with the slots. Longer ones are not cut: another text is taken. Default: any length. */
  readonly maxTokens?: number;
}

/** What `ShapesStream.state` gives. */
export interface ShapesState {
  /** Number of the example that comes next. */
  readonly index: number;
}

/** @throws Error for options that cannot be used, naming them */
export function openShapes(options: ShapesOptions, state: ShapesState = { index: 0 }): ShapesStream {
  return new ShapesStream(options, state);
}

/** Draws for a sequence before it is given up. */
const TRIES = 64;
/** Texts in a row that find no room; then the row is full. */
const MISFITS = 4;
/** Scenes that are looked at for one simple enough; their numbers are so far apart that no other example has them. */
const SCENE_TRIES = 60;
const SCENES_APART = 2 ** 26;

export class ShapesStream implements ExampleStream {
  readonly #options: ShapesOptions;
  readonly #stages: readonly Stage[];
  readonly #maker: SequenceMaker;
  readonly #maxTokens: number;
  readonly #namer: PatchNamer | null;
  readonly #noise: AdjectiveNoise;
  readonly #disguises: Disguises;
  readonly #unseenPairs: UnseenPairs | null;
  #index: number;

  constructor(options: ShapesOptions, { index }: ShapesState) {
    this.#options = options;
    this.#stages = stagesOf(options);
    this.#maker = new SequenceMaker(options.tokenizer, options.latents);
    this.#maxTokens = options.maxTokens ?? Number.POSITIVE_INFINITY;
    this.#index = index;
    this.#noise = new AdjectiveNoise(options.tokenizer, options.adjectiveNoise ?? 0);
    const { tokenizer, patchesPerSide } = options;
    this.#disguises = new Disguises(tokenizer, options);
    this.#unseenPairs = options.unseenPairsOpen ? new UnseenPairs(tokenizer) : null;
    if (this.#disguises.any && this.#stages.some(({ mix }) => mix.interleaved > 0))
      throw new Error(
        'shapes: repainted, reshaped and renamed are not for the kind interleaved, where a caption is the prompt of the next',
      );
    this.#namer = patchesPerSide === undefined ? null : new PatchNamer(tokenizer, patchesPerSide, this.#maker.gridSize);
    if (!this.#namer && this.#stages.some(({ mix }) => mix.patches > 0))
      throw new Error('shapes: the kind patches needs patchesPerSide');
    if (this.#maker.gridSize === 0) throw new Error('shapes: the tokenizer has no location tokens');
    if (!Number.isInteger(index) || index < 0)
      throw new Error(`shapes: index ${index} of the state is no whole number`);
  }

  async next(): Promise<TrainingExample> {
    return this.example(this.#index++);
  }

  /** The example of a number, whatever came before. */
  example(index: number): TrainingExample {
    const random = this.#random(index, 0);
    const { mix } = this.#stage(index);
    const kind = EXAMPLE_KINDS[random.weighted(EXAMPLE_KINDS.map((name) => mix[name]))];
    if (kind === 'textOnly') return this.#textOnly(index, random);
    if (kind === 'patches') return this.#patches(index);
    if (kind === 'interleaved') return this.#interleaved(index, random);
    return this.#aboutPicture(index, kind, random);
  }

  state(): ShapesState {
    return { index: this.#index };
  }

  problems(): readonly ProblemCount[] {
    return [];
  }

  async close(): Promise<void> {}

  #stage(index: number): Stage {
    return this.#stages.find(({ before }) => index < before)!;
  }

  /** Scene `part` of an example. */
  #scene(index: number, part = 0): Scene {
    const { seed, split } = this.#options;
    const { mostObjects } = this.#stage(index);
    const scenes = Array.from(
      { length: SCENE_TRIES },
      (_, attempt) => index * MOST_PICTURES + part + attempt * SCENES_APART,
    );
    let simplest: Scene | null = null;
    for (const number of scenes) {
      const scene = makeScene({ seed, split, index: number });
      if (scene.objects.length <= mostObjects) return scene;
      if (!simplest || scene.objects.length < simplest.objects.length) simplest = scene;
    }
    return simplest!;
  }

  #textOnly(index: number, random: Random): TrainingExample {
    const scene = this.#scene(index);
    const sequence = this.#fitting('textOnly', index, () => this.#maker.ofLines(plainTextLines(scene, random)));
    return { images: [], sequences: [sequence] };
  }

  #interleaved(index: number, random: Random): TrainingExample {
    let scenes: Scene[] = [];
    const sequence = this.#fitting('interleaved', index, () => {
      scenes = Array.from({ length: random.between(2, MOST_PICTURES) }, (_, part) => this.#scene(index, part));
      return this.#maker.ofDocument(documentTexts(scenes));
    });
    return { images: scenes.map((scene) => renderScene(scene, this.#options.imageSize)), sequences: [sequence] };
  }

  #patches(index: number): TrainingExample {
    const painter = this.#random(index, 1);
    const disguise = this.#disguises.draw(painter);
    const { scene, renames } = this.#disguises.show(this.#scene(index), disguise, painter);
    const openTokens = this.#disguises.open(disguise);
    const images = [renderScene(scene, this.#options.imageSize)];
    const named = this.#namer!.tokensOf(scene, openTokens, this.#pairsLeftOpen(disguise));
    const patchTokens = named.map((token) => ({ ...token, id: renames.get(token.id) ?? token.id }));
    return { images, sequences: [], patchTokens, openTokens };
  }

  #aboutPicture(index: number, firstKind: TextKind, random: Random): TrainingExample {
    const scene = this.#scene(index);
    const painter = this.#random(index, 1);
    const wish = this.#disguises.draw(painter);
    const wished = wish === 'none' ? [] : this.#textsAbout(scene, index, firstKind, random, wish);
    const disguise = wished.length > 0 ? wish : 'none';
    const texts = wished.length > 0 ? wished : this.#textsAbout(scene, index, firstKind, random, 'none');
    if (texts.length === 0) this.#nothingFits('picture', index);
    const rows = this.#options.packed ? [this.#maker.packed(texts)] : texts;
    const shown = this.#disguises.show(scene, disguise, painter);
    return {
      images: [renderScene(shown.scene, this.#options.imageSize)],
      sequences: rows.map((row) => this.#read(row, disguise, shown.renames, random, painter)),
    };
  }

  /** A row about a picture, as the model reads it and with what counts in it. */
  #read(
    row: TrainingSequence,
    disguise: Disguise,
    renames: Shown['renames'],
    random: Random,
    painter: Random,
  ): TrainingSequence {
    const read = this.#disguises.of(this.#noise.of(row, random), disguise, renames, painter);
    return this.#pairsLeftOpen(disguise)?.of(read) ?? read;
  }

  /** None in a disguise, which hides one of the pair, or shows shapes of other names. */
  #pairsLeftOpen(disguise: Disguise): UnseenPairs | null {
    return disguise === 'none' ? this.#unseenPairs : null;
  }

  /** Different texts, as many as there are to be and have room. */
  #textsAbout(
    scene: Scene,
    index: number,
    firstKind: TextKind,
    random: Random,
    disguise: Disguise,
  ): TrainingSequence[] {
    const { mix, textsPerImage } = this.#stage(index);
    const { packed = false } = this.#options;
    const draw = (): TextKind => TEXT_KINDS[random.weighted(TEXT_KINDS.map((name) => mix[name]))];
    const texts = new Map<string, TrainingSequence>();
    let misfits = 0;
    for (let attempt = 0; texts.size < textsPerImage && attempt < TRIES && misfits < MISFITS; attempt++) {
      const text = makePictureText(scene, attempt === 0 ? firstKind : draw(), random, this.#maker.gridSize);
      const sequence = text && this.#maker.ofPicture(text);
      if (!sequence || texts.has(sequence.ids.join()) || !this.#disguises.suits(sequence, disguise)) continue;
      if (this.#hasRoom([...texts.values(), sequence])) texts.set(sequence.ids.join(), sequence);
      else if (packed && texts.size > 0) misfits++;
    }
    return [...texts.values()];
  }

  /** The random numbers of an example: `use` 0 for its texts, 1 for the colours of its picture, whatever the texts are. */
  #random(index: number, use: number): Random {
    const { seed, split } = this.#options;
    return new Random(seed, [STREAMS.text + SPLITS.indexOf(split), index, use]);
  }

  /** Whether the last of the texts about a picture can still be had. */
  #hasRoom(texts: readonly TrainingSequence[]): boolean {
    const row = this.#options.packed ? this.#maker.packed(texts) : texts[texts.length - 1];
    return row.ids.length <= this.#maxTokens;
  }

  #fitting(what: string, index: number, make: () => TrainingSequence): TrainingSequence {
    for (let attempt = 0; attempt < TRIES; attempt++) {
      const sequence = make();
      if (sequence.ids.length <= this.#maxTokens) return sequence;
    }
    return this.#nothingFits(what, index);
  }

  #nothingFits(what: string, index: number): never {
    throw new Error(`shapes: example ${index} (${what}) has no text within maxTokens ${this.#maxTokens}`);
  }
}
