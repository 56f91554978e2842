/**
 * The Snowball stemmer for English ("Porter2", Porter 2002) as METEOR 1.5 uses it. Words are expected in lower case.
 *
 * R1 is what follows the first consonant after a vowel, R2 the same within R1; most endings only go where they lie in one
 * of the two. A `y` that counts as a consonant is written `Y` while the rules run.
 */

/** Words with a stem of their own; the last are their own stems. */
const IRREGULAR: ReadonlyMap<string, string> = new Map([
  ['skis', 'ski'],
  ['skies', 'sky'],
  ['dying', 'die'],
  ['lying', 'lie'],
  ['tying', 'tie'],
  ['idly', 'idl'],
  ['gently', 'gentl'],
  ['ugly', 'ugli'],
  ['early', 'earli'],
  ['only', 'onli'],
  ['singly', 'singl'],
  ...['sky', 'news', 'howe', 'atlas', 'cosmos', 'bias', 'andes'].map((word): [string, string] => [word, word]),
]);

/** Words that are left as they are once a plural ending has gone. */
const SETTLED = new Set('inning outing canning herring earring proceed exceed succeed'.split(' '));

const VOWEL = '[aeiouy]';
const CONSONANT = '[^aeiouy]';

const HAS_VOWEL = new RegExp(VOWEL);
const VOWEL_BEFORE_LAST = new RegExp(`${VOWEL}.`);
const DOUBLE = /(bb|dd|ff|gg|mm|nn|pp|rr|tt)$/;
/** A vowel between consonants at the end, the last not w, x or Y; or a vowel and a consonant that are the whole word. */
const ENDS_IN_SHORT_SYLLABLE = new RegExp(`${CONSONANT}${VOWEL}[^aeiouywxY]$|^${VOWEL}${CONSONANT}$`);
const REGION = new RegExp(`^.*?${VOWEL}${CONSONANT}`);
const LONGER_START = /^(gener|commun|arsen)/;

/** Ending, what stands in its place, and what must hold for the part before it. */
type Rule = readonly [ending: string, replacement: string, condition?: (before: string) => boolean];

const STEP_2: readonly Rule[] = longestFirst([
  ['tional', 'tion'],
  ['enci', 'ence'],
  ['anci', 'ance'],
  ['abli', 'able'],
  ['entli', 'ent'],
  ['izer', 'ize'],
  ['ization', 'ize'],
  ['ational', 'ate'],
  ['ation', 'ate'],
  ['ator', 'ate'],
  ['alism', 'al'],
  ['aliti', 'al'],
  ['alli', 'al'],
  ['fulness', 'ful'],
  ['ousli', 'ous'],
  ['ousness', 'ous'],
  ['iveness', 'ive'],
  ['iviti', 'ive'],
  ['biliti', 'ble'],
  ['bli', 'ble'],
  ['ogi', 'og', (before) => before.endsWith('l')],
  ['fulli', 'ful'],
  ['lessli', 'less'],
  ['li', '', (before) => /[cdeghkmnrt]$/.test(before)],
]);

const STEP_3: readonly Rule[] = longestFirst([
  ['tional', 'tion'],
  ['ational', 'ate'],
  ['alize', 'al'],
  ['icate', 'ic'],
  ['iciti', 'ic'],
  ['ical', 'ic'],
  ['ful', ''],
  ['ness', ''],
  ['ative', ''],
]);

const STEP_4: readonly Rule[] = longestFirst([
  ...'al ance ence er ic able ible ant ement ment ent ism ate iti ous ive ize'.split(' ').map((end): Rule => [end, '']),
  ['ion', '', (before) => /[st]$/.test(before)],
]);

function longestFirst(rules: readonly Rule[]): Rule[] {
  return rules.toSorted(([a], [b]) => b.length - a.length);
}

export function stemEnglish(word: string): string {
  const irregular = IRREGULAR.get(word);
  if (irregular !== undefined) return irregular;
  if (word.length < 3) return word;
  const marked = markConsonantY(word.startsWith("'") ? word.slice(1) : word);
  const [r1, r2] = regions(marked);
  let stem = removePlural(marked.replace(/'s'$|'s$|'$/, ''));
  if (!SETTLED.has(stem)) {
    stem = removePast(stem, r1);
    stem = stem.replace(new RegExp(`(.${CONSONANT})[yY]$`), '$1i');
    stem = applyRule(stem, STEP_2, r1);
    stem = applyStep3(stem, r1, r2);
    stem = applyRule(stem, STEP_4, r2);
    stem = removeFinal(stem, r1, r2);
  }
  return stem.replaceAll('Y', 'y');
}

function markConsonantY(word: string): string {
  // One after the other, since in "yy" after a vowel the second follows a consonant by then.
  let marked = '';
  for (const character of word) {
    const isConsonant = character === 'y' && (marked === '' || HAS_VOWEL.test(marked.at(-1)!));
    marked += isConsonant ? 'Y' : character;
  }
  return marked;
}

/** Where R1 and R2 begin. */
function regions(word: string): [r1: number, r2: number] {
  const start = (LONGER_START.exec(word) ?? REGION.exec(word))?.[0].length ?? word.length;
  const second = REGION.exec(word.slice(start))?.[0].length ?? word.length - start;
  return [start, start + second];
}

function removePlural(word: string): string {
  if (word.endsWith('sses')) return word.slice(0, -2);
  if (/ie[ds]$/.test(word)) return word.slice(0, word.length > 4 ? -2 : -1);
  if (/[us]s$/.test(word)) return word;
  if (word.endsWith('s') && VOWEL_BEFORE_LAST.test(word.slice(0, -1))) return word.slice(0, -1);
  return word;
}

function removePast(word: string, r1: number): string {
  const eed = /eed(ly)?$/.exec(word);
  if (eed) return eed.index >= r1 ? `${word.slice(0, eed.index)}ee` : word;
  const ending = /(ed|ing)(ly)?$/.exec(word);
  if (!ending) return word;
  const rest = word.slice(0, ending.index);
  if (!HAS_VOWEL.test(rest)) return word;
  if (/(at|bl|iz)$/.test(rest)) return `${rest}e`;
  if (DOUBLE.test(rest)) return rest.slice(0, -1);
  return rest.length === r1 && ENDS_IN_SHORT_SYLLABLE.test(rest) ? `${rest}e` : rest;
}

/** Only the longest ending that fits is looked at; it must lie in the region. */
function applyRule(word: string, rules: readonly Rule[], region: number): string {
  const rule = rules.find(([ending]) => word.endsWith(ending));
  if (!rule) return word;
  const [ending, replacement, condition] = rule;
  const before = word.slice(0, -ending.length);
  return before.length >= region && (condition?.(before) ?? true) ? before + replacement : word;
}

function applyStep3(word: string, r1: number, r2: number): string {
  return applyRule(word, STEP_3, word.endsWith('ative') ? Math.max(r1, r2) : r1);
}

function removeFinal(word: string, r1: number, r2: number): string {
  const before = word.slice(0, -1);
  const inR1 = before.length >= r1;
  const inR2 = before.length >= r2;
  if (word.endsWith('e')) return inR2 || (inR1 && !ENDS_IN_SHORT_SYLLABLE.test(before)) ? before : word;
  return word.endsWith('ll') && inR2 ? before : word;
}
