/** The small tokenizer of the tests: a few hundred published entries, a 4 x 4 grid (see `test/goldens/text/make.py`). */
import { readFileSync } from 'node:fs';
import { Tokenizer } from '../../data/tokenizer.ts';
import { repositoryRoot } from '../shared.ts';

/** Folder of the small goldens for texts. */
export const TEXT_GOLDENS = `${repositoryRoot()}test/goldens/text`;

// biome-ignore lint/suspicious/noExplicitAny: parsed JSON that tests take apart and put together again
export function readGolden(name: string): any {
  return JSON.parse(readFileSync(`${TEXT_GOLDENS}/${name}`, 'utf8'));
}

export function smallTokenizer(): Tokenizer {
  return new Tokenizer(readGolden('tokenizer.json'));
}
