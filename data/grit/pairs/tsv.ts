/** Tab-separated pairs, with or without a line of headings. */
import type { FileSource } from '../../../engine/runtime/index.ts';
import { Unusable } from '../../corpora/problems.ts';
import { readRecords } from '../../corpora/readers/lines.ts';
import type { DataRecord, Place, Row } from '../../corpora/readers/record.ts';
import { readLines } from '../lines.ts';
import { CAPTION_COLUMNS, PAIR_COLUMNS } from './pair.ts';

/** What KOSMOS-2's own preparation writes (`prepare_grit.py`), of which the boxes are not read. */
const PUBLISHED = ['key', 'caption', 'base64', 'width', 'height'];

/**
 * A pair a line. The first line may name the columns. Without it there are two, picture and caption in either order (a picture is a
 * path that ends as one, or a URL), or the columns of the published preparation: md5, caption, picture in base64, width, height.
 */
export async function* readPairTsv(path: string, file: FileSource, from: Place): AsyncGenerator<DataRecord> {
  const columns = await headings(file);
  for await (const record of readRecords(path, file, from, (text) => rowOf(text.split('\t'), columns))) {
    if (columns === null || !isHeading(record, columns)) yield record;
  }
}

/** The names in the first line, when it has some: a column for captions and another that is known. */
async function headings(file: FileSource): Promise<string[] | null> {
  for await (const { text } of readLines(file)) {
    const names = text.split('\t').map((name) => name.trim());
    const known = names.filter((name) => PAIR_COLUMNS.includes(name));
    return known.length >= 2 && names.some((name) => CAPTION_COLUMNS.includes(name)) ? names : null;
  }
  return null;
}

function isHeading({ content }: DataRecord, columns: readonly string[]): boolean {
  return !(content instanceof Unusable) && columns.every((name) => String(content[name]).trim() === name);
}

function rowOf(values: readonly string[], columns: readonly string[] | null): Row | Unusable {
  if (columns !== null) {
    if (values.length === columns.length) return Object.fromEntries(columns.map((name, i) => [name, values[i]]));
    return new Unusable('line without the columns of the first', `${values.length} instead of ${columns.length}`);
  }
  if (values.length === 2) return pictureAndCaption(values[0], values[1]);
  if (values.length === 5 || values.length === 6)
    return Object.fromEntries(PUBLISHED.map((name, i) => [name, values[i]]));
  return new Unusable('line without a known number of columns', `${values.length}, and no headings`);
}

function pictureAndCaption(first: string, second: string): Row {
  if (isUrl(second) && !isUrl(first)) return { caption: first, url: second };
  if (isPicture(second) && !isPicture(first)) return { caption: first, image: second };
  const name = isUrl(first) ? 'url' : isPicture(first) ? 'image' : 'key';
  return { [name]: first, caption: second };
}

function isUrl(text: string): boolean {
  return /^https?:\/\/\S+$/i.test(text);
}

function isPicture(text: string): boolean {
  return /\.(jpe?g|png|webp)$/i.test(text);
}
