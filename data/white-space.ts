/**
 * White space as the reference implementations see it, which is not what JavaScript's `trim` and `\s` take.
 *
 * - Unicode's White_Space property (the `tokenizers` library): U+0085 belongs to it, U+FEFF does not.
 * - Python's `str.strip` and `str.isspace`: the same and U+001C to U+001F.
 */
const UNICODE_WHITE_SPACE = codePoints([
  [0x09, 0x0d],
  [0x20, 0x20],
  [0x85, 0x85],
  [0xa0, 0xa0],
  [0x1680, 0x1680],
  [0x2000, 0x200a],
  [0x2028, 0x2029],
  [0x202f, 0x202f],
  [0x205f, 0x205f],
  [0x3000, 0x3000],
]);

const PYTHON_WHITE_SPACE = new Set([...UNICODE_WHITE_SPACE, ...codePoints([[0x1c, 0x1f]])]);

function codePoints(ranges: readonly (readonly [number, number])[]): Set<number> {
  const set = new Set<number>();
  for (const [first, last] of ranges) {
    for (let code = first; code <= last; code++) set.add(code);
  }
  return set;
}

/** Whether a UTF-16 code unit has Unicode's White_Space property (all such characters lie in the first plane). */
export function isWhiteSpace(codeUnit: number): boolean {
  return UNICODE_WHITE_SPACE.has(codeUnit);
}

/** The words of a text: maximal runs without White_Space. */
export function splitAtWhiteSpace(text: string): string[] {
  const words: string[] = [];
  let start = 0;
  for (let at = 0; at <= text.length; at++) {
    if (at < text.length && !isWhiteSpace(text.charCodeAt(at))) continue;
    if (at > start) words.push(text.slice(start, at));
    start = at + 1;
  }
  return words;
}

/** Number of white space characters (Python's) at the start of a text. */
export function leadingWhiteSpace(text: string): number {
  let count = 0;
  while (count < text.length && PYTHON_WHITE_SPACE.has(text.charCodeAt(count))) count++;
  return count;
}

/** Number of white space characters (Python's) at the end of a text. */
export function trailingWhiteSpace(text: string): number {
  let count = 0;
  while (count < text.length && PYTHON_WHITE_SPACE.has(text.charCodeAt(text.length - 1 - count))) count++;
  return count;
}

/** Python's `str.strip()`. */
export function strip(text: string): string {
  const start = leadingWhiteSpace(text);
  return start === text.length ? '' : text.slice(start, text.length - trailingWhiteSpace(text));
}
