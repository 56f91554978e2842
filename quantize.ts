#!/usr/bin/env node
/** Command line: makes int4 or int8 weights for use. See `--help`. */
import { runCommand } from './cli/command.ts';
import { quantize } from './cli/quantize.ts';

await runCommand('quantize', quantize);
