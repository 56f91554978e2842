/** What a browser has not: using it is noted, so that a test that fails after it counts as skipped, with its reason. */

const used = new Set<string>();

/** Names like `node:fs mkdtempSync`, since the last call. */
export function takeUsed(): string[] {
  const names = [...used];
  used.clear();
  return names;
}

/** Stands for a function of Node. */
export function absent(name: string): () => never {
  return () => {
    used.add(name);
    throw new Error(`a browser has no ${name}`);
  };
}

/** How the runtime and the language say that something is not there. */
const SAYS_SO =
  /a browser has no|: a browser has none|\brequire is not defined|process\.\w+ is not a function|resolve module specifier/;

/** Why a failed test needs more than a browser has, or null where it simply failed. */
export function reasonToSkip(error: unknown, names: readonly string[]): string | null {
  if (names.length > 0) return names.join(', ');
  for (let one = error; one instanceof Error; one = one.cause) {
    const found = SAYS_SO.exec(one.message);
    if (found) return one.message.split('\n')[0];
  }
  return null;
}
