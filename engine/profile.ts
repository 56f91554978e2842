/**
 * Where the device's time goes: while a {@link Profiler} is set, every dispatch runs in a compute pass of its own between two timestamps of
 * the device's clock. That keeps dispatches from running side by side, so the sum is an upper bound of what they take together.
 */
import { bufferUsage, mapMode } from './buffers.ts';
import type { Dispatch } from './memory.ts';

/** The dispatches of one plan that run the same kernel for the same op and shapes, together. */
export interface KernelTime {
  /** The compiled function's name. */
  readonly plan: string;
  readonly kernel: string;
  /** Op and shapes. */
  readonly op: string;
  readonly dispatches: number;
  readonly milliseconds: number;
  readonly flops: number;
}

/** WebGPU allows 4,096 queries in a set, and a pass takes two. */
const passesInSet = 2048;
/** Of the two timestamps of a pass, 8 bytes each. */
const bytesOfPass = 16;

/** Times the dispatches of one submit. */
export class PassTimer {
  readonly #dispatches: readonly Dispatch[];
  readonly #sets: GPUQuerySet[];
  readonly #resolved: GPUBuffer;
  readonly #staging: GPUBuffer;
  #next = 0;

  constructor(gpu: GPUDevice, dispatches: readonly Dispatch[]) {
    this.#dispatches = dispatches;
    this.#sets = Array.from({ length: Math.ceil(dispatches.length / passesInSet) }, (_, i) =>
      gpu.createQuerySet({ type: 'timestamp', count: 2 * Math.min(passesInSet, dispatches.length - i * passesInSet) }),
    );
    const { queryResolve, copySource, mapRead, copyDestination } = bufferUsage;
    const size = Math.max(1, dispatches.length) * bytesOfPass;
    this.#resolved = gpu.createBuffer({ size, usage: queryResolve | copySource, label: 'timestamps' });
    this.#staging = gpu.createBuffer({ size, usage: mapRead | copyDestination, label: 'timestamps to read' });
  }

  /** For the pass of the next dispatch. */
  nextPass(): GPUComputePassDescriptor {
    const at = this.#next++;
    const first = 2 * (at % passesInSet);
    const querySet = this.#sets[Math.floor(at / passesInSet)];
    return { timestampWrites: { querySet, beginningOfPassWriteIndex: first, endOfPassWriteIndex: first + 1 } };
  }

  /** Behind the last pass. */
  resolve(encoder: GPUCommandEncoder): void {
    for (const [i, set] of this.#sets.entries())
      encoder.resolveQuerySet(set, 0, set.count, this.#resolved, i * passesInSet * bytesOfPass);
    encoder.copyBufferToBuffer(this.#resolved, 0, this.#staging, 0, this.#resolved.size);
  }

  /** Each dispatch with its time in milliseconds, once the submit is done. */
  async times(watch: <T>(promise: Promise<T>) => Promise<T>): Promise<{ dispatch: Dispatch; milliseconds: number }[]> {
    await watch(this.#staging.mapAsync(mapMode.read));
    const stamps = new BigUint64Array(this.#staging.getMappedRange());
    return this.#dispatches.map((dispatch, i) => {
      // a clock that steps back, as some do where the core changes, took no time
      const nanoseconds = Math.max(0, Number(stamps[2 * i + 1] - stamps[2 * i]));
      return { dispatch, milliseconds: nanoseconds / 1e6 };
    });
  }

  dispose(): void {
    for (const made of [...this.#sets, this.#resolved, this.#staging]) made.destroy();
  }
}

/** Times all plans that run while it is the device's. */
export class Profiler {
  readonly #gpu: GPUDevice;
  readonly #timers: { readonly plan: string; readonly timer: PassTimer }[] = [];

  constructor(gpu: GPUDevice) {
    this.#gpu = gpu;
  }

  timer(plan: string, dispatches: readonly Dispatch[]): PassTimer {
    const timer = new PassTimer(this.#gpu, dispatches);
    this.#timers.push({ plan, timer });
    return timer;
  }

  /** What took longest first. */
  async kernels(watch: <T>(promise: Promise<T>) => Promise<T>): Promise<KernelTime[]> {
    const sums = new Map<string, { -readonly [K in keyof KernelTime]: KernelTime[K] }>();
    for (const { plan, timer } of this.#timers) {
      for (const { dispatch, milliseconds } of await timer.times(watch)) {
        const { source, label: op, flops } = dispatch;
        const key = [plan, source.name, op].join('\n');
        const sum = sums.get(key) ?? { plan, kernel: source.name, op, dispatches: 0, milliseconds: 0, flops: 0 };
        sums.set(key, sum);
        sum.dispatches++;
        sum.milliseconds += milliseconds;
        sum.flops += flops;
      }
    }
    return [...sums.values()].sort((a, b) => b.milliseconds - a.milliseconds);
  }

  dispose(): void {
    for (const { timer } of this.#timers) timer.dispose();
  }
}
