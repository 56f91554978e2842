/** `npm run bench`: this code beside its peers. See `--help`. */
import { runCommand } from '../cli/command.ts';
import { bench } from './bench.ts';

await runCommand('bench', bench);
// drivers leave threads behind that keep a process
process.exit();
