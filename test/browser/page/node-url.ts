/** `node:url`: a file of the repository is a path of the server. */

export function fileURLToPath(url: string | URL): string {
  return new URL(url).pathname;
}

export function pathToFileURL(path: string): URL {
  return new URL(path, location.origin);
}
