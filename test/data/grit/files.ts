/** Small files for the tests of GRIT, and the goldens. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ParsedCaption } from '../../../data/grit/parse.ts';
import { readParses } from '../../../data/grit/parse-file.ts';
import { Problems } from '../../../data/grit/problems.ts';
import { repositoryRoot } from '../../shared.ts';

export const GRIT_GOLDENS = join(repositoryRoot(), 'test/goldens/grit');

export interface TemporaryFolder {
  path: string;
  /** Writes a file into the folder and returns its path. */
  file(name: string, content: string | Uint8Array): string;
  remove(): void;
}

export function temporaryFolder(): TemporaryFolder {
  const path = mkdtempSync(join(tmpdir(), 'grit-'));
  return {
    path,
    file(name, content) {
      writeFileSync(join(path, name), content);
      return join(path, name);
    },
    remove: () => rmSync(path, { recursive: true }),
  };
}

/** The kinds of problems with their counts. */
export function countsOf(problems: Problems): Record<string, number> {
  return Object.fromEntries(problems.list().map(({ kind, count }) => [kind, count]));
}

export async function parsesIn(path: string): Promise<{ parses: ParsedCaption[]; problems: Problems }> {
  const problems = new Problems();
  const parses = await collected(readParses(path, problems));
  return { parses, problems };
}

export async function collected<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

/** A sentence of CoNLL-U from rows `form lemma upos head relation [misc]`. */
export function sentence(...rows: string[]): string {
  const lines = rows.map((row, index) => {
    const [form, lemma, upos, head, relation, misc = '_'] = row.split(' ');
    return [index + 1, form, lemma, upos, '_', '_', head, relation, '_', misc].join('\t');
  });
  return `${lines.join('\n')}\n\n`;
}
