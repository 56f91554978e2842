/**
 * How files are shared out among the shards of a run. A unit is a file, or a piece of one where there are few files for many shards;
 * it follows from the files' sizes and the number of shards alone, so that every shard finds its own units without asking the others.
 */
import { type FileSource, runtime } from '../../../engine/runtime/index.ts';
import type { DataFile } from '../../corpora/data-files.ts';
import { type Place, START } from '../../corpora/readers/record.ts';
import { parquetGroups } from '../parquet.ts';

/** One of the independent parts of a run. */
export interface ShardChoice {
  /** From 0. */
  readonly index: number;
  readonly count: number;
}

export const WHOLE: ShardChoice = { index: 0, count: 1 };

export interface Unit {
  readonly file: DataFile;
  readonly from: Place;
  /** The first record that is not meant, as a byte or as a row, whichever the format counts; null for the file's end. */
  readonly end: number | null;
}

/** So many units for a shard make their sizes even. */
const UNITS_PER_SHARD = 16;

/** Formats whose records start behind a line feed. */
const BY_LINES: readonly string[] = ['jsonl', 'tsv'];

/** The units of one shard, in the order in which it does them. */
export async function unitsOf(files: readonly DataFile[], { index, count }: ShardChoice): Promise<Unit[]> {
  const pieces = count === 1 ? 1 : Math.ceil((UNITS_PER_SHARD * count) / files.length);
  if (pieces === 1) return files.map(whole).filter((_, number) => number % count === index);
  const units: Unit[] = [];
  for (const file of files) for (const piece of await piecesOf(file, pieces)) units.push(piece);
  return units.filter((_, number) => number % count === index);
}

function whole(file: DataFile): Unit {
  return { file, from: START, end: null };
}

/** Archives and lists cannot be entered in the middle; a file that cannot be read is told of by whoever has its unit. */
async function piecesOf(file: DataFile, pieces: number): Promise<Unit[]> {
  if (!BY_LINES.includes(file.format) && file.format !== 'parquet') return [whole(file)];
  let source: FileSource;
  try {
    source = await (await runtime()).openFile(file.path);
  } catch {
    return [whole(file)];
  }
  try {
    return file.format === 'parquet' ? await rowPieces(file, source, pieces) : byteRanges(file, source.size, pieces);
  } catch {
    return [whole(file)];
  } finally {
    await source.close();
  }
}

/** Ranges of bytes; a line belongs to the range that it starts in. */
function byteRanges(file: DataFile, size: number, pieces: number): Unit[] {
  const starts = Array.from({ length: pieces }, (_, i) => Math.floor((size * i) / pieces));
  return starts.map((offset, i) => ({ file, from: { offset, number: 0 }, end: starts[i + 1] ?? null }));
}

/** Row groups, the smallest thing that can be read. */
async function rowPieces(file: DataFile, source: FileSource, pieces: number): Promise<Unit[]> {
  const rows = await parquetGroups(source);
  const count = Math.min(pieces, rows.length);
  const starts = rows.map((_, group) => rows.slice(0, group).reduce((sum, one) => sum + one, 0));
  const firsts = Array.from({ length: count }, (_, i) => starts[Math.floor((rows.length * i) / count)]!);
  return firsts.map((number, i) => ({ file, from: { offset: 0, number }, end: firsts[i + 1] ?? null }));
}

/** Where the first line of a range starts. */
export async function lineStart(file: FileSource, offset: number): Promise<number> {
  const PIECE = 1 << 16;
  if (offset === 0) return 0;
  for (let at = offset - 1; at < file.size; at += PIECE) {
    const found = (await file.read(at, Math.min(PIECE, file.size - at))).indexOf(0x0a);
    if (found >= 0) return at + found + 1;
  }
  return file.size;
}

/** Whether a record of a unit starts behind its end. */
export function isBehind({ file, end }: Unit, place: Place): boolean {
  if (end === null) return false;
  return (BY_LINES.includes(file.format) ? place.offset : place.number) >= end;
}
