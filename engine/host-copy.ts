/**
 * Results that are read after every step, such as a loss or the next token, are copied for the host by the commands of the step itself: reading one then takes no
 * commands of its own. What was read after one step is expected to be read after the next.
 */
import { byteLength, type DType } from './dtype.ts';
import { type Shape, sizeOf } from './shape.ts';
import type { StagingPool } from './staging.ts';

/** Larger results are copied when they are read. */
const largestCopy = 2 ** 20;

/** Bytes that reading a tensor takes: whole words. */
export function readBytes(shape: Shape, dtype: DType): number {
  return Math.ceil(byteLength(dtype, sizeOf(shape)) / 4) * 4;
}

/** Which results of a plan the host reads. */
export class ReadingHabits {
  readonly #staging: StagingPool;
  readonly #read = new Set<number>();

  constructor(staging: StagingPool) {
    this.#staging = staging;
  }

  /** A buffer that commands are to copy result `index` of so many bytes into, or null where nobody reads it. */
  bufferFor(index: number, bytes: number): GPUBuffer | null {
    return this.#read.has(index) && bytes <= largestCopy ? this.#staging.acquire(bytes) : null;
  }

  /** Takes back a buffer into which nothing was copied, or what was copied is of no use. */
  release(buffer: GPUBuffer | null): void {
    if (buffer) this.#staging.release(buffer);
  }

  /** For a result of one run. */
  copyOf(index: number, buffer: GPUBuffer | null): HostCopy {
    return new HostCopy(buffer, (wasRead, left) => {
      if (wasRead) this.#read.add(index);
      else this.#read.delete(index);
      this.release(left);
    });
  }
}

/** The copy of one result, if there is one, until it is read or the result is gone. */
export class HostCopy {
  readonly #end: (wasRead: boolean, left: GPUBuffer | null) => void;
  #buffer: GPUBuffer | null;
  #ended = false;

  /** `end` hears once whether the result was read, and gets the buffer back where it was not. */
  constructor(buffer: GPUBuffer | null, end: (wasRead: boolean, left: GPUBuffer | null) => void) {
    this.#buffer = buffer;
    this.#end = end;
  }

  /** Called when the result is read: the buffer that its content is copied into, the first time, or null. */
  take(): GPUBuffer | null {
    const buffer = this.#buffer;
    this.#buffer = null;
    if (!this.#ended) this.#end(true, null);
    this.#ended = true;
    return buffer;
  }

  /** Called when the result is gone. */
  drop(): void {
    if (!this.#ended) this.#end(false, this.#buffer);
    this.#ended = true;
    this.#buffer = null;
  }
}
