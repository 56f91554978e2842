/** How far a corpus has come, as plain JSON. */
import { hashText } from '../hash.ts';
import type { CheckedConfig } from './config.ts';
import type { DataFile } from './data-files.ts';
import type { ProblemCount } from './example.ts';
import { type Cursor, FIRST } from './order.ts';

/** Where to go on: a record, and for packed texts the lines of it that are done. */
export interface CorpusPlace {
  readonly cursor: Cursor;
  readonly line: number;
}

export interface CorpusState extends CorpusPlace {
  /** What the order follows from. */
  readonly of: Readonly<Record<string, string | number>>;
  /** Whether the epoch has had a record that can be used. */
  readonly isUsable: boolean;
  readonly problems: readonly ProblemCount[];
}

/** What must be the same for the order to go on as it was. */
export function identityOf(config: CheckedConfig, files: readonly DataFile[], seed: number): CorpusState['of'] {
  return {
    kind: config.kind,
    files: files.length,
    'names of the files': hashText(files.map(({ path }) => path.slice(path.lastIndexOf('/') + 1)).join('\n')),
    shuffleBuffer: config.shuffleBuffer,
    seed,
  };
}

export function firstState(of: CorpusState['of']): CorpusState {
  return { cursor: FIRST, line: 0, of, isUsable: false, problems: [] };
}

/** @throws Error where the state is none, or of another corpus, saying what is different */
export function checkState(value: unknown, of: CorpusState['of']): CorpusState {
  const state = value as CorpusState;
  if (!isObject(value) || !isObject(state.cursor) || !isObject(state.cursor.place) || !isObject(state.of))
    throw new Error(`corpus: the state to go on from is none: ${JSON.stringify(value)?.slice(0, 80)}`);
  for (const [name, now] of Object.entries(of)) {
    if (state.of[name] !== now)
      throw new Error(`corpus: the state is of another corpus: ${name} was ${state.of[name]} and is ${now}`);
  }
  const { epoch, file, window, taken, place } = state.cursor;
  const numbers = [epoch, file, window, taken, place.offset, place.number, state.line];
  if (!numbers.every((one) => Number.isSafeInteger(one) && one >= 0))
    throw new Error(`corpus: the state has a place that is none: ${JSON.stringify(state.cursor)}, line ${state.line}`);
  return state;
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null;
}
