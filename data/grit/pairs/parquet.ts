/** Pairs in parquet files: COYO's and LAION's columns, img2dataset's, and those of this project. */
import type { FileSource } from '../../../engine/runtime/index.ts';
import { Unusable } from '../../corpora/problems.ts';
import type { DataRecord, Place } from '../../corpora/readers/record.ts';
import { isParquet, readParquetRows } from '../parquet.ts';
import { CAPTION_COLUMNS, PAIR_COLUMNS } from './pair.ts';

/** A file without a column of captions gives one record that says so. */
export async function* readPairParquet(path: string, file: FileSource, from: Place): AsyncGenerator<DataRecord> {
  if (!(await isParquet(file))) throw new Error(`${path} is no parquet file`);
  let hasCaptions = false;
  const choose = (names: string[]) => {
    hasCaptions = names.some((name) => CAPTION_COLUMNS.includes(name));
    return hasCaptions ? names.filter((name) => PAIR_COLUMNS.includes(name)) : null;
  };
  let { number } = from;
  for await (const row of readParquetRows(file, choose, number)) {
    yield { where: `${path} row ${number}`, number, content: row, size: 0, next: { offset: 0, number: number + 1 } };
    number++;
  }
  if (!hasCaptions) {
    const content = new Unusable('file without a column of captions', CAPTION_COLUMNS.join(', '));
    yield { where: path, number, content, size: 0, next: null };
  }
}
