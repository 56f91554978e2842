/** A small imitation of the hub on this machine, with switches for everything that goes wrong on a way to a hub. */
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Behaviour {
  /** Status for every request to the interface that lists models and files. */
  status?: number;
  /** Status for the contents of files; once this many times, or always. */
  fileStatus?: { status: number; times: number };
  /** Cuts the connection after so many bytes of this file, once for each number. */
  cuts?: { file: string; after: number[] };
  ignoreRange?: boolean;
  /** Answers a range request with the range that begins here. */
  wrongRange?: number;
  /** Listed instead of the true size. */
  listedSize?: Record<string, number>;
  listedHash?: Record<string, string>;
  /** Sends other bytes than the file's, of the same number. */
  corrupt?: string;
  /** Sends nothing after the header of this file. */
  silent?: string;
  /** Where contents are: the hub sends a client there. */
  redirect?: string;
  /** Leaves out Content-Length. */
  chunked?: boolean;
  /** What the interface answers instead of JSON. */
  answer?: string;
  commit?: string;
}

export interface Seen {
  url: string;
  range: string | undefined;
  authorization: string | undefined;
}

export const COMMIT = 'c0ffee0123456789c0ffee0123456789c0ffee01';

/** Serves `files` as the model `owner/name`; large ones are said to be LFS. `behaviour` may change at any time. */
export async function hubServer(files: Record<string, Uint8Array>) {
  const state = { behaviour: {} as Behaviour, seen: [] as Seen[] };
  const server = createServer((request, response) => {
    const { url = '' } = request;
    state.seen.push({ url, range: request.headers.range, authorization: request.headers.authorization });
    if (url.startsWith('/api/')) answerInterface(files, state.behaviour, url, response);
    else answerFile(files, state.behaviour, request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    state,
    url: `http://127.0.0.1:${port}`,
    /** The same server, which a client takes for another host. */
    otherUrl: `http://localhost:${port}`,
    close: () =>
      new Promise<void>((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

export function hashOf(content: Uint8Array, isLfs: boolean): string {
  if (isLfs) return createHash('sha256').update(content).digest('hex');
  return createHash('sha1').update(`blob ${content.length}\0`).update(content).digest('hex');
}

function answerInterface(
  files: Record<string, Uint8Array>,
  behaviour: Behaviour,
  url: string,
  response: ServerResponse,
) {
  const json = (status: number, value: unknown) => {
    response.writeHead(status, { 'Content-Type': 'application/json' });
    response.end(JSON.stringify(value));
  };
  if (behaviour.answer !== undefined) return void response.end(behaviour.answer);
  if (behaviour.status) return json(behaviour.status, { error: 'the server says no' });
  const commit = behaviour.commit ?? COMMIT;
  if (url.startsWith('/api/models/owner/name/revision/main?') || url.includes(`/name/revision/${commit}?`)) {
    return json(200, { _id: '1', id: 'owner/name', private: false, downloads: 0, gated: false, likes: 0, sha: commit });
  }
  if (url.startsWith(`/api/models/owner/name/tree/${commit}?`)) {
    const entries = Object.entries(files).map(([path, content]) => {
      const isLfs = content.length > 1000;
      const size = behaviour.listedSize?.[path] ?? content.length;
      const hash = behaviour.listedHash?.[path] ?? hashOf(content, isLfs);
      const lfs = { oid: hash, size, pointerSize: 130 };
      return { type: 'file', path, size, oid: isLfs ? hashOf(content, false) : hash, ...(isLfs ? { lfs } : {}) };
    });
    return json(200, [{ type: 'directory', path: 'folder', size: 0, oid: '0' }, ...entries]);
  }
  json(404, { error: 'Repository not found' });
}

function answerFile(
  files: Record<string, Uint8Array>,
  behaviour: Behaviour,
  request: IncomingMessage,
  response: ServerResponse,
) {
  const name = decodeURIComponent((request.url ?? '').split('/').at(-1)!);
  const content = files[name];
  if (!content) return void response.writeHead(404).end();
  if (behaviour.fileStatus && behaviour.fileStatus.times-- > 0) {
    return void response.writeHead(behaviour.fileStatus.status).end('no');
  }
  if (behaviour.redirect && request.headers.host && !behaviour.redirect.endsWith(request.headers.host)) {
    return void response.writeHead(302, { Location: `${behaviour.redirect}${request.url}` }).end();
  }
  const asked = /^bytes=(\d+)-$/.exec(request.headers.range ?? '');
  const from = asked && !behaviour.ignoreRange ? (behaviour.wrongRange ?? Number(asked[1])) : 0;
  const isPartial = asked && !behaviour.ignoreRange;
  if (isPartial && from >= content.length) {
    return void response.writeHead(416, { 'Content-Range': `bytes */${content.length}` }).end();
  }
  const body = behaviour.corrupt === name ? content.slice(from).map((byte) => byte ^ 1) : content.slice(from);
  response.writeHead(isPartial ? 206 : 200, {
    ...(behaviour.chunked ? {} : { 'Content-Length': body.length }),
    ...(isPartial ? { 'Content-Range': `bytes ${from}-${content.length - 1}/${content.length}` } : {}),
  });
  if (behaviour.silent === name) return void response.flushHeaders();
  const cut = behaviour.cuts?.file === name ? behaviour.cuts.after.shift() : undefined;
  if (cut === undefined) return void response.end(body);
  response.write(body.slice(0, cut), () => setTimeout(() => response.destroy(), 30));
}
