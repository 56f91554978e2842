/** Buffers that the host reads results through; small ones are kept for the next time, since a loop reads the same few bytes at every step. */
import { bufferUsage } from './buffers.ts';

/** Larger ones are made for one reading. */
const mostKeptBytes = 2 ** 20;
const mostKept = 8;

export class StagingPool {
  readonly #gpu: GPUDevice;
  readonly #kept: GPUBuffer[] = [];

  constructor(gpu: GPUDevice) {
    this.#gpu = gpu;
  }

  /** A buffer of exactly `bytes` that is not mapped. */
  acquire(bytes: number): GPUBuffer {
    const at = this.#kept.findIndex(({ size }) => size === bytes);
    if (at >= 0) return this.#kept.splice(at, 1)[0];
    const usage = bufferUsage.mapRead | bufferUsage.copyDestination;
    return this.#gpu.createBuffer({ size: bytes, usage, label: 'read' });
  }

  /** Takes a buffer back that was read and unmapped. */
  release(buffer: GPUBuffer): void {
    if (buffer.size > mostKeptBytes) {
      buffer.destroy();
      return;
    }
    this.#kept.push(buffer);
    if (this.#kept.length > mostKept) this.#kept.shift()!.destroy();
  }
}
