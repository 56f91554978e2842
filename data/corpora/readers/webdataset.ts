/**
 * WebDataset shards: tar archives in which the files of a sample follow each other and share their name up to the first dot, as
 * `000012.jpg`, `000012.txt`, `000012.json`.
 */
import type { FileSource } from '../../../engine/runtime/index.ts';
import { parseRow } from '../../grit/json-row.ts';
import { Unusable } from '../problems.ts';
import { CUT_OFF, type DataRecord, NO_JSON_OBJECT, type Place, type Row, TOO_LONG } from './record.ts';
import { type TarEntry, TarError, tarEntries } from './tar.ts';

/** Bytes of a sample that are held. */
const LARGEST_SAMPLE = 1 << 26;
const PICTURE = /\.(jpe?g|png|webp)$/i;

/** Files of a sample, in the archive's order. */
interface Sample {
  readonly key: string;
  readonly entries: TarEntry[];
}

/** Fields are those of the `.json`; the `.txt` is `caption` and `text` where that has none. */
export async function* readWebDataset(path: string, file: FileSource, from: Place): AsyncGenerator<DataRecord> {
  let { number } = from;
  let sample: Sample | null = null;
  try {
    for await (const entry of tarEntries(file, from.offset)) {
      const key = keyOf(entry.name);
      if (key === null) continue;
      if (sample !== null && key !== sample.key) {
        yield await recordOf(path, file, sample, number++, entry.offset);
        sample = null;
      }
      sample ??= { key, entries: [] };
      sample.entries.push(entry);
    }
  } catch (error) {
    if (!(error instanceof TarError)) throw error;
    // A sample that is cut cannot be used; one before the damage can.
    if (sample !== null && (error.entry === null || keyOf(error.entry) !== sample.key))
      yield await recordOf(path, file, sample, number++, file.size);
    yield {
      where: error.entry === null ? path : `${path} ${error.entry}`,
      number,
      content: new Unusable(error.entry === null ? 'file with a damaged archive' : CUT_OFF, error.message),
      size: 0,
      next: null,
    };
    return;
  }
  if (sample !== null) yield await recordOf(path, file, sample, number, file.size);
}

/** The name up to the first dot of its last part; null for hidden files. */
function keyOf(name: string): string | null {
  const [, key = null] = /^((?:.*\/)?[^./][^./]*)\.[^/]*$/s.exec(name) ?? [];
  return key;
}

/** Its file's, without the ending. */
function archiveName(path: string): string {
  return path.replace(/^.*[\\/]/s, '').replace(/\.tar$/i, '');
}

async function recordOf(
  path: string,
  file: FileSource,
  { key, entries }: Sample,
  number: number,
  nextOffset: number,
): Promise<DataRecord> {
  const size = entries.reduce((sum, entry) => sum + entry.size, 0);
  const record = {
    where: `${path} ${key}`,
    name: `${archiveName(path)}/${key}`,
    number,
    next: { offset: nextOffset, number: number + 1 },
  };
  if (size > LARGEST_SAMPLE) return { ...record, content: new Unusable(TOO_LONG, `${size} bytes`), size: 0 };
  const pictures = new Map<string, Uint8Array<ArrayBuffer>>();
  const texts = new Map<string, string>();
  for (const entry of entries) {
    const name = entry.name.slice(entry.name.lastIndexOf('/') + 1);
    const ending = /\.(txt|json)$/i.exec(name)?.[1]?.toLowerCase();
    if (ending) texts.set(ending, new TextDecoder().decode(await file.read(entry.start, entry.size)));
    else if (PICTURE.test(name)) pictures.set(name, await file.read(entry.start, entry.size));
  }
  return { ...record, content: contentOf(texts), pictures, size };
}

function contentOf(texts: ReadonlyMap<string, string>): Row | Unusable {
  const json = texts.get('json');
  const fields = json === undefined ? {} : parseRow(json);
  if (fields === null) return new Unusable(NO_JSON_OBJECT);
  const text = texts.get('txt');
  return text === undefined ? fields : { caption: text, text, ...fields };
}
