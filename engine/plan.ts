/**
 * A plan: the commands of a traced function with everything they need made once: pipelines, slots, parameters, bind groups. Running it is
 * one loop over a flat list into one encoder, as a rule before it is asked for (see `encode-ahead.ts`).
 */
import type { KernelSource } from '../kernels/source.ts';
import { bufferUsage, type PooledBuffer } from './buffers.ts';
import type { Device, Pipeline } from './device.ts';
import type { DType, HostData } from './dtype.ts';
import { EncodeAhead } from './encode-ahead.ts';
import { OpError, TensorStateError } from './errors.ts';
import type { Graph, Value } from './graph.ts';
import { ReadingHabits, readBytes } from './host-copy.ts';
import { HostedArguments } from './hosted.ts';
import { describeLayout, layOut, type PlanDescription, type PlanLayout, type ResultPlace } from './layout.ts';
import type { ArgumentInfo } from './lower.ts';
import type { Memory } from './memory.ts';
import { RecentMap } from './recent.ts';
import type { Shape } from './shape.ts';
import { Storage } from './storage.ts';

export interface PlanResult {
  readonly storage: Storage;
  readonly shape: Shape;
  readonly dtype: DType;
}

/** What an argument of a run is: a tensor's storage, or host data that is written into the plan's own buffer. */
export type RunArgument = Storage | HostData;

type Step =
  | {
      readonly kind: 'dispatch';
      readonly pipeline: GPUComputePipeline;
      readonly bindGroup: GPUBindGroup;
      readonly x: number;
      readonly y: number;
      readonly z: number;
    }
  | { readonly kind: 'copy'; readonly from: Place; readonly to: Place; readonly bytes: number };

/** Where something lies: from a byte of a buffer on. */
interface Place {
  readonly buffer: GPUBuffer;
  readonly offset: number;
}

/** The list to replay, bound to buffers. */
interface Bound {
  readonly steps: readonly Step[];
  readonly length: number;
  /** Buffers of the results that are the plan's to make. */
  readonly own: readonly PooledBuffer[];
}

/** Commands of one run, and for each result the buffer that they copy it into for the host, or null. */
interface Encoded {
  readonly commands: GPUCommandBuffer;
  readonly copies: readonly (GPUBuffer | null)[];
}

/** Sets of bind groups kept, one per combination of outside buffers. */
const maxBindingSets = 8;

export interface PlanOptions {
  readonly arguments: readonly ArgumentInfo[];
  readonly fusion: boolean;
  readonly name: string;
}

export class Plan {
  readonly device: Device;
  readonly #options: PlanOptions;
  readonly #layout: PlanLayout;
  readonly #values: readonly Value[];
  /** The buffers of the results of the last run; free ones among them are taken again. */
  #lastOwn: readonly PooledBuffer[] = [];
  readonly #slots: PooledBuffer[] = [];
  readonly #hosted: HostedArguments;
  readonly #constants: PooledBuffer | null;
  readonly #parameters: GPUBuffer | null;
  readonly #pipelines: Pipeline[] = [];
  readonly #bindingSets: RecentMap<Bound>;
  readonly #habits: ReadingHabits;
  /** Not while the device is profiled, for that takes other commands. */
  readonly #ahead = new EncodeAhead<Bound, Encoded>(
    (bound) => this.#encode(bound),
    ({ copies }) => {
      for (const buffer of copies) this.#habits.release(buffer);
    },
    () => this.device.isOpen && this.device.profiler === null,
  );
  readonly #onGone = (reason: string) => {
    this.#gone ??= `a tensor that it captured was ${reason}`;
  };
  #gone: string | null = null;
  #disposed = false;

  private constructor(device: Device, graph: Graph, outputs: readonly Value[], options: PlanOptions) {
    this.device = device;
    this.#habits = new ReadingHabits(device.staging);
    this.#bindingSets = new RecentMap<Bound>(maxBindingSets, (_, { length }) => device.dropBindGroups(length));
    this.#options = options;
    this.#values = outputs;
    this.#layout = layOut(graph, outputs, {
      traits: device.traits,
      arguments: options.arguments,
      fusion: options.fusion,
    });
    for (const storage of this.#layout.captured) {
      if (storage.device !== device)
        throw new OpError(
          options.name,
          'a tensor that the function captured lies on another device than its arguments',
        );
      storage.watch(this.#onGone);
    }
    this.#parameters = this.#writeParameters();
    this.#constants = this.#copyConstants();
    this.#hosted = new HostedArguments(device, this.#layout.hosted);
  }

  /** Plans and compiles in one go, all pipelines together in the background. `onProgress` hears how many of them are done. */
  static async build(
    device: Device,
    graph: Graph,
    outputs: readonly Value[],
    options: PlanOptions,
    onProgress?: (done: number, all: number) => void,
  ): Promise<Plan> {
    const plan = new Plan(device, graph, outputs, options);
    const bySource = new Map<string, KernelSource>(plan.#layout.dispatches.map(({ source }) => [source.wgsl, source]));
    let done = 0;
    const compiled = new Map<string, Pipeline>();
    try {
      await Promise.all(
        [...bySource].map(async ([wgsl, source]) => {
          compiled.set(wgsl, await device.pipelineAsync(source));
          onProgress?.(++done, bySource.size);
        }),
      );
    } catch (error) {
      plan.dispose();
      throw error;
    }
    plan.#pipelines.push(...plan.#layout.dispatches.map(({ source }) => compiled.get(source.wgsl)!));
    return plan;
  }

  /** As `build`, at once: for single ops in eager use. */
  static buildNow(device: Device, graph: Graph, outputs: readonly Value[], options: PlanOptions): Plan {
    const plan = new Plan(device, graph, outputs, options);
    plan.#pipelines.push(...plan.#layout.dispatches.map(({ source }) => device.pipeline(source)));
    return plan;
  }

  describe(): PlanDescription {
    return describeLayout(this.#layout);
  }

  /** Submits the whole plan. Donated arguments are gone afterwards; `donation` says by whom, for the error that meets their next use. */
  run(args: readonly RunArgument[], donation = 'donated'): PlanResult[] {
    if (this.#gone)
      throw new TensorStateError(`${this.#options.name}: the plan is of no use any more, since ${this.#gone}`);
    this.device.checkHealth();
    this.#checkDonations(args);
    const hosted = this.#hosted.write(args);
    const outside = args.map((argument, index) =>
      argument instanceof Storage ? this.#buffersOf(argument, index) : (hosted.get(index) ?? []),
    );
    const own = this.#layout.own.map(({ bytes }, i) => this.device.buffers.acquire(bytes, 'tensor', this.#lastOwn[i]));
    this.#lastOwn = own;
    const { commands, copies } = this.#ahead.take(this.#boundTo(outside, own));
    this.device.gpu.queue.submit([commands]);
    let next = 0;
    const results = this.#layout.results.map((place, i) => {
      const { shape, dtype } = this.#values[i];
      // the rows are the result's own: it may be a reshaped argument, or the front part of one
      const whole = (buffer: PooledBuffer) => [{ buffer, firstRow: 0, rows: shape[0] ?? 1 }];
      const surrendered = place.kind === 'argument' ? (args[place.index] as Storage).surrender(donation) : [];
      const kept = surrendered.length > 1 ? surrendered : surrendered.flatMap(({ buffer }) => whole(buffer));
      const shards =
        place.kind === 'own'
          ? place.shards.map(({ firstRow, rows }) => ({ buffer: own[next++], firstRow, rows }))
          : kept;
      const hostCopy = isWhole(place) ? this.#habits.copyOf(i, copies[i]) : null;
      return { storage: new Storage(this.device, shards, hostCopy), shape, dtype };
    });
    for (const [index, { donated }] of this.#options.arguments.entries()) {
      const argument = args[index];
      if (donated && argument instanceof Storage) argument.dispose(donation);
    }
    return results;
  }

  /** A donated buffer may be written while the step runs, so nothing else of the step may be reading it. */
  #checkDonations(args: readonly RunArgument[]): void {
    const { name } = this.#options;
    const seen = new Set<RunArgument>();
    const twice = new Set<RunArgument>();
    for (const argument of args) (seen.has(argument) ? twice : seen).add(argument);
    for (const [index, { donated }] of this.#options.arguments.entries()) {
      const argument = args[index];
      if (!donated || !(argument instanceof Storage)) continue;
      if (twice.has(argument))
        throw new TensorStateError(
          `${name}: a donated tensor was passed twice; give each argument a tensor of its own`,
        );
      if (this.#layout.captured.has(argument))
        throw new TensorStateError(`${name}: a donated tensor is also used by the function without being an argument`);
    }
  }

  get isDisposed(): boolean {
    return this.#disposed;
  }

  /** Gives back what the plan holds, and lets go of what it captured. Calling it twice does nothing. */
  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    for (const storage of this.#layout.captured) storage.unwatch(this.#onGone);
    this.#hosted.release();
    for (const buffer of this.#slots) this.device.buffers.release(buffer);
    if (this.#constants) this.device.buffers.release(this.#constants);
    if (this.#parameters) this.device.buffers.destroyBehindFence([this.#parameters]);
    this.device.dropBindGroups(this.#bindingSets.values().reduce((sum, { length }) => sum + length, 0));
    this.#bindingSets.clear();
    this.#ahead.clear();
    this.#gone ??= 'it was disposed';
  }

  // ---- making things once

  #writeParameters(): GPUBuffer | null {
    const { dispatches, parameterStride: stride, parameterBytes } = this.#layout;
    if (parameterBytes === 0) return null;
    const bytes = new ArrayBuffer(parameterBytes);
    const view = new DataView(bytes);
    for (const [at, { source, parameters }] of dispatches.entries()) {
      for (const [i, { type }] of source.parameters.entries()) {
        if (type === 'f32') view.setFloat32(at * stride + i * 4, parameters[i], true);
        else view.setUint32(at * stride + i * 4, parameters[i], true);
      }
    }
    const usage = bufferUsage.uniform | bufferUsage.copyDestination;
    const buffer = this.device.gpu.createBuffer({
      size: bytes.byteLength,
      usage,
      label: `${this.#options.name} parameters`,
    });
    this.device.gpu.queue.writeBuffer(buffer, 0, bytes);
    return buffer;
  }

  /** One copy of the small tensors that the function captured: see `packing.ts`. */
  #copyConstants(): PooledBuffer | null {
    const { offsets, bytes } = this.#layout.constants;
    if (bytes === 0) return null;
    const packed = this.device.buffers.acquire(bytes, 'plan');
    const encoder = this.device.gpu.createCommandEncoder({ label: `${this.#options.name} constants` });
    for (const [from, offset] of offsets) encoder.copyBufferToBuffer(from.gpu, 0, packed.gpu, offset, from.bytes);
    this.device.gpu.queue.submit([encoder.finish()]);
    return packed;
  }

  #buffersOf(argument: Storage, index: number): readonly PooledBuffer[] {
    argument.check(this.#options.name);
    if (argument.device !== this.device)
      throw new OpError(this.#options.name, `argument ${index} lies on another device than the others`);
    return argument.shards.map(({ buffer }) => buffer);
  }

  /** The list to replay, bound to these buffers: made once for each combination of them. */
  #boundTo(outside: readonly (readonly PooledBuffer[])[], own: readonly PooledBuffer[]): Bound {
    const key = [...outside.flat(), ...own].map(({ id }) => id).join();
    const known = this.#bindingSets.use(key);
    if (known) return known;
    if (this.#slots.length === 0)
      this.#slots.push(...this.#layout.assignment.slots.map((bytes) => this.device.buffers.acquire(bytes, 'plan')));
    const ownOf = new Map(this.#layout.own.map((memory, i) => [memory, own[i]]));
    const placeOf = (memory: Memory): Place => {
      const { origin } = memory;
      if (origin.kind === 'argument') {
        const buffer = outside[origin.index][origin.shard];
        return { buffer: buffer.gpu, offset: this.#hosted.offsetOf(origin.index) };
      }
      if (origin.kind === 'captured') {
        const { buffer } = origin.storage.shards[origin.shard];
        const offset = this.#layout.constants.offsets.get(buffer);
        return offset === undefined ? { buffer: buffer.gpu, offset: 0 } : { buffer: this.#constants!.gpu, offset };
      }
      const { gpu } = ownOf.get(memory) ?? this.#slots[this.#layout.assignment.slotOf.get(memory)!];
      return { buffer: gpu, offset: 0 };
    };
    const stride = this.#layout.parameterStride;
    let at = 0;
    const steps = this.#layout.commands.map((command): Step => {
      if (command.kind === 'copy') {
        return { kind: 'copy', from: placeOf(command.from), to: placeOf(command.to), bytes: command.bytes };
      }
      const pipeline = this.#pipelines[at];
      const entries: GPUBindGroupEntry[] = command.operands.map((memory, i) => ({
        binding: i + 1,
        resource: { ...placeOf(memory), size: memory.bytes },
      }));
      const size = command.source.parameters.length * 4;
      if (size > 0)
        entries.push({
          binding: 0,
          resource: { buffer: this.#parameters!, offset: at * stride, size: Math.ceil(size / 16) * 16 },
        });
      const bindGroup = this.device.gpu.createBindGroup({ layout: pipeline.layout, entries, label: command.label });
      at++;
      const [x, y, z] = command.grid;
      return { kind: 'dispatch', pipeline: pipeline.gpu, bindGroup, x, y, z };
    });
    const bound = { steps, length: steps.length, own };
    this.#bindingSets.set(key, bound);
    return bound;
  }

  #encode({ steps, own }: Bound): Encoded {
    const { name } = this.#options;
    const encoder = this.device.gpu.createCommandEncoder({ label: name });
    const timer = this.device.profiler?.timer(name, this.#layout.dispatches);
    let pass: GPUComputePassEncoder | null = null;
    let pipeline: GPUComputePipeline | null = null;
    const endPass = () => {
      pass?.end();
      pass = null;
      pipeline = null;
    };
    for (const step of steps) {
      if (step.kind === 'copy') {
        endPass();
        const { from, to, bytes } = step;
        encoder.copyBufferToBuffer(from.buffer, from.offset, to.buffer, to.offset, bytes);
        continue;
      }
      pass ??= encoder.beginComputePass(timer?.nextPass());
      if (step.pipeline !== pipeline) pass.setPipeline(step.pipeline);
      pipeline = step.pipeline;
      pass.setBindGroup(0, step.bindGroup);
      pass.dispatchWorkgroups(step.x, step.y, step.z);
      if (timer) endPass();
    }
    endPass();
    const copies = this.#copyForHost(encoder, own);
    timer?.resolve(encoder);
    return { commands: encoder.finish(), copies };
  }

  /** See `host-copy.ts`. */
  #copyForHost(encoder: GPUCommandEncoder, own: readonly PooledBuffer[]): (GPUBuffer | null)[] {
    let next = 0;
    return this.#layout.results.map((place, i) => {
      if (place.kind !== 'own') return null;
      const from = own[next].gpu;
      next += place.shards.length;
      const { shape, dtype } = this.#values[i];
      const bytes = readBytes(shape, dtype);
      const to = isWhole(place) ? this.#habits.bufferFor(i, bytes) : null;
      if (to) encoder.copyBufferToBuffer(from, 0, to, 0, bytes);
      return to;
    });
  }
}

/** Whether a result lies in one buffer that is the plan's to give. */
function isWhole(place: ResultPlace): boolean {
  return place.kind === 'own' && place.shards.length === 1;
}
