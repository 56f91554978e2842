#!/usr/bin/env node
/** Command line: asks a model about a picture. See `--help`. */
import { runCommand } from './cli/command.ts';
import { infer } from './cli/infer.ts';

await runCommand('infer', infer);
