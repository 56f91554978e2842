/** Finding and reading the tokenizer that belongs to a golden folder. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { Tokenizer } from '../../data/tokenizer.ts';
import { readJson } from './json.ts';

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

/** A tokenizer from its file and, where it lies beside it, `tokenizer_config.json`. @throws Error when there is no file */
export async function loadTokenizer(file: string | null): Promise<Tokenizer> {
  if (file === null) throw new Error('no tokenizer.json in the folder or above it; name one with --tokenizer');
  const target = await followLink(file);
  const config = join(dirname(file), 'tokenizer_config.json');
  return new Tokenizer(await readJson(target), existsSync(config) ? await readJson(config) : {});
}

/** A file may hold the relative path of another one: what is left of a symbolic link where links are not supported. */
async function followLink(file: string): Promise<string> {
  const text = await readFile(file, 'utf8');
  const path = text.trim();
  if (path.length > 500 || path.startsWith('{')) return file;
  const target = join(dirname(file), path);
  if (!existsSync(target)) throw new Error(`${file}: neither JSON nor the path of a file`);
  return target;
}
