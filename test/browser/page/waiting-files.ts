/** The site's own files for code that waits: another thread does the work, for browsers have no such functions that wait, and wakes this one. */

/** Functions of `engine/runtime/browser-files.ts`. */
export type FileCall = 'readFile' | 'writeFileAtomic' | 'listFolder' | 'status' | 'makeFolder' | 'remove';

export interface FileRequest {
  readonly call: FileCall;
  readonly values: readonly unknown[];
}

/** What the first number of the shared memory says; the second one is the answer's length in bytes, which follow behind `HEADER` bytes. */
export const WAITING = 0;
export const JSON_ANSWER = 1;
export const BYTES_ANSWER = 2;
export const ERROR_ANSWER = 3;
export const HEADER = 8;
/** Bytes of an answer; tests have small files. */
const MOST_BYTES = 2 ** 25;

/** What the page gives to both threads: the file thread listens at the other end. */
export interface FileConnection {
  readonly port: MessagePort;
  readonly shared: SharedArrayBuffer;
}

/** Memory for the answers. */
export function answerMemory(): SharedArrayBuffer {
  return new SharedArrayBuffer(HEADER + MOST_BYTES);
}

export class WaitingFiles {
  readonly #connection: FileConnection;

  constructor(connection: FileConnection) {
    this.#connection = connection;
  }

  /** The result of the function, bytes or what JSON can say. @throws Error as it does */
  call(call: FileCall, ...values: unknown[]): unknown {
    const { port, shared } = this.#connection;
    const header = new Int32Array(shared, 0, 2);
    Atomics.store(header, 0, WAITING);
    const request: FileRequest = { call, values };
    port.postMessage(request);
    Atomics.wait(header, 0, WAITING);
    const [kind, length] = header;
    const bytes = new Uint8Array(shared, HEADER, length).slice();
    if (kind === BYTES_ANSWER) return bytes;
    const text = new TextDecoder().decode(bytes);
    if (kind === ERROR_ANSWER) throw new Error(text);
    return JSON.parse(text);
  }
}
