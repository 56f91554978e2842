/** Fields of records in other people's files, checked. */

export type Row = Readonly<Record<string, unknown>>;

/** @param where file and row, for the message */
export function asRow(value: unknown, where: string): Row {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new Error(`${where}: an object is expected`);
  return value as Row;
}

export function text(row: Row, key: string, where: string): string {
  const value = row[key];
  if (typeof value !== 'string') throw wrong(where, key, 'a text', value);
  return value;
}

/** A number, also where it is written as a text (as in MDETR's Flickr30k files). */
export function number(row: Row, key: string, where: string): number {
  const value = row[key];
  const found = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  if (typeof found !== 'number' || !Number.isFinite(found)) throw wrong(where, key, 'a number', value);
  return found;
}

export function list(row: Row, key: string, where: string): readonly unknown[] {
  const value = row[key];
  if (!Array.isArray(value)) throw wrong(where, key, 'a list', value);
  return value;
}

export function texts(row: Row, key: string, where: string): string[] {
  const values = list(row, key, where);
  if (!values.every((value) => typeof value === 'string')) throw wrong(where, key, 'a list of texts', values);
  return [...values] as string[];
}

/** A number or text that names something, as text. */
export function identifier(row: Row, key: string, where: string): string {
  const value = row[key];
  if (typeof value !== 'string' && typeof value !== 'number') throw wrong(where, key, 'a number or a text', value);
  return String(value);
}

/** One of a few words or numbers; returns its place in the list. */
export function choice(row: Row, key: string, where: string, choices: readonly (string | number | boolean)[]): number {
  const at = choices.indexOf(row[key] as string);
  if (at < 0) throw wrong(where, key, choices.join(', '), row[key]);
  return at;
}

function wrong(where: string, key: string, expected: string, value: unknown): Error {
  const shown = value === undefined ? 'nothing' : JSON.stringify(value).slice(0, 80);
  return new Error(`${where}: "${key}" should be ${expected}, but there is ${shown}`);
}
