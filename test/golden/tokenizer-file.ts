/** Finding and reading the tokenizer that belongs to a golden folder. */
import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { loadTokenizer as loadTokenizerFile } from '../../data/files.ts';
import type { Tokenizer } from '../../data/tokenizer.ts';

/** The folder's own `tokenizer.json`, else the nearest `tokenizer/tokenizer.json` going up the parents, else null. */
export function findTokenizerFile(folder: string): string | null {
  const own = join(folder, 'tokenizer.json');
  if (existsSync(own)) return own;
  for (let at = resolve(folder); ; at = dirname(at)) {
    const candidate = join(at, 'tokenizer', 'tokenizer.json');
    if (existsSync(candidate)) return candidate;
    if (at === dirname(at)) return null;
  }
}

/** The tokenizer of a file that was found. @throws Error when there is none */
export async function loadTokenizer(file: string | null): Promise<Tokenizer> {
  if (file === null) throw new Error('no tokenizer.json in the folder or above it; name one with --tokenizer');
  return loadTokenizerFile(file);
}
