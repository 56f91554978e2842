/** `node:fs`: files of the repository are read from the server, those below `opfs:/` are the site's own. */
import { PRIVATE_FILES } from '../../../engine/runtime/browser-files.ts';
import type { FolderEntry } from '../../../engine/runtime/types.ts';
import { absent } from './absent.ts';
import { type FileConnection, WaitingFiles } from './waiting-files.ts';

const own = new WaitingFiles((globalThis as unknown as { fileConnection: FileConnection }).fileConnection);

const isOwn = (path: string) => path.startsWith(PRIVATE_FILES);

function ask(method: string, path: string): XMLHttpRequest {
  const request = new XMLHttpRequest();
  request.open(method, path, false);
  request.responseType = 'arraybuffer';
  request.send();
  return request;
}

export function existsSync(path: string): boolean {
  if (isOwn(path)) return own.call('status', path) !== null;
  return path.startsWith('/') && ask('HEAD', path).status === 200;
}

export function readFileSync(path: string, encoding?: string): string | Uint8Array {
  const bytes = isOwn(path) ? (own.call('readFile', path) as Uint8Array) : bytesOf(path);
  return encoding ? new TextDecoder().decode(bytes) : bytes;
}

function bytesOf(path: string): Uint8Array {
  const { status, response } = ask('GET', path);
  if (status !== 200) throw new Error(`ENOENT: no such file, open '${path}'`);
  return new Uint8Array(response as ArrayBuffer);
}

export function readdirSync(path: string): string[] {
  if (isOwn(path)) return (own.call('listFolder', path) as FolderEntry[]).map(({ name }) => name);
  const { status, response } = ask('GET', `/folder-names?path=${encodeURIComponent(path)}`);
  if (status !== 200) throw new Error(`ENOENT: no such folder, scandir '${path}'`);
  return JSON.parse(new TextDecoder().decode(response as ArrayBuffer));
}

export function writeFileSync(path: string, content: string | Uint8Array): void {
  own.call('writeFileAtomic', writable(path), content);
}

export function copyFileSync(from: string, to: string): void {
  writeFileSync(to, readFileSync(from));
}

export function mkdtempSync(prefix: string): string {
  const folder = `${prefix}${crypto.randomUUID().slice(0, 8)}`;
  mkdirSync(folder);
  return folder;
}

export function mkdirSync(path: string): void {
  own.call('makeFolder', writable(path));
}

export function rmSync(path: string): void {
  own.call('remove', writable(path));
}

function writable(path: string): string {
  return isOwn(path) ? path : absent(`node:fs that writes ${path}`)();
}
