import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

/** The nearest `relative` path going up from a folder: what a golden file was computed over. @throws Error when there is none */
export function findAbove(folder: string, relative: string): string {
  for (let at = resolve(folder); ; at = dirname(at)) {
    const candidate = join(at, relative);
    if (existsSync(candidate)) return candidate;
    if (at === dirname(at)) throw new Error(`${relative} lies neither in ${folder} nor above it`);
  }
}
