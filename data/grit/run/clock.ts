/** How fast each stage of a run is. */

export const STAGES = ['read', 'parse', 'pictures', 'ground', 'write'] as const;
export type Stage = (typeof STAGES)[number];

/** What a stage did so far; while several of its items are under way at once, time counts once. */
export interface StageFigures {
  /** Pairs, captions, pictures, captions, records. */
  items: number;
  seconds: number;
}

export type StageTable = Partial<Record<Stage, StageFigures>>;

export class StageClock {
  readonly #now: () => number;
  readonly #figures: StageTable;
  readonly #active = new Map<Stage, { count: number; since: number }>();

  /** @param figures what an earlier one's `table` gave @param now milliseconds */
  constructor(figures: StageTable = {}, now: () => number = () => performance.now()) {
    this.#figures = structuredClone(figures);
    this.#now = now;
  }

  /** Counts the time until `work` is done, and with it so many items. */
  time<T>(stage: Stage, items: number, work: Promise<T>): Promise<T> {
    return this.#time(stage, work, () => items);
  }

  /** The same of a list that is as long as there are items. */
  timeAll<T>(stage: Stage, work: Promise<readonly T[]>): Promise<readonly T[]> {
    return this.#time(stage, work, ({ length }) => length);
  }

  async #time<T>(stage: Stage, work: Promise<T>, count: (result: T) => number): Promise<T> {
    const active = this.#active.get(stage) ?? { count: 0, since: 0 };
    this.#active.set(stage, active);
    if (active.count++ === 0) active.since = this.#now();
    try {
      const result = await work;
      this.#of(stage).items += count(result);
      return result;
    } finally {
      if (--active.count === 0) this.#of(stage).seconds += (this.#now() - active.since) / 1000;
    }
  }

  table(): StageTable {
    return structuredClone(this.#figures);
  }

  #of(stage: Stage): StageFigures {
    this.#figures[stage] ??= { items: 0, seconds: 0 };
    return this.#figures[stage];
  }
}

/** The figures of several shards together; their seconds add up to those of all machines. */
export function addedTables(tables: readonly StageTable[]): StageTable {
  const sum: StageTable = {};
  for (const stage of STAGES) {
    const found = tables.flatMap((table) => table[stage] ?? []);
    if (found.length === 0) continue;
    sum[stage] = {
      items: found.reduce((total, { items }) => total + items, 0),
      seconds: found.reduce((total, { seconds }) => total + seconds, 0),
    };
  }
  return sum;
}
