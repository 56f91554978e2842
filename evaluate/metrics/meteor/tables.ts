/** METEOR's tables for English: the files of its distribution, given by a folder. */
import { runtime } from '../../../engine/runtime/index.ts';
import { readLines } from '../../data/lines.ts';
import type { Prefixes, PrefixKind } from './normalise.ts';
import { Paraphrases } from './paraphrases.ts';
import { Synonyms } from './synonyms.ts';

/** Where the tables come from. */
const SOURCE = 'the distribution of METEOR 1.5 (https://github.com/cmu-mtlab/meteor, resources and data)';

export interface MeteorTables {
  readonly functionWords: ReadonlySet<string>;
  readonly prefixes: Prefixes;
  readonly synonyms: Synonyms;
}

/** A table that is not where it was looked for. */
export class MissingTableError extends Error {}

/**
 * Reads `english.words`, `english.prefixes`, `english.synsets` and `english.exceptions`, each plain or with `.gz`.
 *
 * @throws MissingTableError naming the files that are missing and where they come from
 * @throws Error naming a file that is damaged
 */
export async function loadMeteorTables(folder: string): Promise<MeteorTables> {
  const names = ['english.words', 'english.prefixes', 'english.synsets', 'english.exceptions'];
  const files = await Promise.all(names.map((name) => findTable(folder, name)));
  const missing = names.filter((_, index) => files[index] === null);
  if (missing.length > 0) throw new MissingTableError(missingTables(folder, missing));
  const [words, prefixes, synsets, exceptions] = files as string[];
  return {
    functionWords: await readWords(words),
    prefixes: await readPrefixes(prefixes),
    synonyms: new Synonyms(await readSynsets(synsets), await readBases(exceptions)),
  };
}

/**
 * Reads `paraphrase-en.gz` as far as it matters to some texts: the pairs whose words all occur in them. The whole table
 * would take gigabytes.
 *
 * @param vocabulary all words of the normalised texts
 * @throws MissingTableError when the file is not there
 */
export async function loadParaphrases(folder: string, vocabulary: ReadonlySet<string>): Promise<Paraphrases> {
  const file = await findTable(folder, 'paraphrase-en');
  if (file === null) throw new MissingTableError(missingTables(folder, ['paraphrase-en.gz']));
  const table = new Paraphrases();
  // Three lines a pair: a probability that METEOR does not use, a phrase, and its paraphrase.
  for await (const [, phrase, paraphrase] of groupsOf(3, file)) {
    const sides = [phrase, paraphrase].map((side) => side.split(/\s+/).filter((word) => word !== ''));
    if (sides.every((words) => words.length > 0 && words.every((word) => vocabulary.has(word)))) {
      table.add(sides[0], sides[1]);
    }
  }
  return table;
}

function missingTables(folder: string, names: readonly string[]): string {
  const list = names.map((name) => `${folder}/${name}`).join(', ');
  return `METEOR's ${names.length === 1 ? 'table' : 'tables'} ${list} ${names.length === 1 ? 'is' : 'are'} missing: get ${
    names.length === 1 ? 'it' : 'them'
  } from ${SOURCE}`;
}

async function findTable(folder: string, name: string): Promise<string | null> {
  const here = await runtime();
  for (const file of [`${folder}/${name}`, `${folder}/${name}.gz`]) if (await here.exists(file)) return file;
  return null;
}

async function readWords(file: string): Promise<Set<string>> {
  const words = new Set<string>();
  for await (const line of readLines(file)) words.add(line);
  return words;
}

async function readPrefixes(file: string): Promise<Map<string, PrefixKind>> {
  const prefixes = new Map<string, PrefixKind>();
  for await (const line of readLines(file)) {
    const [prefix, kind] = line.trim().split(/\s+/);
    if (prefix === '' || prefix.startsWith('#')) continue;
    prefixes.set(prefix, kind === '#NUMERIC_ONLY#' ? 'before a number' : 'always');
  }
  return prefixes;
}

async function readSynsets(file: string): Promise<Map<string, readonly number[]>> {
  const synsets = new Map<string, readonly number[]>();
  for await (const [word, numbers] of groupsOf(2, file)) {
    const parsed = numbers.split(' ').map(Number);
    if (!parsed.every(Number.isInteger)) throw new Error(`${file}: synset numbers are expected after "${word}"`);
    synsets.set(word, parsed);
  }
  return synsets;
}

/** From irregular forms to their base forms. */
async function readBases(file: string): Promise<Map<string, string[]>> {
  const bases = new Map<string, string[]>();
  for await (const [base, forms] of groupsOf(2, file)) {
    for (const form of forms.split(' ')) bases.set(form, [...(bases.get(form) ?? []), base]);
  }
  return bases;
}

/** Lines in groups that belong together. */
async function* groupsOf(size: number, file: string): AsyncGenerator<string[]> {
  let group: string[] = [];
  for await (const line of readLines(file)) {
    group.push(line);
    if (group.length < size) continue;
    yield group;
    group = [];
  }
  if (group.length > 0) throw new Error(`${file}: the last entry is cut off ("${group[0]}")`);
}
