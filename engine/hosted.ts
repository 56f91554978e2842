/** Arguments that come as host data, in buffers that a plan keeps: small ones side by side in one, which is written at once, the others each in its own. */
import type { PooledBuffer } from './buffers.ts';
import type { Device } from './device.ts';
import type { HostData } from './dtype.ts';
import { type Packing, pack } from './packing.ts';

export class HostedArguments {
  readonly #device: Device;
  readonly #bytes: ReadonlyMap<number, number>;
  readonly #packing: Packing<number>;
  /** What the shared buffer is to hold. */
  readonly #shared: Uint8Array<ArrayBuffer>;
  /** Of each argument; made when data first come. */
  readonly #buffers = new Map<number, readonly [PooledBuffer]>();

  /** @param bytes of the arguments that come as host data */
  constructor(device: Device, bytes: ReadonlyMap<number, number>) {
    this.#device = device;
    this.#bytes = bytes;
    this.#packing = pack(bytes);
    this.#shared = new Uint8Array(this.#packing.bytes);
  }

  /** Where in its buffer an argument begins, in bytes. */
  offsetOf(index: number): number {
    return this.#packing.offsets.get(index) ?? 0;
  }

  /** Writes the data among the arguments of a run; gives the buffer where each lies. */
  write(args: readonly unknown[]): ReadonlyMap<number, readonly [PooledBuffer]> {
    if (this.#buffers.size === 0) this.#acquire();
    for (const index of this.#bytes.keys()) {
      const data = args[index] as HostData;
      const offset = this.#packing.offsets.get(index);
      if (offset === undefined) this.#device.write(this.#buffers.get(index)![0], data);
      else this.#shared.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), offset);
    }
    const [first] = this.#packing.offsets.keys();
    if (first !== undefined) this.#device.gpu.queue.writeBuffer(this.#buffers.get(first)![0].gpu, 0, this.#shared);
    return this.#buffers;
  }

  release(): void {
    for (const buffer of new Set([...this.#buffers.values()].flat())) this.#device.buffers.release(buffer);
    this.#buffers.clear();
  }

  #acquire(): void {
    const { offsets, bytes } = this.#packing;
    const acquire = (size: number) => this.#device.buffers.acquire(size, 'plan');
    const shared = bytes > 0 ? acquire(bytes) : null;
    for (const [index, own] of this.#bytes) this.#buffers.set(index, [offsets.has(index) ? shared! : acquire(own)]);
  }
}
