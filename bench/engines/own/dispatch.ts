/** What a dispatch costs this runtime and driver, whoever asks for it: the table of ways to bind, and the prices of single calls. Bare WebGPU, no engine. */
import { bufferUsage, mapMode } from '../../../engine/buffers.ts';
import type { Device } from '../../../engine/index.ts';
import { median } from '../../statistics.ts';
import type { Figures } from '../../works.ts';

/** A kernel that does next to nothing, with four storage buffers and sixteen bytes of parameters. */
const wgsl = `
@group(0) @binding(0) var<uniform> p: vec4<f32>;
@group(0) @binding(1) var<storage, read> a: array<f32>;
@group(0) @binding(2) var<storage, read> b: array<f32>;
@group(0) @binding(3) var<storage, read> c: array<f32>;
@group(0) @binding(4) var<storage, read_write> d: array<f32>;
@compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  d[id.x] = a[id.x] + b[id.x] * c[id.x] + p.x;
}`;

const elements = 64;
/** From one dispatch's parameters to the next, as every adapter allows. */
const stride = 256;
/** GPUShaderStage.COMPUTE, which is no global on Node. */
const compute = 4;

export async function measureDispatch(device: Device, tiny: boolean): Promise<Figures> {
  const bare = new BareDispatches(device, tiny ? 8 : 1000, tiny ? 2 : 20);
  const figures = { ...(await bare.ways()), ...(await bare.calls()) };
  bare.dispose();
  return figures;
}

type Bind = (pass: GPUComputePassEncoder, at: number) => void;

class BareDispatches {
  readonly #device: Device;
  readonly #gpu: GPUDevice;
  readonly #count: number;
  readonly #rounds: number;
  readonly #storage: GPUBuffer[];
  readonly #uniforms: GPUBuffer;

  constructor(device: Device, count: number, rounds: number) {
    this.#device = device;
    this.#gpu = device.gpu;
    this.#count = count;
    this.#rounds = rounds;
    const usage = bufferUsage.storage | bufferUsage.copySource | bufferUsage.copyDestination;
    this.#storage = Array.from({ length: 4 }, () => this.#gpu.createBuffer({ size: 4 * elements, usage }));
    this.#uniforms = this.#uniformBuffer(stride * count);
  }

  dispose(): void {
    for (const buffer of [...this.#storage, this.#uniforms]) buffer.destroy();
  }

  /** Microseconds of JavaScript for a dispatch, from the encoder to the return of the submit, in each way to bind its buffers. */
  async ways(): Promise<Figures> {
    const fixed = this.#pipeline(false);
    const dynamic = this.#pipeline(true);
    const distinct = Array.from({ length: this.#count }, (_, at) => this.#group(fixed, this.#uniforms, stride * at));
    const moving = this.#group(dynamic, this.#uniforms, 0);
    const made: GPUBuffer[] = [];
    const withFixed = (bind: Bind) => this.#onePass(fixed.pipeline, bind);
    const figures = {
      'dispatch, one bind group, µs': await withFixed((pass) => pass.setBindGroup(0, distinct[0])),
      'dispatch, bind groups made before, µs': await withFixed((pass, at) => pass.setBindGroup(0, distinct[at])),
      'dispatch, dynamic offset, µs': await this.#onePass(dynamic.pipeline, (pass, at) =>
        pass.setBindGroup(0, moving, [stride * at]),
      ),
      'dispatch, new bind group, µs': await withFixed((pass, at) =>
        pass.setBindGroup(0, this.#group(fixed, this.#uniforms, stride * at)),
      ),
      'dispatch, new bind group and parameters, µs': await withFixed((pass) => {
        const own = this.#uniformBuffer(16);
        made.push(own);
        this.#gpu.queue.writeBuffer(own, 0, new Float32Array(4));
        pass.setBindGroup(0, this.#group(fixed, own, 0));
      }),
      'pass for each dispatch, µs': await this.#passEach(fixed.pipeline, distinct, false),
      'submit for each dispatch, µs': await this.#passEach(fixed.pipeline, distinct, true),
    };
    for (const buffer of made) buffer.destroy();
    return figures;
  }

  /** Microseconds of single calls. */
  async calls(): Promise<Figures> {
    const fixed = this.#pipeline(false);
    const made: GPUBuffer[] = [];
    const values = new Float32Array(4);
    const groups = await this.#each(() => void this.#group(fixed, this.#uniforms, 0));
    const buffers = await this.#each(() => void made.push(this.#uniformBuffer(16)));
    const writes = await this.#each(() => this.#gpu.queue.writeBuffer(this.#uniforms, 0, values));
    const destroyed = await this.#each((at) => made[at % made.length].destroy());
    return {
      'createBindGroup of 5, µs': groups,
      'createBuffer, µs': buffers,
      'destroy, µs': destroyed,
      'writeBuffer of 16 bytes, µs': writes,
      'read back 4 bytes, µs': await this.#readBack(),
    };
  }

  #pipeline(hasDynamicOffset: boolean) {
    const types: GPUBufferBindingType[] = [
      'uniform',
      ...Array<GPUBufferBindingType>(3).fill('read-only-storage'),
      'storage',
    ];
    const entries = types.map((type, binding) => ({
      binding,
      visibility: compute,
      buffer: { type, hasDynamicOffset: hasDynamicOffset && binding === 0 },
    }));
    const layout = this.#gpu.createBindGroupLayout({ entries });
    const pipeline = this.#gpu.createComputePipeline({
      layout: this.#gpu.createPipelineLayout({ bindGroupLayouts: [layout] }),
      compute: { module: this.#gpu.createShaderModule({ code: wgsl }), entryPoint: 'main' },
    });
    return { layout, pipeline };
  }

  #group({ layout }: { layout: GPUBindGroupLayout }, uniforms: GPUBuffer, offset: number): GPUBindGroup {
    const entries: GPUBindGroupEntry[] = [
      { binding: 0, resource: { buffer: uniforms, offset, size: 16 } },
      ...this.#storage.map((buffer, i) => ({ binding: i + 1, resource: { buffer } })),
    ];
    return this.#gpu.createBindGroup({ layout, entries });
  }

  #uniformBuffer(size: number): GPUBuffer {
    return this.#gpu.createBuffer({ size, usage: bufferUsage.uniform | bufferUsage.copyDestination });
  }

  #onePass(pipeline: GPUComputePipeline, bind: Bind): Promise<number> {
    return this.#time(() => {
      const encoder = this.#gpu.createCommandEncoder();
      const pass = encoder.beginComputePass();
      pass.setPipeline(pipeline);
      for (let at = 0; at < this.#count; at++) {
        bind(pass, at);
        pass.dispatchWorkgroups(1);
      }
      pass.end();
      this.#gpu.queue.submit([encoder.finish()]);
    });
  }

  #passEach(pipeline: GPUComputePipeline, groups: readonly GPUBindGroup[], submitEach: boolean): Promise<number> {
    return this.#time(() => {
      let encoder = this.#gpu.createCommandEncoder();
      for (const group of groups) {
        const pass = encoder.beginComputePass();
        pass.setPipeline(pipeline);
        pass.setBindGroup(0, group);
        pass.dispatchWorkgroups(1);
        pass.end();
        if (!submitEach) continue;
        this.#gpu.queue.submit([encoder.finish()]);
        encoder = this.#gpu.createCommandEncoder();
      }
      this.#gpu.queue.submit([encoder.finish()]);
    });
  }

  #each(call: (at: number) => void): Promise<number> {
    return this.#time(() => {
      for (let at = 0; at < this.#count; at++) call(at);
    });
  }

  /** Microseconds for one of the `count` things that `body` does; the first round warms up. */
  async #time(body: () => void): Promise<number> {
    const times: number[] = [];
    for (let round = 0; round <= this.#rounds; round++) {
      const began = performance.now();
      body();
      times.push(performance.now() - began);
      await this.#device.finish();
    }
    return (median(times.slice(1)) * 1e3) / this.#count;
  }

  async #readBack(): Promise<number> {
    const usage = bufferUsage.mapRead | bufferUsage.copyDestination;
    const staging = this.#gpu.createBuffer({ size: 4, usage });
    const times: number[] = [];
    for (let round = 0; round <= this.#rounds; round++) {
      const began = performance.now();
      const encoder = this.#gpu.createCommandEncoder();
      encoder.copyBufferToBuffer(this.#storage[3], 0, staging, 0, 4);
      this.#gpu.queue.submit([encoder.finish()]);
      await staging.mapAsync(mapMode.read);
      staging.unmap();
      times.push(performance.now() - began);
    }
    staging.destroy();
    return median(times.slice(1)) * 1e3;
  }
}
