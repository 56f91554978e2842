/** From training examples to what the compiled step takes: rows of tokens, labels, and each picture once. */
import {
  type CollatedRows,
  collate,
  IGNORED,
  KOSMOS2_PREPROCESSOR,
  normalizePixels,
  type RgbImage,
  type TrainingExample,
} from '../data/index.ts';
import { HostArray } from '../engine/index.ts';
import { hostBatch } from '../model/batch.ts';
import type { Kosmos2Config } from '../model/config.ts';

export interface MicroBatchOptions {
  /** Rows are padded to a multiple of this. */
  readonly lengthMultiple: number;
}

/** One micro-batch on its way to the device. */
export interface HostMicroBatch {
  readonly feed: {
    readonly ids: HostArray;
    readonly positionIds: HostArray;
    readonly bounds: HostArray;
    readonly slots: { readonly mask: HostArray; readonly index: HostArray } | null;
    readonly pixels: HostArray | null;
    readonly labels: HostArray;
  };
  /** Predictions that count. */
  readonly keptTokens: number;
  /** Tokens that go through the decoder, padding left out. */
  readonly tokens: number;
  readonly lastPosition: number;
}

/** Rows of several examples together. A picture goes through the vision tower once, however many rows are about it. */
export function microBatchOf(
  examples: readonly TrainingExample[],
  config: Kosmos2Config,
  { lengthMultiple }: MicroBatchOptions,
): HostMicroBatch {
  const rows = collate(
    examples.flatMap(({ sequences }) => sequences),
    { padId: config.text.padTokenId, lengthMultiple },
  );
  const firstVector = firstVectors(examples, rows, config.latentQueryNum);
  const { ids, positionIds, bounds, slots, lastPosition } = hostBatch({ ...rows, firstVector }, config);
  const labels = Int32Array.from(rows.labels.flat());
  return {
    feed: {
      ids,
      positionIds,
      bounds,
      slots,
      pixels: pixelsOf(
        examples.flatMap(({ images }) => images),
        config,
      ),
      labels: new HostArray(labels),
    },
    keptTokens: labels.filter((label) => label !== IGNORED).length,
    tokens: rows.attentionMask.flat().filter((mask) => mask === 1).length,
    lastPosition,
  };
}

/** For each row the number of the vector that its first slot takes. */
function firstVectors(examples: readonly TrainingExample[], rows: CollatedRows, latents: number): number[] {
  const first: number[] = [];
  let images = 0;
  for (const example of examples) {
    for (const _ of example.sequences) {
      const slots = rows.imageEmbedsPositionMask[first.length].filter((mask) => mask === 1).length;
      if (slots !== example.images.length * latents)
        throw new Error(
          `a training sequence has ${slots} image slots for ${example.images.length} pictures of ${latents} each`,
        );
      first.push(images * latents);
    }
    images += example.images.length;
  }
  return first;
}

/** f32 [n, 3, S, S], normalised as the preprocessor does it; null without pictures. */
function pixelsOf(images: readonly RgbImage[], { vision }: Kosmos2Config): HostArray | null {
  if (images.length === 0) return null;
  const side = vision.imageSize;
  const data = new Float32Array(images.length * 3 * side * side);
  for (const [i, image] of images.entries()) {
    if (image.width !== side || image.height !== side)
      throw new Error(`a training picture has ${image.width}x${image.height} pixels, the model takes ${side}x${side}`);
    data.set(normalizePixels(image, KOSMOS2_PREPROCESSOR), i * 3 * side * side);
  }
  return new HostArray(data, [images.length, 3, side, side]);
}
