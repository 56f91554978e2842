#!/usr/bin/env node
/** Command line: trains a model. See `--help`. */
import { runCommand } from './cli/command.ts';
import { train } from './cli/train.ts';

await runCommand('train', train);
