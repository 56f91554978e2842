/** Tar archives (POSIX ustar). */
import type { RunFile } from './messages.ts';

const BLOCK = 512;
/** Bytes of a name that a header holds. */
const LONGEST_NAME = 100;

/** `time` in seconds since 1970. @throws Error for a name that is longer than a header holds */
export function encodeTar(files: readonly RunFile[], time: number): Blob {
  const parts = files.flatMap(({ path, content }) => [
    header(path, content.size, time),
    content,
    new Uint8Array((BLOCK - (content.size % BLOCK)) % BLOCK),
  ]);
  return new Blob([...parts, new Uint8Array(2 * BLOCK)], { type: 'application/x-tar' });
}

function header(path: string, size: number, time: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(BLOCK);
  const put = (at: number, text: string) => bytes.set(new TextEncoder().encode(text), at);
  const octal = (at: number, digits: number, value: number) => put(at, value.toString(8).padStart(digits, '0'));
  if (new TextEncoder().encode(path).length > LONGEST_NAME)
    throw new Error(`${path}: the name is too long for a tar archive`);
  put(0, path);
  octal(100, 7, 0o644);
  octal(108, 7, 0);
  octal(116, 7, 0);
  octal(124, 11, size);
  octal(136, 11, time);
  put(148, '        ');
  put(156, '0');
  put(257, 'ustar\x0000');
  const sum = bytes.reduce((total, byte) => total + byte, 0);
  put(148, `${sum.toString(8).padStart(6, '0')}\0 `);
  return bytes;
}
