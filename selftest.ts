#!/usr/bin/env node
/** Command line: tries every op of the engine on this machine's adapter. See `--help`. */
import { runCommand } from './cli/command.ts';
import { selfTestCommand } from './cli/self-test.ts';

await runCommand('selftest', selfTestCommand);
