/** Objects of a JSONL file, with identifiers of 64 bits. */

/** Digits of a top-level "id" that a JavaScript number may not hold; in strings the quotes would have a backslash. */
const LONG_ID = /"id"\s*:\s*(-?\d{16,19})\s*[,}]/;

/** The object in a line; its `id` is a bigint where a number would not be exact. Null where it is no JSON object. */
export function parseRow(text: string): Record<string, unknown> | null {
  let row: unknown;
  try {
    row = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof row !== 'object' || row === null || Array.isArray(row)) return null;
  const fields = row as Record<string, unknown>;
  if (typeof fields.id !== 'number' || Number.isSafeInteger(fields.id)) return fields;
  const digits = LONG_ID.exec(text)?.[1];
  return digits === undefined ? fields : { ...fields, id: BigInt(digits) };
}

/** An integer of 64 bits as a record holds it; null where the value is none. */
export function integerOrNull(value: unknown): number | bigint | null {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? value : null;
  if (typeof value !== 'bigint' || BigInt.asIntN(64, value) !== value) return null;
  return BigInt(Number(value)) === value && Number.isSafeInteger(Number(value)) ? Number(value) : value;
}

/** The integer that a text spells, as a record holds it: identifiers of many collections are numbers that are written as texts. */
export function integerIn(text: string): number | bigint | null {
  return /^(0|-?[1-9]\d{0,18})$/.test(text) ? integerOrNull(BigInt(text)) : null;
}
