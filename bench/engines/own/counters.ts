/** Counts what a program asks of a device, and when. */

const makers = [
  'createBuffer',
  'createBindGroup',
  'createComputePipeline',
  'createComputePipelineAsync',
  'createShaderModule',
] as const;

export type Made = Record<(typeof makers)[number] | 'submits', number>;

/** Looks over the shoulder of a device from now on, until `stop`. */
export class Counters {
  readonly #gpu: GPUDevice;
  readonly #made = Object.fromEntries([...makers, 'submits'].map((name) => [name, 0])) as Made;
  #restore = (): void => {};
  /** When the last submit had returned, in milliseconds of `performance.now()`. */
  lastSubmit = 0;
  /** When the program last asked for a buffer to be readable, when it was free to do other things, and when the buffer became readable. */
  #asked = 0;
  #answered = 0;
  #readable = 0;
  /** When what followed the last submit was done. */
  #busyUntil = 0;

  constructor(gpu: GPUDevice) {
    this.#gpu = gpu;
    this.#timeWaits();
    for (const name of makers) this.#watch(name);
    const { queue } = gpu;
    const submit = queue.submit.bind(queue);
    Object.assign(queue, {
      submit: (buffers: GPUCommandBuffer[]) => {
        submit(buffers);
        this.lastSubmit = performance.now();
        this.#made.submits++;
        // behind what runs now
        queueMicrotask(() => {
          this.#busyUntil = performance.now();
        });
      },
    });
  }

  /**
   * How long the program did nothing but wait for the buffer that it asked for last, in milliseconds: it may submit more before it waits, and Deno waits already
   * while it is asked.
   */
  get waited(): number {
    const idleFrom = Math.max(this.#answered, this.#busyUntil);
    return this.#answered - this.#asked + Math.max(0, this.#readable - idleFrom);
  }

  /** Counts since the last call. */
  take(): Made {
    const counts = { ...this.#made };
    for (const name of Object.keys(counts) as (keyof Made)[]) this.#made[name] = 0;
    return counts;
  }

  stop(): void {
    for (const name of makers) Reflect.deleteProperty(this.#gpu, name);
    Reflect.deleteProperty(this.#gpu.queue, 'submit');
    this.#restore();
  }

  #watch(name: (typeof makers)[number]): void {
    const make = (this.#gpu[name] as (descriptor: unknown) => unknown).bind(this.#gpu);
    Object.assign(this.#gpu, {
      [name]: (descriptor: GPUBufferDescriptor) => {
        // staging of a read-back is no object of the step
        const isStaging = name === 'createBuffer' && (descriptor.usage & GPU_MAP_READ) !== 0;
        if (!isStaging) this.#made[name]++;
        return make(descriptor);
      },
    });
  }

  /** For all buffers: those to read through may have been made before. */
  #timeWaits(): void {
    const probe = this.#gpu.createBuffer({ size: 4, usage: GPU_MAP_READ });
    const buffers = Object.getPrototypeOf(probe) as Pick<GPUBuffer, 'mapAsync'>;
    probe.destroy();
    const map = buffers.mapAsync;
    const counters = this;
    buffers.mapAsync = function (this: GPUBuffer, ...range: Parameters<GPUBuffer['mapAsync']>) {
      counters.#asked = performance.now();
      const ready = map.apply(this, range);
      counters.#answered = performance.now();
      ready.then(
        () => {
          counters.#readable = performance.now();
        },
        () => undefined,
      );
      return ready;
    };
    this.#restore = () => {
      buffers.mapAsync = map;
    };
  }
}

/** GPUBufferUsage.MAP_READ, which is no global on Node. */
const GPU_MAP_READ = 1;
