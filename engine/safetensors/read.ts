/** Reads safetensors files tensor by tensor, or rows of a tensor; never a whole file at once. */
import { type FileSource, runtime } from '../runtime/index.ts';
import { headerLength, parseHeader, type TensorRecord } from './header.ts';

/** Named tensors that can be read: a file, or all shards of a checkpoint. */
export interface TensorReader {
  /** Of the file, for errors. */
  readonly name: string;
  readonly tensors: ReadonlyMap<string, TensorRecord>;
  /** What the writer noted, of shards the first one's. */
  readonly metadata: ReadonlyMap<string, string>;
  /** The bytes of one tensor, row-major. */
  read(name: string): Promise<Uint8Array<ArrayBuffer>>;
  /** The bytes of rows `start` to `end` (exclusive) along the first dimension. */
  readRows(name: string, start: number, end: number): Promise<Uint8Array<ArrayBuffer>>;
  close(): Promise<void>;
}

export type SafetensorsFile = TensorReader;

/**
 * Reads and validates the header of `source`; `name` is for the errors. The file belongs to the result from then on. See
 * `parseHeader` for what is checked.
 */
export async function openSafetensors(source: FileSource, name: string): Promise<SafetensorsFile> {
  if (source.size < 8) throw new Error(`${name}: has ${source.size} bytes, too few for a safetensors file`);
  const length = headerLength(name, await source.read(0, 8), source.size);
  const { tensors, metadata } = parseHeader(name, await source.read(8, length), source.size);

  const find = (tensor: string) => {
    const record = tensors.get(tensor);
    if (!record) throw new Error(`${name} has no tensor ${JSON.stringify(tensor)}`);
    return record;
  };
  return {
    name,
    tensors,
    metadata,
    async read(tensor) {
      const { offset, length } = find(tensor);
      return source.read(offset, length);
    },
    async readRows(tensor, start, end) {
      const { shape, offset, length } = find(tensor);
      const rows = shape[0] ?? 0;
      const areRows = Number.isInteger(start) && Number.isInteger(end) && 0 <= start && start <= end && end <= rows;
      if (shape.length === 0 || !areRows) {
        throw new Error(`${name}: tensor ${JSON.stringify(tensor)} of shape [${shape}] has no rows ${start} to ${end}`);
      }
      const rowBytes = rows === 0 ? 0 : length / rows;
      return source.read(offset + start * rowBytes, (end - start) * rowBytes);
    },
    close: () => source.close(),
  };
}

/** Opens and validates the file at `path`. */
export async function openSafetensorsFile(path: string): Promise<SafetensorsFile> {
  const source = await (await runtime()).openFile(path);
  try {
    return await openSafetensors(source, path);
  } catch (error) {
    await source.close();
    throw error;
  }
}
