/** From training examples to what the compiled step takes: rows of tokens, labels, and each picture once. */
import {
  collate,
  KOSMOS2_PREPROCESSOR,
  normalizePixels,
  type PicturePlanes,
  type RgbImage,
  stackPictures,
  type TrainingExample,
  type TrainingSequence,
} from '../data/index.ts';
import { HostArray } from '../engine/index.ts';
import { hostBatch } from '../model/batch.ts';
import type { Kosmos2Config } from '../model/config.ts';

export interface MicroBatchOptions {
  /** Rows are padded to a multiple of this. */
  readonly lengthMultiple: number;
}

/** Rows of one length, as data for the compiled step. */
export interface HostRows {
  readonly ids: HostArray;
  readonly positionIds: HostArray;
  readonly bounds: HostArray;
  readonly slots: { readonly mask: HostArray; readonly index: HostArray } | null;
  readonly labels: HostArray;
}

/** One micro-batch on its way to the device. */
export interface HostMicroBatch {
  readonly feed: { readonly pixels: HostArray | null; readonly groups: readonly HostRows[] };
  /** Predictions that count. */
  readonly keptTokens: number;
  /** Tokens that go through the decoder, padding left out. */
  readonly tokens: number;
  readonly lastPosition: number;
}

/** Micro-batches of at least this many rows are cut into as many groups, the shortest rows together, for less padding. */
const groupsOf = { rows: 24, groups: 3 };

/** A sequence, and the number of the image vector that its first slot takes. */
interface Row {
  readonly sequence: TrainingSequence;
  readonly firstVector: number;
}

/** Rows of several examples together. A picture goes through the vision tower once, however many rows are about it. */
export function microBatchOf(
  examples: readonly TrainingExample[],
  config: Kosmos2Config,
  options: MicroBatchOptions,
): HostMicroBatch {
  const rows = rowsOf(examples, config.latentQueryNum);
  const groups = byLength(rows).map((group) => hostRows(group, config, options));
  return {
    feed: {
      pixels: pixelsOf(
        examples.flatMap(({ images }) => images),
        config,
      ),
      groups: groups.map(({ rows }) => rows),
    },
    keptTokens: count(rows, ({ lossMask }) => lossMask.filter((mask) => mask === 1).length),
    tokens: count(rows, ({ ids }) => ids.length - 1),
    lastPosition: Math.max(...groups.map(({ lastPosition }) => lastPosition)),
  };
}

function count(rows: readonly Row[], of: (sequence: TrainingSequence) => number): number {
  return rows.reduce((sum, { sequence }) => sum + of(sequence), 0);
}

function rowsOf(examples: readonly TrainingExample[], latents: number): Row[] {
  let firstVector = 0;
  return examples.flatMap(({ images, sequences }) => {
    const rows = sequences.map((sequence) => {
      const slots = sequence.imageMask.filter((mask) => mask === 1).length;
      if (slots !== images.length * latents)
        throw new Error(
          `a training sequence has ${slots} image slots for ${images.length} pictures of ${latents} each`,
        );
      return { sequence, firstVector };
    });
    firstVector += images.length * latents;
    return rows;
  });
}

/** Groups of equally many rows, so that few shapes occur. */
function byLength(rows: readonly Row[]): Row[][] {
  if (rows.length < groupsOf.rows) return [[...rows]];
  const sorted = [...rows].sort((a, b) => a.sequence.ids.length - b.sequence.ids.length);
  const each = Math.ceil(rows.length / groupsOf.groups);
  return Array.from({ length: groupsOf.groups }, (_, i) => sorted.slice(i * each, (i + 1) * each));
}

function hostRows(
  group: readonly Row[],
  config: Kosmos2Config,
  { lengthMultiple }: MicroBatchOptions,
): { rows: HostRows; lastPosition: number } {
  const rows = collate(
    group.map(({ sequence }) => sequence),
    { padId: config.text.padTokenId, lengthMultiple },
  );
  const firstVector = group.map((row) => row.firstVector);
  const { ids, positionIds, bounds, slots, lastPosition } = hostBatch({ ...rows, firstVector }, config);
  const labels = new HostArray(Int32Array.from(rows.labels.flat()));
  return { rows: { ids, positionIds, bounds, slots, labels }, lastPosition };
}

/** f32 [n, 3, S, S], normalised as the preprocessor does it; null without pictures. */
function pixelsOf(images: readonly RgbImage[], { vision }: Kosmos2Config): HostArray | null {
  if (images.length === 0) return null;
  const side = vision.imageSize;
  const odd = images.find(({ width, height }) => width !== side || height !== side);
  if (odd) throw new Error(`a training picture has ${odd.width}x${odd.height} pixels, the model takes ${side}x${side}`);
  const { data, shape } = stackPictures(images.map((image) => planesOf(image)));
  return new HostArray(data, shape);
}

/** A picture of the model's size, as the preprocessor would give it. */
export function planesOf(image: RgbImage): PicturePlanes {
  return { width: image.width, height: image.height, data: normalizePixels(image, KOSMOS2_PREPROCESSOR) };
}
