/** What the parser knows by name: words, affixes and shapes that have an embedding, and its labels. */
import { AFFIXES, affixOf, normalForm, shapeOf } from './features.ts';
import type { LemmaRules } from './lemmas.ts';

/** `vocabulary.json` of a folder of weights. Row 0 of every embedding stands for what is not listed; row i + 1 for entry i. */
export interface VocabularyFile {
  /** Normal forms. */
  readonly words: readonly string[];
  /** For each of {@link AFFIXES}. */
  readonly affixes: readonly (readonly string[])[];
  readonly shapes: readonly string[];
  readonly upos: readonly string[];
  /** Tags of the Penn Treebank. */
  readonly xpos: readonly string[];
  readonly relations: readonly string[];
  readonly lemmas: LemmaRules;
}

export class Vocabulary {
  readonly file: VocabularyFile;
  readonly #words: ReadonlyMap<string, number>;
  readonly #affixes: readonly ReadonlyMap<string, number>[];
  readonly #shapes: ReadonlyMap<string, number>;

  constructor(file: VocabularyFile) {
    this.file = file;
    this.#words = rowsOf(file.words);
    this.#affixes = file.affixes.map(rowsOf);
    this.#shapes = rowsOf(file.shapes);
  }

  /** Rows of the embedding of words, and of those of affixes and shape. */
  get wordRows(): number {
    return this.file.words.length + 1;
  }

  get affixRows(): readonly number[] {
    return [...this.file.affixes, this.file.shapes].map(({ length }) => length + 1);
  }

  wordId(form: string): number {
    return this.#words.get(normalForm(form)) ?? 0;
  }

  /** Rows for the affixes and, last, the shape of a form. */
  affixIds(form: string): number[] {
    const normal = normalForm(form);
    const ids = AFFIXES.map((kind, i) => this.#affixes[i]!.get(affixOf(normal, kind)) ?? 0);
    return [...ids, this.#shapes.get(shapeOf(form)) ?? 0];
  }
}

/** @throws Error that names the file, where the JSON is no vocabulary */
export function parseVocabulary(json: unknown, file: string): VocabularyFile {
  const lists = ['words', 'affixes', 'shapes', 'upos', 'xpos', 'relations'] as const;
  const given = json as Partial<VocabularyFile> | null;
  for (const name of lists) {
    if (!Array.isArray(given?.[name]))
      throw new Error(`${file} is no vocabulary of the parser: it has no list "${name}"`);
  }
  if (given!.affixes!.length !== AFFIXES.length)
    throw new Error(
      `${file} has ${given!.affixes!.length} kinds of affixes, not ${AFFIXES.length}: train the parser anew`,
    );
  if (typeof given!.lemmas?.rules !== 'object') throw new Error(`${file} has no rules for lemmas`);
  return given as VocabularyFile;
}

function rowsOf(entries: readonly string[]): Map<string, number> {
  return new Map(entries.map((entry, i) => [entry, i + 1]));
}
