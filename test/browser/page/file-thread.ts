/** The other side of `waiting-files.ts`. */
import { privateFiles } from '../../../engine/runtime/browser-files.ts';
import {
  BYTES_ANSWER,
  ERROR_ANSWER,
  type FileConnection,
  type FileRequest,
  HEADER,
  JSON_ANSWER,
} from './waiting-files.ts';

const files = privateFiles() as unknown as Record<string, (...values: unknown[]) => Promise<unknown>>;

async function answer({ call, values }: FileRequest, most: number): Promise<{ kind: number; bytes: Uint8Array }> {
  try {
    const result = await files[call](...values);
    if (result instanceof Uint8Array && result.length > most)
      throw new Error(`${values[0]} has ${result.length} bytes, and a test may read ${most}`);
    if (result instanceof Uint8Array) return { kind: BYTES_ANSWER, bytes: result };
    return { kind: JSON_ANSWER, bytes: new TextEncoder().encode(JSON.stringify(result ?? null)) };
  } catch (error) {
    return { kind: ERROR_ANSWER, bytes: new TextEncoder().encode((error as Error).message) };
  }
}

function put(shared: SharedArrayBuffer, kind: number, bytes: Uint8Array): void {
  const header = new Int32Array(shared, 0, 2);
  new Uint8Array(shared).set(bytes, HEADER);
  header[1] = bytes.length;
  Atomics.store(header, 0, kind);
  Atomics.notify(header, 0);
}

addEventListener('message', ({ data: { port, shared } }: MessageEvent<FileConnection>) => {
  port.onmessage = async ({ data }: MessageEvent<FileRequest>) => {
    const { kind, bytes } = await answer(data, shared.byteLength - HEADER);
    put(shared, kind, bytes);
  };
});
