/** What the parser sees of a word: the word itself, its first and last letters, and how it is written. */

export interface AffixKind {
  readonly side: 'prefix' | 'suffix';
  /** Characters (UTF-16 units). */
  readonly length: number;
}

export const AFFIXES: readonly AffixKind[] = [
  { side: 'prefix', length: 2 },
  { side: 'prefix', length: 3 },
  { side: 'prefix', length: 4 },
  { side: 'prefix', length: 5 },
  { side: 'suffix', length: 1 },
  { side: 'suffix', length: 2 },
  { side: 'suffix', length: 3 },
  { side: 'suffix', length: 4 },
];

/** Equal signs behind each other that a shape shows. */
const LONGEST_RUN = 2;

/** In lower case, with one kind of apostrophe, and every digit a 0: years and prices are as many words as there are. */
export function normalForm(form: string): string {
  return form.toLowerCase().replace(/[’`´]/g, "'").replace(/\d/g, '0');
}

/** The letters at one end of a normal form; marked where they are the whole word. */
export function affixOf(normal: string, { side, length }: AffixKind): string {
  if (normal.length <= length) return `${normal}|`;
  return side === 'prefix' ? normal.slice(0, length) : normal.slice(-length);
}

/** `Xx` for "Qaim", `XX` for "USA", `00-x` for "24-hour". */
export function shapeOf(form: string): string {
  let shape = '';
  let run = 0;
  for (const character of form) {
    const sign = signOf(character);
    run = shape.endsWith(sign) ? run + 1 : 1;
    if (run <= LONGEST_RUN) shape += sign;
  }
  return shape;
}

function signOf(character: string): string {
  if (/\d/.test(character)) return '0';
  if (character !== character.toLowerCase()) return 'X';
  return /\p{L}/u.test(character) ? 'x' : character;
}
