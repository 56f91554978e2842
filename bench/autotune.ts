/** `npx tsx bench/autotune.ts`: which tiles of the matrix product are fastest on this adapter. See `--help`. */
import { runCommand } from '../cli/command.ts';
import { autotune } from './tuning/command.ts';

await runCommand('autotune', autotune);
// drivers leave threads behind that keep a process
process.exit();
