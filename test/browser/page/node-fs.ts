/** `node:fs`, for reading files of the repository from the server. */

function ask(method: string, path: string): XMLHttpRequest {
  const request = new XMLHttpRequest();
  request.open(method, path, false);
  // the only way to bytes in a request that waits
  request.overrideMimeType('text/plain; charset=x-user-defined');
  request.send();
  return request;
}

export function existsSync(path: string): boolean {
  return path.startsWith('/') && ask('HEAD', path).status === 200;
}

export function readFileSync(path: string, encoding?: string): string | Uint8Array {
  const { status, responseText } = ask('GET', path);
  if (status !== 200) throw new Error(`ENOENT: no such file, open '${path}'`);
  const bytes = Uint8Array.from(responseText, (character) => character.charCodeAt(0) & 0xff);
  return encoding ? new TextDecoder().decode(bytes) : bytes;
}
