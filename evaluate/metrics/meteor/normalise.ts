/**
 * The tokenizer behind METEOR's option `-norm` for English: punctuation stands apart and is kept, quotes and dashes become
 * ASCII, hyphenated words fall apart, contractions split before the apostrophe, and the dots of "U.S." go.
 */

/** Whether an abbreviation keeps its dot before anything, or before a number only. */
export type PrefixKind = 'always' | 'before a number';
export type Prefixes = ReadonlyMap<string, PrefixKind>;

const DIGIT = '0-9';
/** Latin and Cyrillic letters, as listed in the program. */
const LETTER =
  'A-Za-z\\u0160\\u017D\\u0161\\u017E\\u0178\\u00C0-\\u00D6\\u00D8-\\u00F6\\u00F8-\\u017E' +
  '\\u0400-\\u04FF\\u0500-\\u0527\\uA640-\\uA66E\\uA67E-\\uA697\\u1D00-\\u1D7F';
const ALPHANUMERIC = DIGIT + LETTER;

const pattern = (source: string) => new RegExp(source, 'gu');

/** Applied one after the other. */
const REWRITES: readonly (readonly [RegExp, string])[] = [
  // What is neither a letter, a digit nor handled below stands apart.
  [pattern(`([^${ALPHANUMERIC} \\t\\n\\v\\f\\r.'\`,\\-\\u2018\\u2019])`), ' $1 '],
  // Several dots are one word.
  [pattern('(\\.{2,})'), ' $1 '],
  // Commas stand apart except within numbers.
  [pattern(`([^${DIGIT}]),([^${DIGIT}])`), '$1 , $2'],
  [pattern(`([${DIGIT}]),([^${DIGIT}])`), '$1 , $2'],
  [pattern(`([^${DIGIT}]),([${DIGIT}])`), '$1 , $2'],
  [pattern('[`\\u2018\\u2019]'), "'"],
  [pattern("[\\u201C\\u201D]|''"), ' " '],
  [pattern('\\u2013'), '-'],
  [pattern('--'), '-'],
  [pattern(`([${ALPHANUMERIC}.])-([${ALPHANUMERIC}])`), '$1 $2'],
  // Apostrophes.
  [pattern(`([^${LETTER}])'([^${LETTER}])`), "$1 ' $2"],
  [pattern(`([^${ALPHANUMERIC}])'([${LETTER}])`), "$1 ' $2"],
  [pattern(`([${LETTER}])'([^${LETTER}])`), "$1 ' $2"],
  [pattern(`([${LETTER}])'([${LETTER}])`), "$1 '$2"],
  [pattern(`([${DIGIT}])'(s)`), "$1 '$2"],
];

const HAS_LETTER = new RegExp(`[${LETTER}]`, 'u');
const SPACES = /[ \u00A0\u1680\u2000-\u200A\u202F\u205F\u3000]+/g;

/** The words of a text, lower-cased. */
export function normaliseEnglish(text: string, prefixes: Prefixes): string[] {
  let line = ` ${text} `;
  for (const [from, to] of REWRITES) line = line.replace(from, to);
  const words = splitWords(line);
  const settled = words.map((word, at) => settleDot(word, words[at + 1], prefixes)).join(' ');
  return splitWords(settled.replace(SPACES, ' ').toLowerCase());
}

function splitWords(text: string): string[] {
  return text.split(/[ \t\n\f\r]+/).filter((word) => word !== '');
}

/** A full stop at the end of a word stands apart, unless it belongs to an abbreviation. */
function settleDot(word: string, next: string | undefined, prefixes: Prefixes): string {
  if (word.length < 2 || !word.endsWith('.') || /^\.+$/.test(word)) return word;
  const before = word.slice(0, -1);
  if (before.includes('.') && HAS_LETTER.test(before)) return word.replaceAll('.', '');
  const kind = prefixes.get(before);
  const goesOn = next !== undefined && /^[a-z]/.test(next);
  const isNumbered = kind === 'before a number' && next !== undefined && /^[0-9]/.test(next);
  return kind === 'always' || goesOn || isNumbered ? word : `${before} .`;
}
