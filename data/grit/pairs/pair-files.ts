/** Pairs from files of all formats, from any place on. */
import { runtime } from '../../../engine/runtime/index.ts';
import { type DataFile, dataFiles, type Format, folderOf } from '../../corpora/data-files.ts';
import { Unusable } from '../../corpora/problems.ts';
import { readJsonList } from '../../corpora/readers/json-list.ts';
import { readJsonLines } from '../../corpora/readers/lines.ts';
import { type DataRecord, type Place, type Reader, START } from '../../corpora/readers/record.ts';
import { readWebDataset } from '../../corpora/readers/webdataset.ts';
import type { ProblemKind } from '../problems.ts';
import { pairOf } from './pair.ts';
import { readPairParquet } from './parquet.ts';
import type { PairItem, PairSource } from './source.ts';
import { readPairTsv } from './tsv.ts';
import { isBehind, lineStart, type ShardChoice, type Unit, unitsOf } from './units.ts';

const READERS: Readonly<Record<Format, Reader>> = {
  jsonl: readJsonLines,
  tsv: readPairTsv,
  webdataset: readWebDataset,
  parquet: readPairParquet,
  json: readJsonList,
};

export interface PairFilesOptions {
  /** Files, folders and patterns, as `dataFiles` takes them. */
  readonly paths: readonly string[];
  /** By default the endings tell. */
  readonly format?: Format | null;
  /** Where pictures lie; default the folder of the data file. */
  readonly images?: string | null;
  readonly shard: ShardChoice;
}

/** @throws Error where a path names nothing, or it cannot be told how to read it */
export async function openPairFiles({ paths, format, images, shard }: PairFilesOptions): Promise<PairSource> {
  const files = await dataFiles(paths, format ?? null);
  const units = await unitsOf(files, shard);
  return {
    identity: { ...(await identityOf(files)), images: images ?? null },
    share: (next) => shareBefore(units, next as PlaceInUnits),
    items: (from) => pairsOf(units, images ?? null, from as PlaceInUnits | null),
  };
}

/** Names and sizes, in a hash: a run may have very many files. */
async function identityOf(files: readonly DataFile[]): Promise<{ files: number; bytes: number; names: string }> {
  const here = await runtime();
  const hash = here.contentHash('sha256');
  let bytes = 0;
  for (const { path } of files) {
    const size = (await here.status(path))?.size ?? 0;
    hash.update(new TextEncoder().encode(`${path} ${size}\n`));
    bytes += size;
  }
  return { files: files.length, bytes, names: hash.digest().slice(0, 16) };
}

/** By units alone: how far it is within an archive nobody knows. */
function shareBefore(units: readonly Unit[], { unit }: PlaceInUnits): number {
  return units.length === 0 ? 1 : unit / units.length;
}

/** Where a run goes on. */
interface PlaceInUnits {
  readonly unit: number;
  /** Null for the unit's beginning. */
  readonly place: Place | null;
}

async function* pairsOf(
  units: readonly Unit[],
  images: string | null,
  from: PlaceInUnits | null,
): AsyncGenerator<PairItem> {
  for (let unit = from?.unit ?? 0; unit < units.length; unit++) {
    const one = units[unit]!;
    const folder = images ?? folderOf(one.file.path);
    const start = unit === from?.unit ? from.place : null;
    try {
      for await (const { record, at } of recordsOf(one, start)) {
        const next: PlaceInUnits = record.next ? { unit, place: record.next } : { unit: unit + 1, place: null };
        const bad = badFile(record);
        yield { pair: bad ?? pairOf(record, folder, nameAt(one, record, at)), next };
      }
    } catch (error) {
      const pair = { kind: 'file-unreadable' as const, where: `${one.file.path}: ${(error as Error).message}` };
      yield { pair, next: { unit: unit + 1, place: null } satisfies PlaceInUnits };
    }
  }
}

async function* recordsOf(unit: Unit, start: Place | null): AsyncGenerator<{ record: DataRecord; at: Place }> {
  const { path, format } = unit.file;
  const file = await (await runtime()).openFile(path);
  try {
    let at =
      start ?? (unit.from.offset > 0 ? { ...START, offset: await lineStart(file, unit.from.offset) } : unit.from);
    if (isBehind(unit, at) || at.offset > file.size) return;
    const label = unit.from.offset > 0 ? `${path} (from byte ${unit.from.offset} on)` : path;
    for await (const record of READERS[format](label, file, at)) {
      const own = { ...at, offset: record.start ?? at.offset };
      if (isBehind(unit, own)) return;
      yield { record, at: own };
      if (record.next === null || isBehind(unit, record.next)) return;
      at = record.next;
    }
  } finally {
    await file.close();
  }
}

/** Files as a whole that are no pairs: one line for the file, not one for each of its rows. */
function badFile({ content, where }: DataRecord): { kind: ProblemKind; where: string } | null {
  if (!(content instanceof Unusable) || !content.reason.startsWith('file ')) return null;
  const kind = content.reason.startsWith('file without a column') ? 'file-without-columns' : 'file-unreadable';
  return { kind, where: `${where}: ${content.message}` };
}

/** Names a pair that has no name by its place, whatever shard it is in. */
function nameAt({ file }: Unit, { number }: DataRecord, { offset }: Place): string {
  const name = file.path.slice(file.path.lastIndexOf('/') + 1);
  return `${name}#${file.format === 'jsonl' || file.format === 'tsv' ? offset : number}`;
}
