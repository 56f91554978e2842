/** The package as a stranger gets it: built and packed apart from the checkout, and installed from the lock file's versions. */
import { spawn } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryRoot } from '../shared.ts';

interface LockEntry {
  readonly version: string;
  readonly resolved?: string;
  readonly dev?: boolean;
  readonly peer?: boolean;
}

/** Runs a program of the repository's `node_modules`, or npm; gives what it prints. @throws Error with that, where it fails */
export async function run(command: string, words: readonly string[], cwd: string): Promise<string> {
  const child = spawn(command, words, { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  const code = await new Promise((resolve) => child.on('error', resolve).on('close', resolve));
  if (code !== 0) throw new Error(`${command} ${words.join(' ')}: ${code}\n${output}`);
  return output;
}

/** A file of one of the repository's own packages. */
export function tool(path: string): string {
  return `${repositoryRoot()}node_modules/${path}`;
}

const node = 'Deno' in globalThis ? 'node' : process.execPath;

export function runNode(words: readonly string[], cwd: string): Promise<string> {
  return run(node, words, cwd);
}

/** Builds and packs into `folder`, without touching `dist/`. @returns the archive's path */
export async function pack(folder: string): Promise<string> {
  const stage = join(folder, 'stage');
  mkdirSync(stage, { recursive: true });
  await runNode([tool('typescript/lib/tsc.js'), '--noCheck', '--outDir', join(stage, 'dist')], repositoryRoot());
  const { files } = ownManifest();
  const copied = files.filter((name) => !/^!|^dist$/.test(name)).map((name) => name.replace(/\/\*.*$/, ''));
  for (const name of ['package.json', ...copied])
    cpSync(`${repositoryRoot()}${name}`, join(stage, name), { recursive: true });
  const output = await run('npm', ['pack', '--ignore-scripts', '--silent', '--pack-destination', folder], stage);
  return join(folder, output.trim().split('\n').at(-1)!);
}

function ownManifest(): { version: string; files: string[]; dependencies: Record<string, string> } {
  return JSON.parse(readFileSync(`${repositoryRoot()}package.json`, 'utf8'));
}

/**
 * Makes an empty project in `folder` and installs the archive. The versions are those of the repository's lock file, so that npm takes them from
 * its cache, and asks the network only for what is not in it.
 */
export async function install(archive: string, folder: string): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const { version, dependencies } = ownManifest();
  const wanted = { 'kosmos-webgpu': `file:${archive}` };
  const lock = JSON.parse(readFileSync(`${repositoryRoot()}package-lock.json`, 'utf8'));
  const packages: Record<string, unknown> = {
    '': { name: 'empty', dependencies: wanted },
    'node_modules/kosmos-webgpu': { version, resolved: `file:${archive}`, dependencies },
  };
  for (const [path, entry] of Object.entries(lock.packages as Record<string, LockEntry>)) {
    if (path !== '' && !entry.dev && !entry.peer)
      packages[path] = { ...entry, resolved: entry.resolved ?? archiveOf(path, entry) };
  }
  const write = (name: string, content: unknown) => writeFileSync(join(folder, name), JSON.stringify(content));
  write('package.json', { name: 'empty', private: true, type: 'module', dependencies: wanted });
  write('package-lock.json', { name: 'empty', lockfileVersion: 3, requires: true, packages });
  await run('npm', ['ci', '--prefer-offline', '--ignore-scripts', '--no-audit', '--no-fund'], folder);
}

function archiveOf(path: string, { version }: LockEntry): string {
  const name = path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
  return `https://registry.npmjs.org/${name}/-/${name.split('/').at(-1)}-${version}.tgz`;
}
