/** The libraries that are compared with: in a package of their own, installed when a comparison needs them. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import process from 'node:process';
import { repositoryRoot } from '../test/shared.ts';
import type { EngineName } from './engines/index.ts';

export function peersFolder(): string {
  return `${repositoryRoot()}bench/peers`;
}

/** The package that an engine comes in; null for this code. */
export function packageOf(engine: EngineName, inPage = false): string | null {
  switch (engine) {
    case 'own':
    case 'own-other-kernels':
      return null;
    case 'jax-js':
      return '@jax-js/jax';
    case 'tfjs':
      return '@tensorflow/tfjs-backend-webgpu';
    default:
      return inPage ? 'onnxruntime-web' : 'onnxruntime-node';
  }
}

interface PackageFile {
  version: string;
  dependencies: Record<string, string>;
}

function packageFile(path: string): PackageFile {
  return JSON.parse(readFileSync(path, 'utf8')) as PackageFile;
}

function installedVersion(name: string): string | null {
  const path = `${peersFolder()}/node_modules/${name}/package.json`;
  return existsSync(path) ? packageFile(path).version : null;
}

/** Versions of what is installed, by package. */
export function peerVersions(): Record<string, string> {
  const names = Object.keys(packageFile(`${peersFolder()}/package.json`).dependencies);
  return Object.fromEntries(names.map((name) => [name, installedVersion(name) ?? 'not installed']));
}

/**
 * Installs the peers where some are missing or of another version (some 700 MB). Returns why it cannot, or null.
 *
 * @param say told what happens, for it takes a while
 */
export function installPeers(say: (line: string) => void): string | null {
  const { dependencies } = packageFile(`${peersFolder()}/package.json`);
  const missing = Object.entries(dependencies).filter(([name, version]) => installedVersion(name) !== version);
  if (missing.length === 0) return null;
  say(
    `installing what is compared with into bench/peers (once, some 700 MB): ${missing.map(([name]) => name).join(', ')}`,
  );
  // their install scripts fetch libraries for CUDA, which nothing here uses
  const words = ['ci', '--ignore-scripts', '--no-audit', '--no-fund'];
  const { status, stderr, error } = spawnSync('npm', words, {
    cwd: peersFolder(),
    encoding: 'utf8',
    shell: process.platform === 'win32',
  });
  if (status === 0) return null;
  const reason = error?.message ?? stderr.trim().split('\n')[0];
  return `the peers cannot be installed (\`npm ci\` in bench/peers: ${reason})`;
}
