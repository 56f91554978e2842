/** How cost grows, measured: the tables of `cost.md`. See `--help`. */
import process from 'node:process';
import { runCommand } from '../cli/command.ts';
import { cost } from './cost/command.ts';

await runCommand('cost', cost);
// drivers leave threads behind that keep a process
process.exit();
