/** One object of a configuration file, read field by field: errors name the file, the path, what was found and what is wanted. */
import { nearestName, sameLetters } from './nearest.ts';

export type Json = Readonly<Record<string, unknown>>;

/** Bounds of a number; `above` and `below` are themselves left out. */
export interface Bounds {
  readonly least?: number;
  readonly above?: number;
  readonly most?: number;
  readonly below?: number;
}

/** Characters of a value that an error shows. */
const LONGEST_SHOWN = 80;

/**
 * Every getter takes the value for an absent field; without one the field is required. A field that was never asked for is unknown:
 * {@link end} refuses what is left, {@link rest} hands it on.
 */
export class Fields {
  readonly #values: Json;
  readonly #file: string;
  readonly #path: string;
  readonly #asked = new Set<string>();

  /** @throws Error when `values` is no object */
  constructor(values: unknown, file: string, path = '') {
    if (!isObject(values)) throw new Error(`${file}: ${path || 'the file'} must be an object, found ${show(values)}`);
    this.#values = values;
    this.#file = file;
    this.#path = path;
  }

  has(name: string): boolean {
    return this.#get(name) !== undefined;
  }

  /** A nested object; an empty one where the field is absent and not required. */
  fields(name: string, required = false): Fields {
    const value = this.#get(name);
    if (value === undefined && required) this.fail(name, 'an object');
    return new Fields(value ?? {}, this.#file, this.#at(name));
  }

  /** A list of at least one object. */
  list(name: string): Fields[] {
    const values = this.#get(name);
    if (!Array.isArray(values) || values.length === 0) this.fail(name, 'a list of at least one object');
    return values.map((value, i) => new Fields(value, this.#file, `${this.#at(name)}[${i}]`));
  }

  object(name: string): Json {
    const value = this.#get(name);
    return isObject(value) ? value : this.fail(name, 'an object');
  }

  text(name: string, fallback?: string): string {
    const value = this.#get(name) ?? fallback;
    return typeof value === 'string' && value !== '' ? value : this.fail(name, 'a text');
  }

  /** A text, or a list of at least one. */
  textOrTexts(name: string): string | readonly string[] {
    const value = this.#get(name);
    const isText = (one: unknown) => typeof one === 'string' && one !== '';
    const fits = Array.isArray(value) ? value.length > 0 && value.every(isText) : isText(value);
    return fits ? (value as string | readonly string[]) : this.fail(name, 'a text or a list of texts');
  }

  /** Two lists of texts or more, none of them empty. */
  wordLists(name: string): readonly (readonly string[])[] {
    const value = this.#get(name);
    const isWords = (list: unknown) =>
      Array.isArray(list) && list.length > 0 && list.every((word) => typeof word === 'string' && word !== '');
    const fits = Array.isArray(value) && value.length > 1 && value.every(isWords);
    return fits ? value : this.fail(name, 'two lists of words or more');
  }

  /** A whole number within the bounds, by default at least 0. */
  count(name: string, fallback?: number, { least = 0, most = Number.MAX_SAFE_INTEGER }: Bounds = {}): number {
    const value = this.#get(name) ?? fallback;
    const fits = typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most;
    const upTo = most < Number.MAX_SAFE_INTEGER ? ` and ≤ ${most}` : '';
    return fits ? value : this.fail(name, `a whole number ≥ ${least}${upTo}`);
  }

  number(name: string, bounds: Bounds, fallback?: number): number {
    const value = this.#get(name) ?? fallback;
    return fits(value, bounds) ? value : this.fail(name, `a number${words(bounds)}`);
  }

  /** Two numbers with the same bounds. */
  pair(name: string, bounds: Bounds, fallback: readonly [number, number]): readonly [number, number] {
    const value = this.#get(name) ?? fallback;
    if (!Array.isArray(value) || value.length !== 2) this.fail(name, `a list of two numbers${words(bounds)}`);
    const [first, second] = value as unknown[];
    if (fits(first, bounds) && fits(second, bounds)) return [first, second];
    return this.fail(name, `a list of two numbers${words(bounds)}`);
  }

  choice<Choice extends string>(name: string, choices: readonly Choice[], fallback?: Choice): Choice {
    const value = this.#get(name) ?? fallback;
    return choices.includes(value as Choice) ? (value as Choice) : this.fail(name, oneOf(choices, value));
  }

  /** A list without repetitions, possibly empty. */
  choices<Choice extends string>(name: string, choices: readonly Choice[]): Choice[] {
    const values = this.#get(name) ?? [];
    if (!Array.isArray(values)) this.fail(name, 'a list');
    for (const [i, value] of values.entries()) {
      if (!choices.includes(value)) this.fail(`${name}[${i}]`, oneOf(choices, value), value);
      if (values.indexOf(value) < i) this.fail(name, 'a list without repetitions');
    }
    return values as Choice[];
  }

  /** Throws about one field. `found` is for a value that is not the field's own. */
  fail(name: string, wanted: string, found: unknown = this.#values[name]): never {
    const meant = found === undefined ? nearestName(name, this.#unknown()) : null;
    const hint = meant === null ? '' : ` (${JSON.stringify(meant)} is there: a typing error?)`;
    throw new Error(`${this.#file}: ${this.#at(name)} must be ${wanted}, found ${show(found)}${hint}`);
  }

  /** Refuses the first field that nothing asked for. */
  end(): void {
    for (const name of this.#unknown()) this.#refuse(name, nearestName(name, this.#asked));
  }

  /** The fields that nothing asked for, as they are; one that differs from a known name in case or separators alone is refused. */
  rest(): Json {
    const names = this.#unknown();
    for (const name of names) {
      const meant = [...this.#asked].find((known) => sameLetters(known, name));
      if (meant !== undefined) this.#refuse(name, meant);
    }
    return Object.fromEntries(names.map((name) => [name, this.#values[name]]));
  }

  /** JSON's null stands for absent. */
  #get(name: string): unknown {
    this.#asked.add(name);
    return this.#values[name] ?? undefined;
  }

  #unknown(): string[] {
    return Object.keys(this.#values).filter((name) => !this.#asked.has(name));
  }

  #at(name: string): string {
    return this.#path ? `${this.#path}.${name}` : name;
  }

  #refuse(name: string, meant: string | null): never {
    const hint = meant === null ? `known are ${[...this.#asked].join(', ')}` : `did you mean ${meant}?`;
    throw new Error(`${this.#file}: ${this.#at(name)} is an unknown field; ${hint}`);
  }
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function fits(value: unknown, { least, above, most, below }: Bounds): value is number {
  if (typeof value !== 'number' || !Number.isFinite(value)) return false;
  const highEnough = value >= (least ?? Number.NEGATIVE_INFINITY) && value > (above ?? Number.NEGATIVE_INFINITY);
  return highEnough && value <= (most ?? Number.POSITIVE_INFINITY) && value < (below ?? Number.POSITIVE_INFINITY);
}

function words({ least, above, most, below }: Bounds): string {
  const parts = [
    least === undefined ? '' : `≥ ${least}`,
    above === undefined ? '' : `> ${above}`,
    most === undefined ? '' : `≤ ${most}`,
    below === undefined ? '' : `< ${below}`,
  ].filter((part) => part !== '');
  return parts.length > 0 ? ` ${parts.join(' and ')}` : '';
}

function oneOf(choices: readonly string[], found: unknown): string {
  const meant = typeof found === 'string' ? nearestName(found, choices) : null;
  const hint = meant === null ? '' : ` (did you mean ${JSON.stringify(meant)}?)`;
  return `one of ${choices.map((choice) => JSON.stringify(choice)).join(', ')}${hint}`;
}

function show(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length <= LONGEST_SHOWN ? text : `${text.slice(0, LONGEST_SHOWN)}…`;
}
