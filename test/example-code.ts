/** Code that is written for users of the package, of README, guide and `examples/`: made runnable in this checkout, and run. */
import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { adapterChoice } from './adapter.ts';
import { repositoryRoot } from './shared.ts';

/** The TypeScript blocks of a Markdown file, path from the repository's root. */
export function codeBlocks(path: string): string[] {
  const text = readFileSync(`${repositoryRoot()}${path}`, 'utf8');
  return [...text.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code]) => code);
}

/** The code with the modules of this checkout in the place of the package's entries, and the adapter under test. */
export function runnable(code: string): string {
  const adapter = `adapter: ${JSON.stringify(adapterChoice())}`;
  // built or not, as this file is
  const ending = import.meta.url.endsWith('.ts') ? '.ts' : '.js';
  const folder = `${repositoryRoot()}${ending === '.ts' ? '' : 'dist/'}`;
  const { exports } = JSON.parse(readFileSync(`${repositoryRoot()}deno.json`, 'utf8'));
  const moduleOf = (entry: string): string => {
    const source: string | undefined = exports[`.${entry}`];
    if (!source) throw new Error(`the package has no entry ${entry}`);
    return pathToFileURL(`${folder}${source.replace(/\.ts$/, ending)}`).href;
  };
  return code
    .replace(/'kosmos-webgpu(\/[\w/-]+)?'/g, (_, entry = '') => JSON.stringify(moduleOf(entry)))
    .replace(/\b(requestDevice|selfTest)\(\)/g, `$1({ ${adapter} })`)
    .replace(/\b(requestDevice|selfTest|runTraining)\(\{/g, `$1({ ${adapter},`)
    .replace(/\bKosmos\.load\(([^,()]+), \{/g, `Kosmos.load($1, { ${adapter},`)
    .replace(/\bKosmos\.load\(([^,()]+)\)/g, `Kosmos.load($1, { ${adapter} })`);
}

/** What a module writes to the console while it is imported; numbers in arrays as JSON has them. */
export async function linesOf(file: string): Promise<string[]> {
  const lines: string[] = [];
  const { log } = console;
  console.log = (...values: unknown[]) => {
    lines.push(...values.map(textOf).join(' ').split('\n'));
  };
  try {
    await import(pathToFileURL(file).href);
  } finally {
    console.log = log;
  }
  return lines;
}

function textOf(value: unknown): string {
  return ArrayBuffer.isView(value) ? JSON.stringify([...(value as Float32Array)]) : String(value);
}

/** What the comments of the code say is printed: `console.log(…); // → …`. */
export function expectedLines(code: string): string[] {
  return [...code.matchAll(/^.*(?:console\.log|print)\(.*?\/\/ → (.*)$/gm)].map(([, text]) =>
    text.replaceAll(', ', ','),
  );
}
