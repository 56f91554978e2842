/** Sequences of several lengths as rows of one length. */
import type { TrainingSequence } from './example.ts';

export interface CollateOptions {
  /** Id of `<pad>`. */
  readonly padId: number;
  /** Rows are as long as the longest, rounded up to a multiple of this. Default 1. */
  readonly lengthMultiple?: number;
}

/** Rows of equal length: what goes into the model at each place, and what it should predict there. */
export interface CollatedRows {
  /** All tokens of a sequence but its last, as they are to be read. */
  readonly inputIds: number[][];
  /** All but the first; `IGNORED` where predicting does not count. */
  readonly labels: number[][];
  /** 1 on everything but padding. */
  readonly attentionMask: number[][];
  /** 1 on the slots of pictures. */
  readonly imageEmbedsPositionMask: number[][];
}

/** The label of a prediction that does not count. */
export const IGNORED = -100;

/** Padded at the right, as the published loader does. */
export function collate(sequences: readonly TrainingSequence[], options: CollateOptions): CollatedRows {
  const { padId, lengthMultiple = 1 } = options;
  const longest = Math.max(0, ...sequences.map(({ ids }) => ids.length - 1));
  const rows = (row: (sequence: TrainingSequence) => number[], filler: number) =>
    sequences.map((sequence) => padded(row(sequence), filler, lengthMultiple, longest));
  return {
    inputIds: rows(({ ids, readIds = ids }) => readIds.slice(0, -1), padId),
    labels: rows(labelsOf, IGNORED),
    attentionMask: rows(({ ids }) => new Array<number>(ids.length - 1).fill(1), 0),
    imageEmbedsPositionMask: rows(({ imageMask }) => imageMask.slice(0, -1), 0),
  };
}

function labelsOf({ ids, lossMask }: TrainingSequence): number[] {
  return ids.slice(1).map((id, at) => (lossMask[at] === 1 ? id : IGNORED));
}

/** Values with fillers behind, as many as `least` at least, rounded up to a multiple. */
export function padded(values: readonly number[], filler: number, multiple: number, least = values.length): number[] {
  const length = Math.ceil(least / multiple) * multiple;
  return [...values, ...new Array<number>(length - values.length).fill(filler)];
}
