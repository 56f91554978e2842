/** Arguments that come as host data, in buffers that a plan keeps: small ones side by side in one, which is written at once, the others each in its own. */
import type { PooledBuffer } from './buffers.ts';
import type { Device } from './device.ts';
import { type HostData, paddedByteLength } from './dtype.ts';
import type { ArgumentInfo } from './lower.ts';
import { type Packing, pack } from './packing.ts';
import { sizeOf } from './shape.ts';

export class HostedArguments {
  readonly #device: Device;
  readonly #bytes: ReadonlyMap<number, number>;
  readonly #packing: Packing<number>;
  /** What the shared buffer is to hold. */
  readonly #shared: Uint8Array<ArrayBuffer>;
  /** Of each argument; made when data first come. */
  readonly #buffers = new Map<number, PooledBuffer>();

  /** @param hosted which of the arguments come as host data */
  constructor(device: Device, infos: readonly ArgumentInfo[], hosted: readonly boolean[]) {
    this.#device = device;
    const entries = infos.map(({ shape, dtype }, index) => [index, paddedByteLength(dtype, sizeOf(shape))] as const);
    this.#bytes = new Map(entries.filter(([index]) => hosted[index]));
    this.#packing = pack(this.#bytes);
    this.#shared = new Uint8Array(this.#packing.bytes);
  }

  /** Where in its buffer an argument begins, in bytes. */
  offsetOf(index: number): number {
    return this.#packing.offsets.get(index) ?? 0;
  }

  /** Writes the data among the arguments of a run; gives the buffers where they lie. */
  write(args: readonly unknown[]): ReadonlyMap<number, PooledBuffer> {
    if (this.#buffers.size === 0) this.#acquire();
    for (const index of this.#bytes.keys()) {
      const data = args[index] as HostData;
      const offset = this.#packing.offsets.get(index);
      if (offset === undefined) this.#device.write(this.#buffers.get(index)!, data);
      else this.#shared.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), offset);
    }
    const [first] = this.#packing.offsets.keys();
    if (first !== undefined) this.#device.write(this.#buffers.get(first)!, new Uint32Array(this.#shared.buffer));
    return this.#buffers;
  }

  release(): void {
    for (const buffer of new Set(this.#buffers.values())) this.#device.buffers.release(buffer);
    this.#buffers.clear();
  }

  #acquire(): void {
    const { offsets, bytes } = this.#packing;
    const acquire = (size: number) => this.#device.buffers.acquire(size, 'plan');
    const shared = bytes > 0 ? acquire(bytes) : null;
    for (const [index, own] of this.#bytes) this.#buffers.set(index, offsets.has(index) ? shared! : acquire(own));
  }
}
