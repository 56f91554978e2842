/**
 * GPU buffers by exact size: given out, taken back, and used again. A buffer goes back as soon as the commands that use it are
 * submitted (the queue runs in order); it is destroyed only behind a fence, since a submit holding one destroyed buffer does nothing.
 */

/** Numbers of the WebGPU specification; the constants' namespaces do not exist on every runtime. */
export const bufferUsage = {
  mapRead: 0x1,
  copySource: 0x4,
  copyDestination: 0x8,
  uniform: 0x40,
  storage: 0x80,
  queryResolve: 0x200,
} as const;
export const mapMode = { read: 0x1 } as const;

export interface PooledBuffer {
  readonly gpu: GPUBuffer;
  readonly bytes: number;
  /** Distinguishes buffers in the keys of bind group caches. */
  readonly id: number;
  readonly owner: string;
}

/** Bytes of free buffers kept for reuse; what goes beyond is destroyed. */
const maxFreeBytes = 512 * 2 ** 20;

export class BufferPool {
  readonly #gpu: GPUDevice;
  readonly #fence: () => Promise<unknown>;
  readonly #free = new Map<number, PooledBuffer[]>();
  readonly #bytesByOwner = new Map<string, number>();
  #freeBytes = 0;
  #nextId = 0;
  /** Buffers ever made: a steady loop makes none. */
  created = 0;

  /** `fence` resolves when everything submitted so far is done, or never will be. */
  constructor(gpu: GPUDevice, fence: () => Promise<unknown>) {
    this.#gpu = gpu;
    this.#fence = fence;
  }

  /** Bytes that live buffers hold, by owner («tensor», «plan», …), and «free» for those kept for reuse. */
  bytesByOwner(): Record<string, number> {
    const owners = [...this.#bytesByOwner].filter(([, bytes]) => bytes > 0);
    return { ...Object.fromEntries(owners), free: this.#freeBytes };
  }

  liveBytes(): number {
    return [...this.#bytesByOwner.values()].reduce((sum, bytes) => sum + bytes, 0);
  }

  /**
   * A storage buffer of `bytes` (a multiple of 16). Its content is whatever was there. `preferred` is given where it is free: who asks for the same buffers every
   * time can keep the bind groups that hold them.
   */
  acquire(bytes: number, owner: string, preferred?: PooledBuffer): PooledBuffer {
    this.#bytesByOwner.set(owner, (this.#bytesByOwner.get(owner) ?? 0) + bytes);
    const kept = this.#takeFree(bytes, preferred);
    if (kept) {
      this.#freeBytes -= bytes;
      return { ...kept, owner };
    }
    this.created++;
    const usage = bufferUsage.storage | bufferUsage.copySource | bufferUsage.copyDestination;
    return { gpu: this.#gpu.createBuffer({ size: bytes, usage, label: owner }), bytes, id: this.#nextId++, owner };
  }

  #takeFree(bytes: number, preferred: PooledBuffer | undefined): PooledBuffer | undefined {
    const free = this.#free.get(bytes);
    const at = preferred && free ? free.findIndex(({ id }) => id === preferred.id) : -1;
    return at < 0 ? free?.pop() : free!.splice(at, 1)[0];
  }

  release(buffer: PooledBuffer): void {
    this.#bytesByOwner.set(buffer.owner, (this.#bytesByOwner.get(buffer.owner) ?? 0) - buffer.bytes);
    if (this.#freeBytes + buffer.bytes > maxFreeBytes) {
      this.destroyBehindFence([buffer.gpu]);
      return;
    }
    this.#freeBytes += buffer.bytes;
    const list = this.#free.get(buffer.bytes);
    if (list) list.push(buffer);
    else this.#free.set(buffer.bytes, [buffer]);
  }

  /** Gives the free buffers back to the driver. */
  trim(): void {
    this.destroyBehindFence([...this.#free.values()].flat().map(({ gpu }) => gpu));
    this.#free.clear();
    this.#freeBytes = 0;
  }

  /** Destroys buffers once everything submitted so far is done. */
  destroyBehindFence(buffers: GPUBuffer[]): void {
    const destroy = () => {
      for (const buffer of buffers) buffer.destroy();
    };
    this.#fence().then(destroy);
  }
}
