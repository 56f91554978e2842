/** Where the large reference data lies, when it is there: `../shared` beside the repository. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The repository's root, also when run from `dist/test/`. */
export function repositoryRoot(): string {
  const here = fileURLToPath(new URL('.', import.meta.url));
  return here.includes('/dist/')
    ? fileURLToPath(new URL('../../', import.meta.url))
    : fileURLToPath(new URL('../', import.meta.url));
}

/** Absolute path of something under `../shared`, or null in a bare clone. */
export function sharedPath(relative: string): string | null {
  const path = `${repositoryRoot()}../shared/${relative}`;
  return existsSync(path) ? path : null;
}

interface Suite {
  (name: string, run: () => void | Promise<void>): void;
  skip(name?: string, run?: () => void | Promise<void>): void;
}

/** Registers a test that needs `../shared/<relative>`; where that is absent the test is skipped and named on the terminal. */
export function skipUnlessShared(
  suite: Suite,
  relative: string,
  name: string,
  run: (path: string) => void | Promise<void>,
): void {
  const path = sharedPath(relative);
  if (path) {
    suite(name, () => run(path));
  } else {
    console.log(`skipped: ${name} (needs ../shared/${relative})`);
    suite.skip(name);
  }
}
