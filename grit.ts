#!/usr/bin/env node
/** Command line: grounded image–text pairs from captions. See `--help`. */
import { runCommand } from './cli/command.ts';
import { grit } from './cli/grit.ts';

await runCommand('grit', grit);
