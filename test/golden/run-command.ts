/** The command `golden` as a process, for tests. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { repositoryRoot } from '../shared.ts';
import type { GoldenCase } from './case.ts';

export interface Report {
  folder: string;
  ok: boolean;
  cases: GoldenCase[];
  notChecked: { file: string; reason: string }[];
}

/** Seconds after which a command that does not end is killed; its code is null then. */
const LONGEST = 300;

/** Runs the command in the runtime that runs the test. */
export function golden(...words: string[]): { code: number | null; report: Report; errors: string } {
  const script = join(repositoryRoot(), 'test/golden.ts');
  const runtime = 'Deno' in globalThis ? ['run', '-A'] : ['--import', 'tsx'];
  const { status, stdout, stderr } = spawnSync(process.execPath, [...runtime, script, ...words], {
    cwd: repositoryRoot(),
    encoding: 'utf8',
    maxBuffer: 1e8,
    timeout: LONGEST * 1000,
  });
  return { code: status, report: stdout.startsWith('{') ? JSON.parse(stdout) : stdout, errors: stderr };
}
