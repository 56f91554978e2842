/** Writes safetensors files, tensor by tensor. */
import { runtime } from '../runtime/index.ts';
import { byteLength, DTYPE_BYTES, LARGEST_HEADER, type SafetensorsDtype } from './header.ts';

/** A view of any element type; it is its bytes that are written. */
type Bytes = ArrayBufferView;

export interface TensorToWrite {
  name: string;
  dtype: SafetensorsDtype;
  shape: readonly number[];
  /** The elements, little endian: all at once, or a function that gives them in pieces when their turn comes. */
  data: Bytes | (() => Bytes | Promise<Bytes> | Iterable<Bytes> | AsyncIterable<Bytes>);
}

/**
 * The bytes of a file, header first. Tensors are ordered by falling element size, then by name, so that each lies aligned and
 * the same tensors give the same file. Throws before the first byte on names that repeat and shapes that are none, and at the
 * tensor whose data have another length than its shape.
 */
export async function* encodeSafetensors(
  tensors: Iterable<TensorToWrite>,
  metadata: Record<string, string> = {},
): AsyncGenerator<Uint8Array> {
  const ordered = [...tensors].sort(
    (a, b) => DTYPE_BYTES[b.dtype] - DTYPE_BYTES[a.dtype] || (a.name < b.name ? -1 : a.name > b.name ? 1 : 0),
  );
  yield encodeHeader(ordered, metadata);
  for (const tensor of ordered) yield* encodeData(tensor);
}

/** Streams a file to `path`, which appears only when it is complete. */
export async function writeSafetensors(
  path: string,
  tensors: Iterable<TensorToWrite>,
  metadata: Record<string, string> = {},
): Promise<void> {
  await (await runtime()).writeFileAtomic(path, encodeSafetensors(tensors, metadata));
}

function encodeHeader(tensors: TensorToWrite[], metadata: Record<string, string>): Uint8Array {
  const header = new Map<string, unknown>();
  if (Object.keys(metadata).length > 0) header.set('__metadata__', metadata);
  let offset = 0;
  for (const tensor of tensors) {
    const length = neededBytes(tensor);
    if (header.has(tensor.name)) throw new Error(`cannot write two tensors of the name ${JSON.stringify(tensor.name)}`);
    if (tensor.name === '__metadata__') throw new Error('cannot write a tensor of the name "__metadata__"');
    header.set(tensor.name, {
      dtype: tensor.dtype,
      shape: tensor.shape,
      data_offsets: [offset, offset + length],
    });
    offset += length;
  }
  // Written entry by entry: an object would put names that are numbers first and lose one called __proto__.
  const entries = [...header].map(([name, entry]) => `${JSON.stringify(name)}:${JSON.stringify(entry)}`);
  const text = new TextEncoder().encode(`{${entries.join(',')}}`);
  const padded = Math.ceil(text.length / 8) * 8;
  if (padded > LARGEST_HEADER)
    throw new Error(`the header of ${tensors.length} tensors takes ${padded} bytes: too many`);
  const head = new Uint8Array(8 + padded).fill(0x20);
  new DataView(head.buffer).setBigUint64(0, BigInt(padded), true);
  head.set(text, 8);
  return head;
}

async function* encodeData(tensor: TensorToWrite): AsyncGenerator<Uint8Array> {
  const needed = neededBytes(tensor);
  let written = 0;
  for await (const piece of piecesOf(tensor)) {
    written += piece.byteLength;
    if (written > needed) break;
    yield new Uint8Array(piece.buffer, piece.byteOffset, piece.byteLength);
  }
  if (written !== needed) {
    throw new Error(
      `cannot write tensor ${JSON.stringify(tensor.name)}: ${tensor.dtype} of shape [${tensor.shape}] takes ${needed} bytes, ` +
        `but its data have ${written > needed ? 'more' : written}`,
    );
  }
}

async function* piecesOf({ data }: TensorToWrite): AsyncGenerator<Bytes> {
  const given = typeof data === 'function' ? await data() : data;
  if (ArrayBuffer.isView(given)) yield given;
  else yield* given;
}

function neededBytes({ name, dtype, shape }: TensorToWrite): number {
  const bytes = shape.every((size) => Number.isSafeInteger(size) && size >= 0) ? byteLength(dtype, shape) : null;
  if (bytes === null)
    throw new Error(`cannot write tensor ${JSON.stringify(name)}: it has the impossible shape [${shape}]`);
  return bytes;
}
