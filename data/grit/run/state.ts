/** What a run has done so far, as its folder keeps it, so that it can be killed at any moment and goes on. */

import { runtime } from '../../../engine/runtime/index.ts';
import { readJson } from '../../../engine/runtime/json.ts';
import type { ProblemCount } from '../problems.ts';
import type { CounterState } from '../summary.ts';
import type { StageTable } from './clock.ts';

export interface RunState {
  /** Where the source goes on; null for the beginning. */
  readonly next: unknown;
  /** Every pair of the shard is done. */
  readonly isDone: boolean;
  /** Pairs taken from the input. */
  readonly pairs: number;
  /** Files of records that are whole. */
  readonly parts: number;
  readonly counts: CounterState;
  readonly problems: readonly ProblemCount[];
  readonly stages: StageTable;
}

const VERSION = 1;

/** Null where there is none. @throws Error where it is no such file, or of a run with other settings, which it names */
export async function readState(path: string, settings: Readonly<Record<string, unknown>>): Promise<RunState | null> {
  if (!(await (await runtime()).exists(path))) return null;
  const json = (await readJson(path)) as { version?: number; settings?: Record<string, unknown> } & RunState;
  if (json?.version !== VERSION || typeof json.settings !== 'object' || json.settings === null)
    throw new Error(`${path} is not what a run of this program leaves: take another folder, or begin anew`);
  const { settings: earlier, ...state } = json;
  const names = new Set([...Object.keys(earlier), ...Object.keys(settings)]);
  for (const name of names) {
    const [before, now] = [earlier[name], settings[name]].map((value) => JSON.stringify(value) ?? 'nothing');
    if (before !== now)
      throw new Error(
        `${path}: the run in this folder was begun with another ${name} (${shortened(before!)}, now ${shortened(now!)}): ` +
          'take another folder, or begin anew with --restart',
      );
  }
  return state;
}

export async function writeState(
  path: string,
  settings: Readonly<Record<string, unknown>>,
  state: RunState,
): Promise<void> {
  await (await runtime()).writeFileAtomic(path, `${JSON.stringify({ version: VERSION, settings, ...state })}\n`);
}

function shortened(text: string): string {
  return text.length <= 120 ? text : `${text.slice(0, 120)}…`;
}
