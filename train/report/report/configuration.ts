/** A configuration as cards: one for the plain fields of each object in it, and a wide table for each list of objects. */
import { card, escapeHtml, nameTable, valueTable } from '../../../report/html.ts';

interface Cards {
  /** Tables of names and values. */
  narrow: string[];
  wide: string[];
}

export function configurationCards(configuration: object, title: string): string {
  const cards: Cards = { narrow: [], wide: [] };
  collect(configuration, [], title, cards);
  return `${cards.wide.join('')}<div class="columns">${cards.narrow.join('')}</div>`;
}

function collect(object: object, path: readonly string[], title: string, cards: Cards): void {
  const entries = Object.entries(object);
  const plain = entries.filter(([, value]) => isPlain(value));
  const heading = `<h3>${escapeHtml(title)}</h3>`;
  if (plain.length > 0)
    cards.narrow.push(card(heading + nameTable(plain.map(([name, value]) => [name, showValue(value)]))));
  for (const [name, value] of entries) {
    const below = [...path, name];
    const title = below.join(' › ');
    if (isPlain(value)) continue;
    if (Array.isArray(value)) cards.wide.push(card(`<h3>${escapeHtml(title)}</h3>${listTable(value)}`));
    else collect(value as object, below, title, cards);
  }
}

/** A row for each object, a column for each of their fields. */
function listTable(list: readonly unknown[]): string {
  const rows = list.map((one) => (isObject(one) ? one : { value: one }) as Record<string, unknown>);
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))].filter((name) =>
    rows.some((row) => showValue(row[name]) !== NONE),
  );
  return valueTable(
    names,
    rows.map((row) => names.map((name) => showValue(row[name]))),
  );
}

const NONE = '–';

function showValue(value: unknown): string {
  if (value === undefined || value === null) return NONE;
  if (typeof value === 'string') return value || NONE;
  if (Array.isArray(value) && isPlain(value)) return value.map(showValue).join(', ') || NONE;
  return isObject(value) && Object.keys(value).length === 0 ? NONE : JSON.stringify(value);
}

/** A value that one cell shows: no object, nor a list with one in it. */
function isPlain(value: unknown): boolean {
  return Array.isArray(value) ? !value.some(isObject) : !isObject(value);
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
