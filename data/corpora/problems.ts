/** What was wrong with training data, counted by reason: large collections always hold some, and none of it ends a run. */
import type { ProblemCount } from './example.ts';

/** How many of a reason are named. */
const NAMED = 5;
/** Characters of a name that are kept. */
const LONGEST_NAME = 300;

/** Why a record, or a part of one, is left out. */
export class Unusable extends Error {
  /** Of a small number of reasons: the kind of thing that is left out, `picture that cannot be decoded`. */
  readonly reason: string;
  /** What was found in this case. */
  readonly detail: string;

  constructor(reason: string, detail = '') {
    super(detail === '' ? reason : `${reason}: ${detail}`);
    this.reason = reason;
    this.detail = detail;
  }
}

export interface Problem {
  readonly reason: string;
  /** File and record, and what was found there. */
  readonly where: string;
}

export function problemAt(where: string, { reason, detail }: Unusable): Problem {
  return { reason, where: detail === '' ? where : `${where}: ${detail}` };
}

export class ProblemLog {
  readonly #counts = new Map<string, { count: number; examples: string[] }>();

  /** @param counts what another log's `list` gave */
  constructor(counts: readonly ProblemCount[] = []) {
    for (const { reason, count, examples } of counts) this.#counts.set(reason, { count, examples: [...examples] });
  }

  add({ reason, where }: Problem): void {
    const entry = this.#counts.get(reason) ?? { count: 0, examples: [] };
    entry.count++;
    if (entry.examples.length < NAMED) entry.examples.push(shortened(where));
    this.#counts.set(reason, entry);
  }

  /** In the order in which the reasons first occurred. */
  list(): ProblemCount[] {
    return [...this.#counts].map(([reason, { count, examples }]) => ({ reason, count, examples: [...examples] }));
  }
}

function shortened(text: string): string {
  return text.length <= LONGEST_NAME ? text : `${text.slice(0, LONGEST_NAME)}…`;
}
