/** What readers of data sets give: items by id, and what was wrong with the rest. */

export interface Item {
  readonly id: string;
}

/** Something that kept a row from being scored, or a prediction from counting. */
export interface Problem {
  readonly id: string;
  readonly kind: ProblemKind;
  readonly message: string;
}

export const PROBLEM_KINDS = [
  'row without annotation',
  'duplicated id in the data',
  'unusable row',
  'missing picture',
  'unreadable picture',
  'unknown id in the predictions',
  'duplicated id in the predictions',
  'unusable prediction',
  'malformed box',
  'no prediction',
] as const;
export type ProblemKind = (typeof PROBLEM_KINDS)[number];

export interface DataSet<T extends Item = Item> {
  readonly items: readonly T[];
  readonly problems: readonly Problem[];
}

/** Collects items; of several with one id the first stays. */
export class DataSetBuilder<T extends Item> {
  readonly #items = new Map<string, T>();
  readonly problems: Problem[] = [];

  add(item: T): void {
    if (!this.#items.has(item.id)) this.#items.set(item.id, item);
    else this.report(item.id, 'duplicated id in the data', 'the first row of this id counts');
  }

  report(id: string, kind: ProblemKind, message: string): void {
    this.problems.push({ id, kind, message });
  }

  build(): DataSet<T> {
    return { items: [...this.#items.values()], problems: this.problems };
  }
}
