/** Parquet files; only the columns that training data can have are read. */
import type { FileSource } from '../../../engine/runtime/index.ts';
import { isParquet, readParquetRows } from '../../grit/parquet.ts';
import { Unusable } from '../problems.ts';
import type { DataRecord, Place, Row } from './record.ts';

/** Every field that some kind of record is made of. */
const COLUMNS = [
  'key',
  'id',
  'text',
  'caption',
  'image',
  'base64',
  'noun_chunks',
  'ref_exps',
  'text_list',
  'image_info',
  'conversations',
  'instruction',
  'instances',
  'inputs',
  'targets',
];
/** Bytes that the numbers and lists of a row take, roughly; texts come on top. */
const ROW_SIZE = 500;

export async function* readParquet(path: string, file: FileSource, from: Place): AsyncGenerator<DataRecord> {
  if (!(await isParquet(file))) throw new Error(`${path} is no parquet file`);
  let columns: string[] = [];
  const choose = (names: string[]) => {
    columns = names.filter((name) => COLUMNS.includes(name));
    return columns.length > 0 ? columns : null;
  };
  let { number } = from;
  for await (const row of readParquetRows(file, choose, number)) {
    const next = { offset: 0, number: number + 1 };
    yield { where: `${path} row ${number}`, number, content: row, size: sizeOf(row), next };
    number++;
  }
  if (columns.length === 0) {
    const content = new Unusable('file without a column of training data', COLUMNS.join(', '));
    yield { where: path, number, content, size: 0, next: null };
  }
}

function sizeOf(row: Row): number {
  const texts = Object.values(row).filter((value) => typeof value === 'string');
  return texts.reduce((sum, text) => sum + text.length, ROW_SIZE);
}
