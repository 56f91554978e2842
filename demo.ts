#!/usr/bin/env node
/** `npm run demo`: a small random checkpoint looks at a drawing. */
import { runCommand } from './cli/command.ts';
import { demo } from './demo/run.ts';

await runCommand('demo', demo);
