import type { FileSource } from './types.ts';

/** Throws unless `length` bytes from `offset` lie inside a file of `size` bytes. `name` is for the error. */
export function checkRange(name: string, size: number, offset: number, length: number): void {
  if (!Number.isSafeInteger(offset) || !Number.isSafeInteger(length) || offset < 0 || length < 0) {
    throw new Error(`${name}: cannot read ${length} bytes at ${offset}: both must be whole numbers from 0`);
  }
  if (offset + length > size) {
    throw new Error(`${name}: cannot read ${length} bytes at ${offset}: the file ends at ${size}`);
  }
}

/** A file that the user of a page has chosen, or any Blob, as a source; the browser keeps large ones on disk. */
export function blobSource(blob: Blob, name = 'blob'): FileSource {
  return {
    size: blob.size,
    async read(offset, length) {
      checkRange(name, blob.size, offset, length);
      const bytes = new Uint8Array(await blob.slice(offset, offset + length).arrayBuffer());
      if (bytes.length !== length) {
        throw new Error(`${name}: got ${bytes.length} of ${length} bytes at ${offset}: the file was cut or changed`);
      }
      return bytes;
    },
    async close() {},
  };
}
