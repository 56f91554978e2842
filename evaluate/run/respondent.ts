/** What lets a model respond to rows of a task in batches. */
import type { RgbImage } from '../../data/index.ts';
import type { Kosmos2Config } from '../../model/index.ts';
import type { Row } from '../data/fields.ts';
import type { PictureSource } from './pictures.ts';

/** A row that is ready to be asked about. */
export interface Prepared<T> {
  readonly item: T;
  readonly pictures: readonly PictureSource[];
  /** Tokens that go through the model for it, those of an answer left out. */
  readonly length: number;
}

export interface Response {
  /** A line of predictions, without its id. */
  readonly row: Row;
  /** Written or scored, for the pace. */
  readonly tokens: number;
}

export interface Respondent<T, P extends Prepared<T>> {
  prepare(item: T): P;
  /** Most tokens that a question may have. */
  readonly room: number;
  /** In the order in which they are best asked. */
  order(prepared: readonly P[]): readonly P[];
  /** Questions of these that go together without large buffers. */
  batchFor(prepared: readonly P[]): number;
  respond(batch: readonly { readonly prepared: P; readonly images: readonly RgbImage[] }[]): Promise<Response[]>;
  dispose(): void;
}

/** Bytes of one layer's keys of a batch, and of the keys and values of all layers. */
const LARGEST_BUFFER = 2 ** 26;
const LARGEST_CACHE = 2 ** 31;
const MOST_ROWS = 64;

/** Rows of so many tokens whose keys and values stay within these. */
export function rowsWithin(tokens: number, { text }: Kosmos2Config): number {
  const bytes = 4 * tokens * text.embedDim;
  const rows = Math.min(MOST_ROWS, LARGEST_BUFFER / bytes, LARGEST_CACHE / (2 * text.layers * bytes));
  return Math.max(1, Math.floor(rows));
}

export function longestOf(prepared: readonly Prepared<unknown>[]): number {
  return mostOf(prepared, ({ length }) => length);
}

/** The largest of the counts, at least 1. Of as many items as there are: they would be too many for the arguments of a call. */
export function mostOf<T>(items: readonly T[], countOf: (item: T) => number): number {
  return items.reduce((most, item) => Math.max(most, countOf(item)), 1);
}
