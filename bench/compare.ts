/** One case on all engines, turn by turn: whatever else the machine does falls on all of them alike. */
import type { Case } from './cases.ts';
import { type Contender, NotHere } from './contender.ts';
import type { EngineName } from './engines/index.ts';
import { type Check, checkOf } from './references.ts';
import { type Times, timesOf } from './statistics.ts';

export interface Pace {
  /** Turns of each engine. */
  readonly rounds: number;
  /** Milliseconds that a turn should take, in as many runs as fit (at least one). */
  readonly turn: number;
  /** Milliseconds after which an engine that had two turns gets no further ones. */
  readonly limit: number;
}

export interface Result {
  readonly engine: EngineName;
  readonly times: Times | null;
  /** From the reference, relative to its largest value; null where there is no reference. */
  readonly deviation: number | null;
  /** Why there are no times, or why they do not count. */
  readonly reason: string | null;
}

interface Entrant {
  readonly contender: Contender;
  /** Runs in a turn. */
  readonly runs: number;
  readonly milliseconds: number[];
}

/**
 * Prepares the work on every engine, checks what comes out, then times it in turns.
 *
 * @param open gives an engine's process, or the reason why there is none
 */
export async function compare(
  one: Case,
  open: (engine: EngineName) => Promise<Contender>,
  pace: Pace,
): Promise<Result[]> {
  const failed: Result[] = [];
  const failure = (engine: EngineName, error: unknown) => {
    const reason = error instanceof Error ? error.message : String(error);
    const deviation = error instanceof WrongResult ? error.deviation : null;
    failed.push({ engine, times: null, deviation, reason: oneLine(reason) });
  };
  const check = await prepareCheck(one, open);
  const entrants: Entrant[] = [];
  for (const engine of one.engines) {
    try {
      entrants.push(await enter(await open(engine), one, check, pace));
    } catch (error) {
      failure(engine, error);
    }
  }
  const alive = new Set(entrants);
  for (let round = 0; round < pace.rounds; round++) {
    for (const entrant of alive) {
      const spent = entrant.milliseconds.reduce((sum, time) => sum + time, 0);
      if (round >= 2 && spent > pace.limit) continue;
      try {
        entrant.milliseconds.push(...(await entrant.contender.run(entrant.runs)));
      } catch (error) {
        alive.delete(entrant);
        failure(entrant.contender.engine, error);
      }
    }
  }
  const timed: Result[] = [];
  for (const { contender, milliseconds } of alive) {
    const { engine } = contender;
    try {
      // again, for what was timed may have gone wrong since
      const deviation = await checkedOutputs(contender, one, check);
      await contender.release();
      timed.push({ engine, times: timesOf(milliseconds), deviation, reason: null });
    } catch (error) {
      failure(engine, error);
    }
  }
  const all = [...timed, ...failed];
  return one.engines.map((engine) => all.find((result) => result.engine === engine)!);
}

/** An engine whose results are wrong is not timed. */
class WrongResult extends Error {
  readonly deviation: number;

  constructor(deviation: number, tolerance: number) {
    super(`wrong results: off by ${deviation.toExponential(1)} of the largest value, allowed are ${tolerance}`);
    this.deviation = deviation;
  }
}

async function prepareCheck(one: Case, open: (engine: EngineName) => Promise<Contender>): Promise<Check | null> {
  if (!one.reference) return checkOf(one.work, null);
  try {
    const contender = await open(one.reference);
    await contender.prepare(one.work);
    const common = await contender.outputs();
    await contender.release();
    return checkOf(one.work, common);
  } catch (error) {
    // without it the engine itself tells why, or there is no reference here
    if (!(error instanceof NotHere)) throw error;
    return checkOf(one.work, null);
  }
}

async function enter(contender: Contender, one: Case, check: Check | null, pace: Pace): Promise<Entrant> {
  await contender.prepare(one.work);
  await checkedOutputs(contender, one, check);
  // the first run warms up, the second tells how many fit into a turn
  const [, once] = [await contender.run(1), await contender.run(1)].flat();
  return { contender, runs: Math.max(1, Math.min(100, Math.floor(pace.turn / once))), milliseconds: [] };
}

/** The deviation of what comes out now, which must be within the case's tolerance; null without a reference. */
async function checkedOutputs(contender: Contender, one: Case, check: Check | null): Promise<number | null> {
  const deviation = check ? check(await contender.outputs()) : null;
  if (deviation !== null && !(deviation <= one.tolerance)) throw new WrongResult(deviation, one.tolerance);
  return deviation;
}

function oneLine(text: string): string {
  return text
    .trim()
    .replace(/\s*\n\s*/g, ' ')
    .slice(0, 300);
}
