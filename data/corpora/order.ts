/**
 * The endless order of a corpus' records. In each epoch the files come in an order of their own, and each window of so many consecutive
 * records is shuffled. Both orders follow from seed, epoch and window alone, so a place in the order is a handful of numbers, and
 * whoever goes on from it reads again no more than one window.
 */
import { runtime } from '../../engine/runtime/index.ts';
import { Random } from '../random.ts';
import { type DataFile, FORMATS } from './data-files.ts';
import { Unusable } from './problems.ts';
import { type DataRecord, type Place, START } from './readers/record.ts';

/** Bytes of records after which a window ends, however few they are. */
const LARGEST_WINDOW = 1 << 26;

export interface OrderOptions {
  readonly seed: number;
  /** Records that are shuffled among each other; 0 for the files' own order, the files by name. */
  readonly window: number;
}

/** Where the next record comes from. */
export interface Cursor {
  readonly epoch: number;
  /** Counted in the order of the epoch. */
  readonly file: number;
  /** Of the first record of the window. */
  readonly place: Place;
  /** Counted in the epoch. */
  readonly window: number;
  /** Records of the window before it, as shuffled. */
  readonly taken: number;
}

export const FIRST: Cursor = { epoch: 0, file: 0, place: START, window: 0, taken: 0 };

export interface OrderedRecord {
  readonly record: DataRecord;
  /** Index into the list of files. */
  readonly file: number;
  /** Where it is, and where the next one is. */
  readonly at: Cursor;
  readonly next: Cursor;
}

/** Stands between the last record of an epoch and the first of the next. */
export interface EpochEnd {
  readonly record: null;
  readonly epoch: number;
  readonly next: Cursor;
}

/** Random numbers that stand for themselves: one of a kind for every purpose. */
const PURPOSES = { files: 0, window: 1, record: 2 } as const;

function randomFor(purpose: keyof typeof PURPOSES, seed: number, epoch: number, a: number, b: number): Random {
  return new Random(seed, [a, b, epoch * 4 + PURPOSES[purpose]]);
}

/** The choices about one record in one epoch, whatever was drawn for others. */
export function randomOfRecord(seed: number, { record, file, at }: OrderedRecord): Random {
  return randomFor('record', seed, at.epoch, file, record.number);
}

export async function* orderedRecords(
  files: readonly DataFile[],
  from: Cursor,
  options: OrderOptions,
): AsyncGenerator<OrderedRecord | EpochEnd> {
  let { taken, ...start } = from;
  for (;;) {
    for await (const { entries, end } of windowsOf(files, start, options)) {
      const last = entries.length - 1;
      for (let i = taken; i <= last; i++) {
        const next = i < last ? { ...start, taken: i + 1 } : { ...end, taken: 0 };
        yield { ...entries[i]!, at: { ...start, taken: i }, next };
      }
      start = end;
      taken = 0;
    }
    const { epoch } = start;
    start = { ...FIRST, epoch: epoch + 1 };
    yield { record: null, epoch, next: { ...start, taken: 0 } };
  }
}

type WindowStart = Omit<Cursor, 'taken'>;

interface Entry {
  readonly record: DataRecord;
  readonly file: number;
}

interface Window {
  readonly entries: readonly Entry[];
  /** Where the next one starts. */
  readonly end: WindowStart;
}

/** What is left of an epoch, window by window. */
async function* windowsOf(
  files: readonly DataFile[],
  from: WindowStart,
  { seed, window }: OrderOptions,
): AsyncGenerator<Window> {
  const { epoch } = from;
  const indices = files.map((_, index) => index);
  const order = window > 0 ? randomFor('files', seed, epoch, 0, 0).shuffled(indices) : indices;
  let number = from.window;
  let held: Entry[] = [];
  let size = 0;
  let end = from;
  const take = (): Window => {
    const entries = window > 0 ? randomFor('window', seed, epoch, number, 0).shuffled(held) : held;
    number++;
    held = [];
    size = 0;
    end = { ...end, window: number };
    return { entries, end };
  };
  for (let file = from.file; file < order.length; file++) {
    const index = order[file]!;
    for await (const record of recordsOf(files[index]!, file === from.file ? from.place : START)) {
      held.push({ record, file: index });
      size += record.size;
      end = { ...end, ...(record.next ? { file, place: record.next } : { file: file + 1, place: START }) };
      if (held.length >= window || size >= LARGEST_WINDOW) yield take();
    }
  }
  if (held.length > 0) yield take();
}

/** The records of a file; one that cannot be read, or no further, gives a record that says so. */
async function* recordsOf({ path, format }: DataFile, from: Place): AsyncGenerator<DataRecord> {
  let { number } = from;
  try {
    const file = await (await runtime()).openFile(path);
    try {
      if (from.offset > file.size) throw new Error(`it is shorter than it was: ${file.size} bytes`);
      for await (const record of FORMATS[format].read(path, file, from)) {
        number = record.number + 1;
        yield record;
      }
    } finally {
      await file.close();
    }
  } catch (error) {
    const content = new Unusable('file that cannot be read', (error as Error).message);
    yield { where: path, number, content, size: 0, next: null };
  }
}
