#!/usr/bin/env node
/** `npm run demo`: the model that ships looks at a drawing. */
import { runCommand } from './cli/command.ts';
import { demo } from './demo/run.ts';

await runCommand('demo', demo);
