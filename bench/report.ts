/** `npx tsx bench/report.ts`: the tables of the pages, from what `npm run bench -- --results` kept. See `--help`. */
import { runCommand } from '../cli/command.ts';
import { report } from './report/command.ts';

await runCommand('report', report);
