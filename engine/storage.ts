/** What a concrete tensor owns: one buffer, or several that each hold some of its rows. */
import type { PooledBuffer } from './buffers.ts';
import type { Device } from './device.ts';
import { byteLength, type DType, paddedByteLength } from './dtype.ts';
import { OpError, TensorStateError } from './errors.ts';
import type { HostCopy } from './host-copy.ts';
import { formatShape, type Shape, sizeOf } from './shape.ts';

export interface Shard {
  readonly buffer: PooledBuffer;
  readonly firstRow: number;
  readonly rows: number;
}

/** How many rows lie in each buffer of a tensor: all in one, or, where it is larger than a binding, shards of equally many. */
export function shardRows(shape: Shape, dtype: DType, maxBindingBytes: number): number[] {
  const rows = shape[0] ?? 1;
  if (paddedByteLength(dtype, sizeOf(shape)) <= maxBindingBytes) return [rows];
  const rowBytes = byteLength(dtype, sizeOf(shape) / rows);
  const fitting = Math.floor(maxBindingBytes / rowBytes);
  // shards of a multiple of 4 rows keep the columns that they stand for in a product aligned to vec4
  const each = fitting >= 4 ? fitting - (fitting % 4) : fitting;
  if (each < 1 || shape.length < 2)
    throw new OpError(
      'allocate',
      `${dtype} tensor ${formatShape(shape)} does not fit into bindings of ${maxBindingBytes} bytes`,
    );
  return Array.from({ length: Math.ceil(rows / each) }, (_, i) => Math.min(each, rows - i * each));
}

export class Storage {
  readonly device: Device;
  readonly shards: readonly Shard[];
  /** Of a result that lies in one buffer. */
  readonly hostCopy: HostCopy | null;
  /** Why the tensor is of no use any more, or null while it is. */
  #gone: string | null = null;
  /** Plans that hold the buffers of this storage in their bind groups; told when it goes. */
  #watchers: Set<(reason: string) => void> | null = null;

  constructor(device: Device, shards: readonly Shard[], hostCopy: HostCopy | null = null) {
    this.device = device;
    this.shards = shards;
    this.hostCopy = hostCopy;
  }

  get gone(): string | null {
    return this.#gone;
  }

  get bytes(): number {
    return this.shards.reduce((sum, { buffer }) => sum + buffer.bytes, 0);
  }

  /** Throws a {@link TensorStateError} when the tensor was disposed or donated. */
  check(use: string): void {
    if (this.#gone) throw new TensorStateError(`${use}: the tensor was ${this.#gone}`);
  }

  watch(watcher: (reason: string) => void): void {
    this.#watchers ??= new Set();
    this.#watchers.add(watcher);
  }

  unwatch(watcher: (reason: string) => void): void {
    this.#watchers?.delete(watcher);
  }

  /** Gives the buffers back to the device. Doing it twice does nothing. */
  dispose(reason = 'disposed'): void {
    if (this.#gone) return;
    this.#markGone(reason);
    for (const { buffer } of this.shards) this.device.buffers.release(buffer);
  }

  /** Hands the buffers to a new owner: this storage is gone, they live on. */
  surrender(reason: string): readonly Shard[] {
    this.check('donation');
    this.#markGone(reason);
    return this.shards;
  }

  #markGone(reason: string): void {
    this.#gone = reason;
    this.hostCopy?.drop();
    for (const watcher of this.#watchers ?? []) watcher(reason);
    this.#watchers = null;
  }
}
