/** Files of GRIT records: JSONL and parquet, read one row after another and written as a whole. */
import { type FileSource, runtime } from '../../engine/runtime/index.ts';
import { parseRow } from './json-row.ts';
import { readLines } from './lines.ts';
import { isParquet, readParquetRows } from './parquet.ts';
import type { Problems } from './problems.ts';
import { checkedRecord, NEEDED_COLUMNS } from './record-check.ts';
import { GRIT_COLUMNS, type GritRecord } from './records.ts';

/**
 * The records of several files, in order. A file that cannot be read, or is no GRIT file, is skipped and told of like a row.
 *
 * @param problems is told of what cannot be used
 */
export async function* readGritFiles(paths: Iterable<string>, problems: Problems): AsyncGenerator<GritRecord> {
  const here = await runtime();
  for (const path of paths) {
    let file: FileSource;
    try {
      file = await here.openFile(path);
    } catch (error) {
      problems.add('file-unreadable', (error as Error).message);
      continue;
    }
    try {
      yield* (await isParquet(file)) ? readParquet(path, file, problems) : readJsonLines(path, file, problems);
    } finally {
      await file.close();
    }
  }
}

/** A record as a line of JSON, its columns in the published order, without the line's end. */
export function gritJsonLine(record: GritRecord): string {
  const fields = GRIT_COLUMNS.map((column) => {
    const value = record[column];
    return `${JSON.stringify(column)}:${typeof value === 'bigint' ? value : JSON.stringify(value)}`;
  });
  return `{${fields.join(',')}}`;
}

async function* readJsonLines(path: string, file: FileSource, problems: Problems): AsyncGenerator<GritRecord> {
  let isFirst = true;
  for await (const { text, number, isTooLong } of readLines(file)) {
    if (text.trim() === '' && !isTooLong) continue;
    const where = `${path} line ${number}`;
    const row = parseRow(text);
    if (row === null) {
      problems.add('record-malformed', where);
    } else if (isFirst && NEEDED_COLUMNS.some((column) => !(column in row))) {
      problems.add('file-without-columns', `${path} has no ${missingColumns(Object.keys(row))}`);
      return;
    } else {
      const record = checkedRecord(row, where, problems);
      if (record) yield record;
    }
    isFirst = false;
  }
}

async function* readParquet(path: string, file: FileSource, problems: Problems): AsyncGenerator<GritRecord> {
  const rows = readParquetRows(file, (columns) => {
    const missing = missingColumns(columns);
    if (missing) problems.add('file-without-columns', `${path} has no ${missing}`);
    return missing === '' ? GRIT_COLUMNS.filter((column) => columns.includes(column)) : null;
  });
  for (let number = 0; ; number++) {
    let next: IteratorResult<Record<string, unknown>>;
    try {
      next = await rows.next();
    } catch (error) {
      problems.add('file-unreadable', `${path}: ${(error as Error).message}`);
      return;
    }
    if (next.done) return;
    const record = checkedRecord(next.value, `${path} row ${number}`, problems);
    if (record) yield record;
  }
}

function missingColumns(columns: readonly string[]): string {
  return NEEDED_COLUMNS.filter((column) => !columns.includes(column)).join(', ');
}
