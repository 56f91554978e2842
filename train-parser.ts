#!/usr/bin/env node
/** Command line: trains and scores the parser of captions. See `--help`. */
import { runCommand } from './cli/command.ts';
import { trainParser } from './cli/train-parser.ts';

await runCommand('train-parser', trainParser);
