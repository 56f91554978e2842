/** Which kernels a training step or an answer spends its time in. See `--help`. */
import process from 'node:process';
import { runCommand } from '../cli/command.ts';
import { profile } from './profile/command.ts';

await runCommand('profile', profile);
// drivers leave threads behind that keep a process
process.exit();
