/** Files of records: one JSON document a line, one list, or comma-separated values. */
import { readJson } from '../../engine/runtime/json.ts';
import { asRow, type Row } from './fields.ts';
import { readLines } from './lines.ts';

/** A record and where it stands, for messages. */
export interface RecordAt {
  readonly row: Row;
  /** File and line, or file and place in the list. */
  readonly where: string;
}

/** Rows of a `.jsonl` file, empty lines aside; with `.json` the members of a list. @throws Error naming the line */
export async function* readRecords(path: string): AsyncGenerator<RecordAt> {
  if (/\.json$/i.test(path)) yield* readList(path);
  else yield* readJsonLines(path);
}

async function* readList(path: string): AsyncGenerator<RecordAt> {
  const document = await readJson(path);
  if (!Array.isArray(document)) throw new Error(`${path}: a list is expected`);
  for (const [index, value] of document.entries()) {
    const where = `${path} [${index}]`;
    yield { row: asRow(value, where), where };
  }
}

async function* readJsonLines(path: string): AsyncGenerator<RecordAt> {
  let line = 0;
  for await (const content of readLines(path)) {
    line++;
    if (content.trim() === '') continue;
    const where = `${path}:${line}`;
    yield { row: asRow(parse(content, where), where), where };
  }
}

function parse(content: string, where: string): unknown {
  try {
    return JSON.parse(content);
  } catch (error) {
    throw new Error(`${where} is no valid JSON: ${(error as Error).message}`, { cause: error });
  }
}

/** Rows of comma-separated values under a line of names; quoted fields may hold commas, quotes ("") and line feeds. */
export async function* readCsv(path: string): AsyncGenerator<RecordAt> {
  let names: string[] | null = null;
  let line = 0;
  let held = '';
  for await (const content of readLines(path)) {
    line++;
    held = held === '' ? content : `${held}\n${content}`;
    if ((held.match(/"/g)?.length ?? 0) % 2 === 1) continue;
    const fields = splitCsv(held);
    held = '';
    const where = `${path}:${line}`;
    if (names === null) names = fields;
    else if (fields.length === names.length)
      yield { row: Object.fromEntries(fields.map((field, at) => [names![at], field])), where };
    else if (fields.length > 1) throw new Error(`${where}: ${fields.length} fields where ${names.length} are expected`);
  }
  if (held !== '') throw new Error(`${path}: a quoted field is never closed`);
}

function splitCsv(line: string): string[] {
  // A comma before every field keeps an empty first one from being an empty match.
  const fields = `,${line}`.matchAll(/,(?:"((?:[^"]|"")*)"|([^,]*))/g);
  return [...fields].map(([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain);
}
