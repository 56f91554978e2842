/** The command `grit`: grounded image–text pairs from captions. */
import { runtime } from '../engine/runtime/index.ts';
import type { Terminal } from './command.ts';
import { mergeShards } from './grit/merge.ts';
import { showRecords } from './grit/records.ts';
import { runOnPairs } from './grit/run.ts';
import { GRIT_HELP, parseGritArguments } from './grit-arguments.ts';

/** @returns the exit code; errors are thrown */
export async function grit(words: readonly string[], terminal: Terminal): Promise<number> {
  const { environment } = await runtime();
  const given = parseGritArguments(words, environment);
  if (given === 'help') {
    terminal.stdout.write(`${GRIT_HELP}\n`);
    return 0;
  }
  const { input } = given;
  if (input.kind === 'records') await showRecords(input.paths, given, terminal);
  else if (input.kind === 'merge') await mergeShards(input.folder, given, terminal);
  else await runOnPairs(input, given, terminal);
  return 0;
}
