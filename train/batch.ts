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
}

/** Patches with a token of their name each, as data for the compiled step. */
export interface HostPatches {
  readonly index: HostArray;
  readonly labels: HostArray;
  readonly open: { readonly tokens: HostArray; readonly sets: HostArray } | null;
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
/** Room for sets of tokens that pictures leave open. */
const mostOpenSets = 4;

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
  const [index, labels, sets]: [number[], number[], number[]] = [[], [], []];
  const openSets = new Map<string, readonly number[]>();
  let firstImage = 0;
  for (const { images, patchTokens = [], openTokens = [] } of examples) {
    const key = openTokens.join();
    if (patchTokens.length > 0) openSets.set(key, openTokens);
    const set = [...openSets.keys()].indexOf(key);
    for (const { image, patch, id } of patchTokens) {
      // the class token stands before the patches
      index.push((firstImage + image) * tokens + 1 + patch);
      labels.push(id);
      sets.push(set);
    }
    firstImage += images.length;
  }
  const rows = padded(index, 0, patchMultiple);
  const lists = [...openSets.values()];
  return {
    index: new HostArray(Int32Array.from(rows)),
    labels: new HostArray(Int32Array.from(padded(labels, ignoredLabel, patchMultiple))),
    open: lists.some((list) => list.length > 0) ? hostOpenTokens(lists, sets, rows.length, text.vocabSize) : null,
  };
}

/** @param setOfRow the number of each row's list; the rows behind them, up to `rows`, are padding */
function hostOpenTokens(
  lists: readonly (readonly number[])[],
  setOfRow: readonly number[],
  rows: number,
  vocabulary: number,
): NonNullable<HostPatches['open']> {
  if (lists.length > mostOpenSets)
    throw new Error(`a micro-batch leaves ${lists.length} sets of tokens open, more than ${mostOpenSets}`);
  const tokens = new Float32Array(vocabulary * mostOpenSets);
  for (const [set, list] of lists.entries()) {
    for (const id of list) tokens[id * mostOpenSets + set] = openLogit;
  }
  const sets = new Float32Array(rows * mostOpenSets);
  for (const [row, set] of setOfRow.entries()) sets[row * mostOpenSets + set] = 1;
  return {
    tokens: new HostArray(tokens, [vocabulary, mostOpenSets]),
    sets: new HostArray(sets, [rows, mostOpenSets]),
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
