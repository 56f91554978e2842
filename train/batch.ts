/** From training examples to what the compiled step takes: rows of tokens, labels, names of patches, and each picture once. */
import { padded } from '../data/corpora/collate.ts';
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
import { type Kosmos2Config, visionTokens } from '../model/config.ts';
import { ignoredLabel, openLogit } from '../model/loss.ts';

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
  readonly open: HostOpenTokens | null;
}

/** Tokens that predictions leave open, as data for the compiled step. */
export interface HostOpenTokens {
  readonly tokens: HostArray;
  readonly predictions: HostArray;
}

/** Patches with a token of their name each, as data for the compiled step. */
export interface HostPatches {
  readonly index: HostArray;
  readonly labels: HostArray;
  readonly open: HostOpenTokens | null;
}

/** One micro-batch on its way to the device. */
export interface HostMicroBatch {
  readonly feed: {
    readonly pixels: HostArray | null;
    readonly groups: readonly HostRows[];
    readonly patches: HostPatches | null;
  };
  /** Predictions that count, names of patches among them. */
  readonly keptTokens: number;
  /** Tokens that go through the decoder, padding left out, and those that name patches. */
  readonly tokens: number;
  readonly lastPosition: number;
}

/** Micro-batches of at least this many rows are cut into as many groups, the shortest rows together, for less padding. */
const groupsOf = { rows: 24, groups: 3 };
/** Names of patches are padded to a multiple of this. */
const patchMultiple = 512;
/** Room for different tokens that are left open. */
const mostOpenTokens = 32;

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
  const named = count(examples, ({ patchTokens }) => patchTokens?.length ?? 0);
  return {
    feed: {
      pixels: pixelsOf(
        examples.flatMap(({ images }) => images),
        config,
      ),
      groups: groups.map(({ rows }) => rows),
      patches: named > 0 ? hostPatches(examples, config) : null,
    },
    keptTokens: named + count(rows, ({ sequence }) => sequence.lossMask.filter((mask) => mask === 1).length),
    tokens: named + count(rows, ({ sequence }) => sequence.ids.length - 1),
    lastPosition: Math.max(0, ...groups.map(({ lastPosition }) => lastPosition)),
  };
}

function count<T>(list: readonly T[], of: (one: T) => number): number {
  return list.reduce((sum, one) => sum + of(one), 0);
}

function hostPatches(examples: readonly TrainingExample[], { vision, text }: Kosmos2Config): HostPatches {
  const tokens = visionTokens(vision);
  const [index, labels, open]: [number[], number[], (readonly number[])[]] = [[], [], []];
  let firstImage = 0;
  for (const { images, patchTokens = [], openTokens = [] } of examples) {
    for (const { image, patch, id, openIds = [] } of patchTokens) {
      // the class token stands before the patches
      index.push((firstImage + image) * tokens + 1 + patch);
      labels.push(id);
      open.push([...openTokens, ...openIds]);
    }
    firstImage += images.length;
  }
  const rows = padded(index, 0, patchMultiple);
  return {
    index: new HostArray(Int32Array.from(rows)),
    labels: new HostArray(Int32Array.from(padded(labels, ignoredLabel, patchMultiple))),
    open: hostOpenTokens(open, rows.length, text.vocabSize),
  };
}

/**
 * A column for each token that is left open anywhere.
 *
 * @param open the tokens that each prediction leaves open; the rows behind them, up to `rows`, are padding
 * @returns null where none are
 */
function hostOpenTokens(open: readonly (readonly number[])[], rows: number, vocabulary: number): HostOpenTokens | null {
  const columns = new Map([...new Set(open.flat())].map((id, column) => [id, column]));
  if (columns.size === 0) return null;
  if (columns.size > mostOpenTokens)
    throw new Error(`a micro-batch leaves ${columns.size} tokens open, more than ${mostOpenTokens}`);
  const tokens = new Float32Array(vocabulary * mostOpenTokens);
  for (const [id, column] of columns) tokens[id * mostOpenTokens + column] = openLogit;
  const predictions = new Float32Array(rows * mostOpenTokens);
  for (const [row, ids] of open.entries()) {
    for (const id of ids) predictions[row * mostOpenTokens + columns.get(id)!] = 1;
  }
  return {
    tokens: new HostArray(tokens, [vocabulary, mostOpenTokens]),
    predictions: new HostArray(predictions, [rows, mostOpenTokens]),
  };
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
  if (rows.length === 0) return [];
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
  const left = group.flatMap(({ sequence }, row) => rows.labels[row].map((_, at) => sequence.openIds?.[at] ?? []));
  const open = hostOpenTokens(left, left.length, config.text.vocabSize);
  return { rows: { ids, positionIds, bounds, slots, labels, open }, lastPosition };
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
