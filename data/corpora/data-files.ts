/** Which files a corpus is made of, and how each is read. */
import { type Runtime, runtime } from '../../engine/runtime/index.ts';
import { readJsonList } from './readers/json-list.ts';
import { readJsonLines } from './readers/lines.ts';
import { readParquet } from './readers/parquet.ts';
import type { Reader } from './readers/record.ts';
import { readTsv } from './readers/tsv.ts';
import { readWebDataset } from './readers/webdataset.ts';

export const FORMATS = {
  jsonl: { endings: ['.jsonl', '.ndjson'], read: readJsonLines },
  tsv: { endings: ['.tsv'], read: readTsv },
  webdataset: { endings: ['.tar'], read: readWebDataset },
  parquet: { endings: ['.parquet'], read: readParquet },
  json: { endings: ['.json'], read: readJsonList },
} as const satisfies Record<string, { endings: readonly string[]; read: Reader }>;

export type Format = keyof typeof FORMATS;
export const FORMAT_NAMES = Object.keys(FORMATS) as Format[];

export interface DataFile {
  readonly path: string;
  readonly format: Format;
}

/**
 * The files that `paths` name, sorted and each once. A path is a file, a folder (its own files, not those of folders in it), or a
 * pattern: `*` and `?` in the last part, `{00000..00099}` anywhere.
 *
 * @param format of every file; by default the endings say it. Of a folder only files of one format are taken
 * @throws Error where a path names nothing, or it cannot be told how to read it
 */
export async function dataFiles(paths: readonly string[], format: Format | null): Promise<DataFile[]> {
  const here = await runtime();
  const found = new Map<string, Format>();
  for (const path of paths.flatMap(expandRanges)) {
    for (const file of await filesAt(here, path, format)) found.set(file, format ?? formatOf(file)!);
  }
  return [...found.keys()].sort().map((path) => ({ path, format: found.get(path)! }));
}

async function filesAt(here: Runtime, path: string, format: Format | null): Promise<string[]> {
  const [folder, name] = splitPath(path);
  if (/[*?]/.test(name)) return matching(here, folder, name, format);
  if (formatOf(path) !== null) {
    if (await here.exists(path)) return [path];
    throw new Error(`${path}: there is no such file`);
  }
  const status = await here.status(path);
  if (status === null) throw new Error(`${path}: there is no such file or folder`);
  if (status.kind === 'folder') return filesOfFolder(here, path, format);
  if (format !== null) return [path];
  throw new Error(`${path}: its ending does not tell its format; "format" may be ${FORMAT_NAMES.join(', ')}`);
}

async function matching(here: Runtime, folder: string, name: string, format: Format | null): Promise<string[]> {
  const escaped = name.replace(/[.+^${}()|[\]\\]/g, '\\$&');
  const pattern = new RegExp(`^${escaped.replaceAll('*', '.*').replaceAll('?', '.')}$`);
  const files = (await fileNames(here, folder || '.')).filter((one) => pattern.test(one));
  if (files.length === 0) throw new Error(`${folder}${name}: no file matches`);
  const unknown = format === null ? files.find((one) => formatOf(one) === null) : undefined;
  if (unknown === undefined) return files.map((one) => folder + one);
  throw new Error(
    `${folder}${unknown}: its ending does not tell its format; "format" may be ${FORMAT_NAMES.join(', ')}`,
  );
}

/** JSON files of a folder are often about the data and not data; they count where there is nothing else. */
async function filesOfFolder(here: Runtime, folder: string, format: Format | null): Promise<string[]> {
  const names = (await fileNames(here, folder)).filter((name) => formatOf(name) !== null);
  const formats = [...new Set(names.map((name) => formatOf(name)!))];
  const data = formats.length > 1 ? formats.filter((one) => one !== 'json') : formats;
  if (format === null && data.length > 1)
    throw new Error(`${folder} holds files of several formats: "format" must say which of ${data.join(', ')} to take`);
  const files = names.filter((name) => formatOf(name) === (format ?? data[0]));
  if (files.length > 0) return files.map((name) => `${folder.replace(/\/$/, '')}/${name}`);
  const endings = FORMAT_NAMES.filter((one) => format === null || one === format).flatMap(
    (one) => FORMATS[one].endings,
  );
  throw new Error(`${folder} holds no file that ends in ${endings.join(', ')}`);
}

async function fileNames(here: Runtime, folder: string): Promise<string[]> {
  const entries = await here.listFolder(folder);
  return entries.filter(({ name, kind }) => kind === 'file' && !name.startsWith('.')).map(({ name }) => name);
}

function formatOf(path: string): Format | null {
  const lower = path.toLowerCase();
  return FORMAT_NAMES.find((format) => FORMATS[format].endings.some((ending) => lower.endsWith(ending))) ?? null;
}

/** `a{08..10}b` is a08b, a09b, a10b. */
function expandRanges(path: string): string[] {
  const range = /^(.*?)\{(\d+)\.\.(\d+)\}(.*)$/s.exec(path);
  if (!range) return [path];
  const [, before, first, last, after] = range as unknown as [string, string, string, string, string];
  const numbers = Array.from({ length: Math.max(0, Number(last) - Number(first) + 1) }, (_, i) => Number(first) + i);
  return numbers.flatMap((number) => expandRanges(before + String(number).padStart(first.length, '0') + after));
}

/** The folder that a file lies in. */
export function folderOf(path: string): string {
  return splitPath(path)[0].replace(/(?<=.)[\\/]$/, '') || '.';
}

/** The folder with its slash, of either kind as Windows has them, and the name. */
function splitPath(path: string): [string, string] {
  const at = Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1;
  return [path.slice(0, at), path.slice(at)];
}
