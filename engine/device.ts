/** The device: limits and features, the error trap, pipelines, buffers, scopes, uploads and read-backs. No state outside the object. */
import type { KernelSource, SubgroupLanes } from '../kernels/source.ts';
import { type TileTable, tilesFor } from '../kernels/tiles.ts';
import { BufferPool, mapMode, type PooledBuffer } from './buffers.ts';
import { byteLength, type DType, dtypeOf, type HostData, hostArrayOf, paddedByteLength } from './dtype.ts';
import { DeviceError, OpError } from './errors.ts';
import { readBytes } from './host-copy.ts';
import { type KernelTime, Profiler } from './profile.ts';
import { type AdapterChoice, type AdapterHandle, runtime } from './runtime/index.ts';
import { checkShape, formatShape, type Shape, sizeOf } from './shape.ts';
import { StagingPool } from './staging.ts';
import { type Shard, Storage, shardRows } from './storage.ts';
import { Tensor } from './tensor.ts';
import { leavesOf } from './tree.ts';

export interface DeviceOptions {
  /** Which driver; see `AdapterChoice`. Default `auto`. */
  adapter?: AdapterChoice;
  /** Which kernel variants: those for GPUs (tiles in workgroup memory) or for software adapters. Default: by the adapter. */
  kernels?: 'gpu' | 'software';
  /** Largest binding in bytes, at most the adapter's own limit; tests lower it to exercise row shards. */
  maxBindingBytes?: number;
  /** Tiles of the matrix product. Default: as measured on the adapter's family (see `bench/autotune.ts`). */
  tiles?: TileTable;
  /** Told when a tensor was garbage-collected without having been disposed, with its shape. */
  onLeak?: (description: string) => void;
}

/** What kernels choose their variants by. */
export interface DeviceTraits {
  /** Barriers are the cost: prefer kernels without workgroup memory. */
  readonly software: boolean;
  readonly subgroupLanes: SubgroupLanes;
  readonly maxBindingBytes: number;
  /** Storage buffers of a kernel; WebGPU guarantees 8. */
  readonly maxBindings: number;
  /** Tiles of the matrix product, where tiles are used. */
  readonly tiles: TileTable;
}

export interface Pipeline {
  readonly gpu: GPUComputePipeline;
  readonly layout: GPUBindGroupLayout;
}

/** Two times this many submits may wait in the queue, so that a loop that never reads cannot run away with memory. */
const submitsPerFence = 4;
/** See `dropBindGroups`. */
const maxDroppedBindGroups = 8192;
/**
 * Uploads go in slices of this many bytes, each awaited by `upload`, which bounds the driver's staging memory. Dawn makes memory of its own for larger ones, and
 * the system clears each page of it.
 */
const uploadSlice = 4 * 2 ** 20;

/** Opens a device on the best adapter that there is; throws an error that says what to install when there is none. */
export async function requestDevice(options: DeviceOptions = {}): Promise<Device> {
  const handle = await (await runtime()).requestAdapter({ adapter: options.adapter ?? 'auto' });
  const { adapter } = handle;
  const wanted: GPUFeatureName[] = ['subgroups', 'timestamp-query'];
  const { limits } = adapter;
  const gpu = await adapter.requestDevice({
    label: 'kosmos-webgpu',
    requiredFeatures: wanted.filter((feature) => adapter.features.has(feature)),
    // without asking, a device gets the floor of every limit
    requiredLimits: {
      maxBufferSize: limits.maxBufferSize,
      maxStorageBufferBindingSize: limits.maxStorageBufferBindingSize,
      maxStorageBuffersPerShaderStage: limits.maxStorageBuffersPerShaderStage,
      maxComputeWorkgroupStorageSize: limits.maxComputeWorkgroupStorageSize,
    },
  });
  return new Device(gpu, handle, options);
}

/** Of an adapter whose subgroups are all alike. */
function lanesOf(info: GPUAdapterInfo & { subgroupMinSize?: number; subgroupMaxSize?: number }): SubgroupLanes {
  const { subgroupMinSize: least, subgroupMaxSize: most } = info;
  return least === most && (most === 4 || most === 8) ? most : 0;
}

/** A WebGPU device with its pipelines and buffers; made by {@link requestDevice}. Tensors of different devices do not mix. */
export class Device {
  readonly gpu: GPUDevice;
  readonly buffers: BufferPool;
  readonly traits: DeviceTraits;
  /** For people: the adapter's name, and whether it is software. */
  readonly description: string;
  readonly staging: StagingPool;
  readonly #pipelines = new Map<string, Pipeline>();
  readonly #pendingPipelines = new Map<string, Promise<Pipeline>>();
  readonly #layouts = new Map<string, GPUBindGroupLayout>();
  readonly #collect: () => void;
  /** Bind groups that were let go of and may not be collected yet. */
  #droppedBindGroups = 0;
  readonly #watch: <T>(promise: Promise<T>) => Promise<T>;
  readonly #scopes: Set<Tensor>[] = [];
  /** Submits since a fence was last made, and that fence. */
  #unfenced = 0;
  #lastFence: Promise<unknown> = Promise.resolve();
  readonly #leakReporter: FinalizationRegistry<{ storage: Storage; description: string }> | null;
  #failure: DeviceError | null = null;
  #closed = false;
  #profiler: Profiler | null = null;
  /** Plans of single ops, kept for eager use (see `eager.ts`). */
  readonly eagerPlans: Map<string, unknown> = new Map();

  constructor(gpu: GPUDevice, handle: AdapterHandle, options: DeviceOptions) {
    this.gpu = gpu;
    this.#watch = handle.watch ?? ((promise) => promise);
    this.#collect = handle.collect ?? (() => {});
    this.buffers = new BufferPool(gpu, () => this.#fence());
    this.staging = new StagingPool(gpu);
    this.description = handle.description;
    const { info } = handle.adapter;
    const software = options.kernels ? options.kernels === 'software' : handle.isSoftware;
    const ownLimit = gpu.limits.maxStorageBufferBindingSize;
    this.traits = {
      software,
      subgroupLanes: gpu.features.has('subgroups') ? lanesOf(info) : 0,
      maxBindingBytes: Math.floor(Math.min(options.maxBindingBytes ?? ownLimit, ownLimit) / 16) * 16,
      maxBindings: gpu.limits.maxStorageBuffersPerShaderStage,
      tiles: options.tiles ?? tilesFor(info),
    };
    const { onLeak } = options;
    this.#leakReporter = onLeak
      ? new FinalizationRegistry(({ storage, description }) => {
          if (!storage.gone) onLeak(description);
        })
      : null;
    gpu.addEventListener('uncapturederror', (event) => {
      this.#failure ??= new DeviceError(`WebGPU reported an error on ${this.description}: ${event.error.message}`);
    });
    gpu.lost.then(({ message, reason }) => {
      if (this.#closed) return;
      this.#failure = new DeviceError(
        `the WebGPU device (${this.description}) was lost (${reason}): ${message || 'no reason given'}; open a new device and load the tensors again`,
      );
    });
  }

  /** Throws what the device reported since, if it did: WebGPU tells of errors late, so every await of the engine asks here. */
  checkHealth(): void {
    if (this.#failure) throw this.#failure;
    if (this.#closed) throw new DeviceError('the device was closed');
  }

  /** Whether it works: it was not closed, and nothing went wrong. */
  get isOpen(): boolean {
    return !this.#failure && !this.#closed;
  }

  /** Frees everything. Tensors of this device are of no use afterwards. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.gpu.destroy();
  }

  // ---- tensors

  /**
   * Uploads `data` as a tensor of `shape` (default: one axis). Float32Array gives f32, Uint16Array f16 bit patterns, Int32Array i32,
   * Uint32Array u32; numbers become f32. Small uploads only hold the driver's staging memory for a moment; for checkpoints see `upload`.
   */
  tensor(data: HostData | readonly number[], shape?: Shape): Tensor {
    const host = Array.isArray(data) ? Float32Array.from(data as number[]) : (data as HostData);
    const own = shape ?? [host.length];
    checkShape('tensor', own);
    if (sizeOf(own) !== host.length)
      throw new OpError('tensor', `${host.length} elements do not fill shape ${formatShape(own)}`);
    const storage = this.allocate(own, dtypeOf(host));
    for (const { buffer, firstRow, rows } of storage.shards) this.write(buffer, sliceRows(host, own, firstRow, rows));
    return this.wrap(storage, own, dtypeOf(host));
  }

  /**
   * As `tensor`, in slices, each awaited: memory stays bounded however large the data. `data` gives the elements of a range of rows; it is asked for the next
   * while the device takes one.
   */
  async upload(
    shape: Shape,
    dtype: DType,
    data: (firstRow: number, rows: number) => HostData | Promise<HostData>,
    owner = 'tensor',
  ): Promise<Tensor> {
    checkShape('upload', shape);
    const storage = this.allocate(shape, dtype, owner);
    const rowBytes = byteLength(dtype, sizeOf(shape.slice(1)));
    const step = alignedRows(Math.max(1, Math.floor(uploadSlice / rowBytes)), rowBytes);
    try {
      for (const { buffer, firstRow, rows } of storage.shards) {
        const countAt = (row: number) => Math.min(step, rows - row);
        let slice = await data(firstRow, countAt(0));
        for (let row = 0; row < rows; row += step) {
          const count = countAt(row);
          if (slice.byteLength !== count * rowBytes || dtypeOf(slice) !== dtype)
            throw new OpError(
              'upload',
              `rows ${firstRow + row} … of ${formatShape(shape)}: got ${slice.length} ${dtypeOf(slice)} for ${count} rows of ${dtype}`,
            );
          this.checkHealth();
          this.write(buffer, slice, row * rowBytes);
          const next = row + step;
          [slice] = await Promise.all([next < rows ? data(firstRow + next, countAt(next)) : slice, this.#fence()]);
        }
      }
      this.checkHealth();
    } catch (error) {
      storage.dispose();
      throw error;
    }
    return this.wrap(storage, shape, dtype);
  }

  zeros(shape: Shape, dtype: DType = 'f32', owner = 'tensor'): Tensor {
    checkShape('zeros', shape);
    const storage = this.allocate(shape, dtype, owner);
    const encoder = this.gpu.createCommandEncoder({ label: 'zeros' });
    for (const { buffer } of storage.shards) encoder.clearBuffer(buffer.gpu);
    this.gpu.queue.submit([encoder.finish()]);
    return this.wrap(storage, shape, dtype);
  }

  /** Buffers for a tensor of `shape`: one, or shards of rows where it is larger than a binding. */
  allocate(shape: Shape, dtype: DType, owner = 'tensor'): Storage {
    this.checkHealth();
    const rowElements = sizeOf(shape) / (shape[0] ?? 1);
    const shards: Shard[] = [];
    let firstRow = 0;
    for (const rows of shardRows(shape, dtype, this.traits.maxBindingBytes)) {
      shards.push({ buffer: this.buffers.acquire(paddedByteLength(dtype, rows * rowElements), owner), firstRow, rows });
      firstRow += rows;
    }
    return new Storage(this, shards);
  }

  wrap(storage: Storage, shape: Shape, dtype: DType): Tensor {
    const tensor = Tensor.concrete(storage, shape, dtype);
    this.#scopes.at(-1)?.add(tensor);
    this.#leakReporter?.register(tensor, { storage, description: `${dtype} tensor ${formatShape(shape)}` });
    return tensor;
  }

  /** Runs `body`; tensors made meanwhile are disposed, except those in what it returns (any tree of tensors). */
  scope<T>(body: () => T): T {
    const made = new Set<Tensor>();
    this.#scopes.push(made);
    let kept: Tensor[] = [];
    try {
      const result = body();
      if (result instanceof Promise) {
        // what becomes of it without its tensors is nobody's concern
        result.catch(() => undefined);
        throw new OpError(
          'scope',
          'the body must not be asynchronous, since tensors of other code would fall into its scope',
        );
      }
      kept = leavesOf(result).filter((leaf) => leaf instanceof Tensor);
      return result;
    } finally {
      this.#scopes.pop();
      const outer = this.#scopes.at(-1);
      for (const tensor of made) {
        if (!kept.includes(tensor)) tensor.dispose();
        else outer?.add(tensor);
      }
    }
  }

  // ---- data

  /** Writes into a buffer, in queue order. The length is rounded up to a whole word. */
  write(buffer: PooledBuffer, data: HostData, offset = 0): void {
    let bytes = new Uint8Array(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength);
    if (bytes.length % 4 !== 0) {
      const padded = new Uint8Array(Math.ceil(bytes.length / 4) * 4);
      padded.set(bytes);
      bytes = padded;
    }
    for (let at = 0; at < bytes.length; at += uploadSlice) {
      this.gpu.queue.writeBuffer(buffer.gpu, offset + at, bytes, at, Math.min(uploadSlice, bytes.length - at));
    }
  }

  /** Reads the elements of a storage. Waits for the device, not for anything submitted after this call. */
  async read(storage: Storage, shape: Shape, dtype: DType): Promise<HostData> {
    this.checkHealth();
    const rows = shape[0] ?? 1;
    const rowElements = sizeOf(shape) / rows;
    const all = new ArrayBuffer(readBytes(shape, dtype));
    const copies = storage.shards.map((shard) => {
      const exact = byteLength(dtype, shard.rows * rowElements);
      const staging =
        storage.hostCopy?.take() ?? this.#copyForHost(shard.buffer, readBytes([shard.rows * rowElements], dtype));
      return { staging, exact, at: byteLength(dtype, shard.firstRow * rowElements) };
    });
    const open = new Set(copies.map(({ staging }) => staging));
    try {
      for (const { staging, exact, at } of copies) {
        await this.#watch(staging.mapAsync(mapMode.read));
        new Uint8Array(all, at, exact).set(new Uint8Array(staging.getMappedRange(), 0, exact));
        staging.unmap();
        open.delete(staging);
        this.staging.release(staging);
      }
    } catch (error) {
      this.checkHealth();
      throw new DeviceError(`reading a ${dtype} tensor ${formatShape(shape)} failed: ${(error as Error).message}`);
    } finally {
      for (const staging of open) staging.destroy();
    }
    this.checkHealth();
    return hostArrayOf(dtype, all, sizeOf(shape));
  }

  #copyForHost(buffer: PooledBuffer, bytes: number): GPUBuffer {
    const staging = this.staging.acquire(bytes);
    const encoder = this.gpu.createCommandEncoder({ label: 'read' });
    encoder.copyBufferToBuffer(buffer.gpu, 0, staging, 0, bytes);
    this.gpu.queue.submit([encoder.finish()]);
    return staging;
  }

  /** Notes a submit; resolves once few enough are in flight. */
  async afterSubmit(): Promise<void> {
    if (++this.#unfenced === submitsPerFence) {
      this.#unfenced = 0;
      const before = this.#lastFence;
      this.#lastFence = this.#fence();
      await before;
    }
    this.checkHealth();
  }

  /** Resolves when everything submitted so far is done, or never will be: what went wrong is for `checkHealth` to tell. */
  #fence(): Promise<unknown> {
    return this.#watch(this.gpu.queue.onSubmittedWorkDone()).catch(() => undefined);
  }

  /** Waits until everything submitted so far is done. */
  async finish(): Promise<void> {
    await this.#fence();
    this.checkHealth();
  }

  // ---- times

  /** Times what plans submit; null but while {@link profile} runs. */
  get profiler(): Profiler | null {
    return this.#profiler;
  }

  /**
   * Runs `body`, and tells how long each kernel took that compiled functions and ops ran meanwhile, by the device's clock, what took longest first.
   * Dispatches run one by one then, so it takes longer than without. Browsers round the clock (Chromium to 0.1 ms).
   *
   * @throws DeviceError where the adapter has no timestamps, and within another `profile`
   */
  async profile<T>(body: () => T | Promise<T>): Promise<{ result: T; kernels: KernelTime[] }> {
    if (!this.gpu.features.has('timestamp-query'))
      throw new DeviceError(`${this.description} has no timestamp queries, so its kernels cannot be timed`);
    if (this.#profiler) throw new DeviceError('profile: the device is being profiled already');
    const profiler = new Profiler(this.gpu);
    this.#profiler = profiler;
    try {
      const result = await body();
      this.#profiler = null;
      await this.finish();
      return { result, kernels: await profiler.kernels(this.#watch) };
    } finally {
      this.#profiler = null;
      profiler.dispose();
    }
  }

  // ---- pipelines

  /** The pipeline of a kernel, compiled now if need be. */
  pipeline(source: KernelSource): Pipeline {
    const known = this.#pipelines.get(source.wgsl);
    if (known) return known;
    const descriptor = this.#describe(source);
    const made = { gpu: this.gpu.createComputePipeline(descriptor.pipeline), layout: descriptor.layout };
    this.#pipelines.set(source.wgsl, made);
    return made;
  }

  /** As `pipeline`, compiled in the background; an invalid kernel is an error that names it. */
  async pipelineAsync(source: KernelSource): Promise<Pipeline> {
    const known = this.#pipelines.get(source.wgsl);
    if (known) return known;
    const pending = this.#pendingPipelines.get(source.wgsl);
    if (pending) return pending;
    // a module that is wrong is reported apart from the pipeline, and would count against the device
    this.gpu.pushErrorScope('validation');
    const descriptor = this.#describe(source);
    const moduleError = this.gpu.popErrorScope().catch(() => null);
    const made = this.#watch(this.gpu.createComputePipelineAsync(descriptor.pipeline)).then(
      (gpu) => {
        const pipeline = { gpu, layout: descriptor.layout };
        this.#pipelines.set(source.wgsl, pipeline);
        this.#pendingPipelines.delete(source.wgsl);
        return pipeline;
      },
      async (error: Error) => {
        this.#pendingPipelines.delete(source.wgsl);
        const { message } = (await moduleError) ?? error;
        this.checkHealth();
        throw new DeviceError(`kernel «${source.name}» does not compile on ${this.description}: ${message}`);
      },
    );
    this.#pendingPipelines.set(source.wgsl, made);
    return made;
  }

  /**
   * Notes that nothing refers to `count` bind groups any more. WebGPU has no way to destroy one, the garbage collector does not know what it costs
   * (llvmpipe maps memory for each, of which a process may have 65,530 pieces), so it is called once many have come together.
   */
  dropBindGroups(count: number): void {
    this.#droppedBindGroups += count;
    if (this.#droppedBindGroups < maxDroppedBindGroups) return;
    this.#droppedBindGroups = 0;
    this.#collect();
  }

  get pipelineCount(): number {
    return this.#pipelines.size;
  }

  #describe(source: KernelSource) {
    const layout = this.#bindGroupLayout(source);
    const module = this.gpu.createShaderModule({ code: source.wgsl, label: source.name });
    const pipeline: GPUComputePipelineDescriptor = {
      label: source.name,
      layout: this.gpu.createPipelineLayout({ bindGroupLayouts: [layout] }),
      compute: { module, entryPoint: 'main' },
    };
    return { layout, pipeline };
  }

  #bindGroupLayout({ parameters, buffers }: KernelSource): GPUBindGroupLayout {
    const key = `${parameters.length > 0}${buffers.map(({ write }) => (write ? 'w' : 'r')).join('')}`;
    const known = this.#layouts.get(key);
    if (known) return known;
    const visibility = 0x4; // GPUShaderStage.COMPUTE
    const entries: GPUBindGroupLayoutEntry[] = buffers.map(({ write }, i) => ({
      binding: i + 1,
      visibility,
      buffer: { type: write ? 'storage' : 'read-only-storage' },
    }));
    if (parameters.length > 0) entries.push({ binding: 0, visibility, buffer: { type: 'uniform' } });
    const layout = this.gpu.createBindGroupLayout({ entries, label: key });
    this.#layouts.set(key, layout);
    return layout;
  }
}

/** The rows of `data` that one shard holds. */
function sliceRows(data: HostData, shape: Shape, firstRow: number, rows: number): HostData {
  const rowElements = sizeOf(shape) / (shape[0] ?? 1);
  return data.subarray(firstRow * rowElements, (firstRow + rows) * rowElements);
}

/** Slices of an upload start at whole words, so their row count must make whole words. */
function alignedRows(rows: number, rowBytes: number): number {
  return rowBytes % 4 === 0 ? rows : rows + (rows % 2);
}
