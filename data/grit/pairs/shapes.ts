/** Scenes of the shapes world as pairs, of which everything that a caption speaks of is known. */
import { encodePng } from '../../image/encode.ts';
import type { GroundedPhrase, PhrasedText } from '../../shapes/caption-text.ts';
import { BRIEF_PROMPT, imageCaption } from '../../shapes/captions.ts';
import { renderScene } from '../../shapes/render.ts';
import { makeScene, type Scene, type Split } from '../../shapes/scene.ts';
import type { CaptionPair } from './pair.ts';
import type { PairItem, PairSource } from './source.ts';
import type { ShardChoice } from './units.ts';

export interface ShapesPairsOptions {
  readonly seed: number;
  readonly split: Split;
  /** Scenes of all shards together. */
  readonly count: number;
  readonly shard: ShardChoice;
}

/** Pixels per side of the pictures. */
const SIDE = 128;

export function openShapesPairs(options: ShapesPairsOptions): PairSource {
  const { seed, split, count } = options;
  return {
    identity: { shapes: [split, seed, count] },
    share: (next) => (next as number) / count,
    items: (from) => shapesItems(options, from as number | null),
  };
}

/** What is true of the scene with this id. @throws Error for the id of anything else */
export function shapesTruth(id: string): readonly GroundedPhrase[] {
  const [, split, seed, index] = /^shapes-([a-z]+)-(\d+)-(\d+)$/.exec(id) ?? [];
  if (split === undefined) throw new Error(`${id} is no scene of the shapes world`);
  return captionOf(makeScene({ split: split as Split, seed: Number(seed), index: Number(index) })).phrases;
}

/** `There are two blue rings and a red star.`: no image is spoken of, which would be a thing to find a box for. */
function captionOf(scene: Scene): PhrasedText {
  const { text, phrases } = imageCaption(scene);
  const start = phrases[0]!.boxes.length === 1 ? 'There is' : 'There are';
  const shift = start.length - BRIEF_PROMPT.length;
  return {
    text: start + text.slice(BRIEF_PROMPT.length),
    phrases: phrases.map(({ span: [from, to], boxes }) => ({ span: [from + shift, to + shift], boxes })),
  };
}

async function* shapesItems(
  { seed, split, count, shard }: ShapesPairsOptions,
  from: number | null,
): AsyncGenerator<PairItem> {
  for (let index = from ?? 0; index < count; index++) {
    if (index % shard.count === shard.index) yield { pair: shapesPair(seed, split, index), next: index + 1 };
  }
}

function shapesPair(seed: number, split: Split, index: number): CaptionPair {
  const scene = makeScene({ seed, split, index });
  const id = `shapes-${split}-${seed}-${index}`;
  const facts = { key: id, id: index, url: null, width: SIDE, height: SIDE };
  return {
    id,
    caption: captionOf(scene).text,
    parsed: null,
    picture: { bytes: new Uint8Array(encodePng(renderScene(scene, SIDE))) },
    facts: { ...facts, clip_similarity_vitb32: null, clip_similarity_vitl14: null },
  };
}
