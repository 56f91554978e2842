/** From a record to an example: what is common to all kinds. */
import type { Random } from '../../random.ts';
import type { CheckedConfig } from '../config.ts';
import type { TrainingExample, TrainingSequence } from '../example.ts';
import type { LoadedPicture } from '../picture.ts';
import type { PictureSource } from '../picture-files.ts';
import { Unusable } from '../problems.ts';
import type { DataRecord, Row } from '../readers/record.ts';
import type { SequenceContext } from '../tags.ts';

export interface RecipeInput {
  readonly row: Row;
  readonly record: DataRecord;
  /** Where relative paths of pictures start. */
  readonly folder: string;
  /** The record's own. */
  readonly random: Random;
  readonly config: CheckedConfig;
  readonly context: SequenceContext;
  /** Takes what is left out of a record that is used all the same. */
  readonly report: (problem: Unusable) => void;
}

export interface Recipe {
  readonly pictures: readonly PictureSource[];
  /**
   * @param pictures in the same order, null where one could not be loaded, which is reported already
   * @returns null where nothing can be made of those that are there
   * @throws Unusable
   */
  make(pictures: readonly (LoadedPicture | null)[]): TrainingExample | null;
}

/** Reads the fields of a record; null for one that is passed over by choice. @throws Unusable */
export type RecipeFor = (input: RecipeInput) => Recipe | null;

/** One sequence about one picture. */
export function aboutPicture(
  picture: PictureSource,
  context: SequenceContext,
  sequenceOf: (picture: LoadedPicture) => TrainingSequence,
): Recipe {
  return {
    pictures: [picture],
    make([loaded]) {
      if (!loaded) return null;
      return { images: [loaded.image], sequences: [fitting(sequenceOf(loaded), context)] };
    },
  };
}

/** @throws Unusable for a sequence that is too long; such data is not cut, for its end would be missing */
export function fitting(sequence: TrainingSequence, { sequenceLength }: SequenceContext): TrainingSequence {
  if (sequence.ids.length <= sequenceLength) return sequence;
  throw tooLong(`${sequence.ids.length} where ${sequenceLength} are allowed`);
}

export function tooLong(detail: string): Unusable {
  return new Unusable('record that makes too many tokens', detail);
}

/** A text with more in it than white space. @throws Unusable with the reason */
export function textOf(value: unknown, reason: string): string {
  if (typeof value === 'string' && /\S/.test(value)) return value;
  throw new Unusable(reason, typeof value === 'string' ? 'it is empty' : '');
}
