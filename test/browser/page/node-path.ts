/** `node:path` of POSIX, as far as tests use it. `opfs:/` in front is a root, too. */

export const sep = '/';

export function join(...parts: string[]): string {
  return normalize(parts.filter((part) => part !== '').join('/'));
}

export function resolve(...parts: string[]): string {
  const from = parts.findLastIndex((part) => isAbsolute(part));
  return normalize(`${from < 0 ? '/' : ''}${parts.slice(Math.max(from, 0)).join('/')}`).replace(/(.)\/$/, '$1');
}

export function normalize(path: string): string {
  const [root] = /^(opfs:)?\/?/.exec(path)!;
  const names: string[] = [];
  for (const name of path.slice(root.length).split('/')) {
    if (name === '' || name === '.') continue;
    if (name === '..' && (names.length > 0 || root)) names.pop();
    else names.push(name);
  }
  return `${root}${names.join('/')}${path.endsWith('/') && names.length > 0 ? '/' : ''}` || '.';
}

export function isAbsolute(path: string): boolean {
  return /^(opfs:)?\//.test(path);
}

export function dirname(path: string): string {
  const at = path.replace(/\/$/, '').lastIndexOf('/');
  return at < 0 ? '.' : path.slice(0, at) || '/';
}

export function basename(path: string, ending = ''): string {
  const name = path.replace(/\/$/, '').slice(path.replace(/\/$/, '').lastIndexOf('/') + 1);
  return ending && name.endsWith(ending) ? name.slice(0, -ending.length) : name;
}

export function extname(path: string): string {
  return /[^/](\.[^./]*)$/.exec(path)?.[1] ?? '';
}
