/** What readers of data files give, whatever the format. */
import type { FileSource } from '../../../engine/runtime/index.ts';
import type { Unusable } from '../problems.ts';

export type Row = Readonly<Record<string, unknown>>;

/** Where a record starts in its file. */
export interface Place {
  /** Bytes; 0 in formats that cannot be entered in the middle. */
  readonly offset: number;
  /** Records (or lines) before it. */
  readonly number: number;
}

export const START: Place = { offset: 0, number: 0 };

export interface DataRecord {
  /** For people: the file, and in it the line, row or name. */
  readonly where: string;
  /** In a format of lines: the byte at which its own line starts, which blank ones may lie before. */
  readonly start?: number;
  /** Counted from 0; one number never stands for two records of a file. */
  readonly number: number;
  /** The fields, or why there are none. */
  readonly content: Row | Unusable;
  /** Of a record in an archive: the archive's name and the record's in it, without endings. */
  readonly name?: string;
  /** Pictures that came with the record, by their file names. */
  readonly pictures?: ReadonlyMap<string, Uint8Array<ArrayBuffer>>;
  /** Bytes that it holds in memory, roughly. */
  readonly size: number;
  /** Where to go on behind it; null where nothing more of the file can be read. */
  readonly next: Place | null;
}

/** The records of a file from a place on, in order; it throws only where the file cannot be read at all. */
export type Reader = (path: string, file: FileSource, from: Place) => AsyncIterable<DataRecord>;

export const CUT_OFF = 'record that the file ends in the middle of';
export const TOO_LONG = 'record that is too long';
export const NO_JSON_OBJECT = 'record that is no JSON object';
