#!/usr/bin/env node
/** Command line: scores predictions for the tasks of the paper. See `--help`. */
import { runCommand } from './cli/command.ts';
import { evaluate } from './cli/evaluate.ts';

await runCommand('evaluate', evaluate);
