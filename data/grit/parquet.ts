/** GRIT's parquet files: one row a record, `noun_chunks` and `ref_exps` lists of lists of doubles. */
import type { AsyncBuffer, SchemaElement } from 'hyparquet';
import type { FileSource } from '../../engine/runtime/index.ts';
import { GRIT_COLUMNS, type GritRecord } from './records.ts';

const MAGIC = 'PAR1';
/** Rows of a group, the unit in which readers load a file. */
const ROWS_PER_GROUP = 1000;

export async function isParquet(file: FileSource): Promise<boolean> {
  if (file.size < MAGIC.length) return false;
  return new TextDecoder().decode(await file.read(0, MAGIC.length)) === MAGIC;
}

/**
 * The rows of a parquet file, with one row group in memory.
 *
 * @param choose is given the file's columns and returns those to read, or null to read nothing
 * @param from rows to pass over; groups before them are not read
 * @throws Error where the file is damaged
 */
export async function* readParquetRows(
  file: FileSource,
  choose: (columns: string[]) => string[] | null,
  from = 0,
): AsyncGenerator<Record<string, unknown>> {
  const [{ parquetMetadataAsync, parquetReadObjects, parquetSchema }, { compressors }] = await Promise.all([
    import('hyparquet'),
    import('hyparquet-compressors'),
  ]);
  const buffer = asyncBuffer(file);
  const metadata = await parquetMetadataAsync(buffer);
  const columns = choose(parquetSchema(metadata).children.map(({ element }) => element.name));
  if (columns === null) return;
  let rowStart = 0;
  for (const { num_rows, columns: chunks } of metadata.row_groups) {
    // A damaged count would have the library fill up millions of rows.
    if (num_rows < 0 || chunks.some(({ meta_data }) => meta_data && meta_data.num_values < num_rows)) {
      throw new Error(`a row group has ${num_rows} rows, but fewer values`);
    }
    const groupStart = rowStart;
    rowStart += Number(num_rows);
    if (rowStart <= from) continue;
    const rows: Record<string, unknown>[] = [];
    // One after another: of several columns that fail together the library lets all but one end the process.
    for (const column of columns) {
      const options = {
        file: buffer,
        metadata,
        columns: [column],
        rowStart: groupStart,
        rowEnd: rowStart,
        compressors,
      };
      const values = await parquetReadObjects(options);
      for (const [index, value] of values.entries()) rows[index] = { ...rows[index], ...value };
    }
    yield* rows.slice(Math.max(0, from - groupStart));
  }
}

/** Rows of each row group, the smallest thing that can be read. @throws Error where the file is damaged */
export async function parquetGroups(file: FileSource): Promise<number[]> {
  const { parquetMetadataAsync } = await import('hyparquet');
  const { row_groups: groups } = await parquetMetadataAsync(asyncBuffer(file));
  return groups.map(({ num_rows }) => Number(num_rows));
}

function asyncBuffer(file: FileSource): AsyncBuffer {
  return {
    byteLength: file.size,
    slice(start, end = file.size) {
      const bytes = file.read(start, end - start).then(({ buffer: content }) => content);
      // Of several pieces that fail together the reader waits for one alone; the others must not end the process.
      bytes.catch(() => {});
      return bytes;
    },
  };
}

/** A parquet file (snappy) of records, with the columns and types of the published files. */
export async function gritParquet(records: readonly GritRecord[]): Promise<Uint8Array> {
  const { parquetWriteBuffer } = await import('hyparquet-writer');
  const columnData = GRIT_COLUMNS.map((name) => ({
    name,
    data: records.map((record) => (isInteger(name) ? bigintOrNull(record[name]) : record[name])),
  }));
  return new Uint8Array(parquetWriteBuffer({ columnData, schema: SCHEMA, rowGroupSize: ROWS_PER_GROUP }));
}

type IntegerColumn = 'id' | 'width' | 'height';

function isInteger(name: (typeof GRIT_COLUMNS)[number]): name is IntegerColumn {
  return name === 'id' || name === 'width' || name === 'height';
}

function bigintOrNull(value: number | bigint | null): bigint | null {
  return value === null ? null : BigInt(typeof value === 'number' ? Math.round(value) : value);
}

const SCHEMA: SchemaElement[] = [
  { name: 'schema', repetition_type: 'REQUIRED', num_children: GRIT_COLUMNS.length },
  ...GRIT_COLUMNS.flatMap((name): SchemaElement[] => {
    if (name === 'noun_chunks' || name === 'ref_exps') return listsOfDoubles(name);
    if (isInteger(name)) return [{ name, type: 'INT64', repetition_type: 'OPTIONAL' }];
    if (name.startsWith('clip_')) return [{ name, type: 'DOUBLE', repetition_type: 'OPTIONAL' }];
    const logical_type = { type: 'STRING' } as const;
    return [{ name, type: 'BYTE_ARRAY', converted_type: 'UTF8', logical_type, repetition_type: 'OPTIONAL' }];
  }),
];

function listsOfDoubles(name: string): SchemaElement[] {
  return [...list(name), ...list('element'), { name: 'element', type: 'DOUBLE', repetition_type: 'OPTIONAL' }];
}

/** The three levels of a parquet list but for its elements. */
function list(name: string): SchemaElement[] {
  const logical_type = { type: 'LIST' } as const;
  return [
    { name, repetition_type: 'OPTIONAL', num_children: 1, converted_type: 'LIST', logical_type },
    { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
  ];
}
