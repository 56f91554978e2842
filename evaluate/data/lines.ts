/** Text files line by line, so that their size does not matter. */
import { runtime } from '../../engine/runtime/index.ts';

const PIECE = 1 << 20;

/** No line of a known data set is near this long; a file without line feeds must not fill the memory. */
const LONGEST_LINE = 1 << 26;

/**
 * The lines of a UTF-8 file without their ends (LF or CRLF); a name that ends in `.gz` is decompressed.
 *
 * @throws Error naming the file when it cannot be read, is damaged, or has a line of more than 64 MiB
 */
export async function* readLines(path: string): AsyncGenerator<string> {
  let held = '';
  for await (const text of readPieces(path)) {
    const lines = (held + text).split('\n');
    held = lines.pop()!;
    if (held.length > LONGEST_LINE) throw new Error(`${path}: a line is longer than ${LONGEST_LINE} characters`);
    for (const line of lines) yield line.endsWith('\r') ? line.slice(0, -1) : line;
  }
  if (held !== '') yield held.endsWith('\r') ? held.slice(0, -1) : held;
}

async function* readPieces(path: string): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  try {
    const bytes = path.endsWith('.gz') ? gunzip(readBytes(path)) : readBytes(path);
    for await (const piece of bytes) yield decoder.decode(piece, { stream: true });
    yield decoder.decode();
  } catch (error) {
    const message = (error as Error).message;
    throw message.includes(path) ? error : new Error(`${path}: ${message}`, { cause: error });
  }
}

async function* readBytes(path: string): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const file = await (await runtime()).openFile(path);
  try {
    for (let at = 0; at < file.size; at += PIECE) yield await file.read(at, Math.min(PIECE, file.size - at));
  } finally {
    await file.close();
  }
}

async function* gunzip(bytes: AsyncGenerator<Uint8Array<ArrayBuffer>>): AsyncGenerator<Uint8Array> {
  const source = new ReadableStream<Uint8Array<ArrayBuffer>>({
    async pull(controller) {
      const { done, value } = await bytes.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    cancel: async () => void (await bytes.return(undefined)),
  });
  const reader = source.pipeThrough(new DecompressionStream('gzip')).getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    await reader.cancel();
  }
}
