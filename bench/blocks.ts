/** Parts of pages that commands write: what stands between `<!-- NAME -->` and `<!-- /NAME -->`. */
import { readFileSync, writeFileSync } from 'node:fs';
import { repositoryRoot } from '../test/shared.ts';

/** The page with another text in the block. @throws Error where it has no such block */
export function withBlock(page: string, name: string, text: string): string {
  const [begin, end] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
  const [from, to] = [page.indexOf(begin), page.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`the page has no block ${begin} … ${end}`);
  return `${page.slice(0, from)}${begin}\n\n${text}\n\n${page.slice(to)}`;
}

/** Rewrites a block of a page of the repository. */
export function writeBlock(path: string, name: string, text: string): void {
  const file = `${repositoryRoot()}${path}`;
  try {
    writeFileSync(file, withBlock(readFileSync(file, 'utf8'), name, text));
  } catch (error) {
    throw new Error(`${path}: ${(error as Error).message}`);
  }
}
