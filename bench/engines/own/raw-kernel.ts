/** A kernel outside of the engine's plans, for what the adapter itself can do. */
import { bufferUsage } from '../../../engine/buffers.ts';
import type { Device, Grid, KernelSource } from '../../../engine/index.ts';

export interface RawDispatch {
  readonly buffers: readonly GPUBuffer[];
  readonly grid: Grid;
  /** By name, where the kernel has parameters. */
  readonly parameters?: Readonly<Record<string, number>>;
}

/** Runs one dispatch after the other in one submit, again and again; gives the milliseconds of each submit. */
export async function timeDispatches(
  device: Device,
  source: KernelSource,
  dispatches: readonly RawDispatch[],
  times: number,
): Promise<number[]> {
  const { gpu, layout } = await device.pipelineAsync(source);
  const uniforms: GPUBuffer[] = [];
  const groups = dispatches.map(({ buffers, grid, parameters }) => {
    const entries: GPUBindGroupEntry[] = buffers.map((buffer, i) => ({ binding: i + 1, resource: { buffer } }));
    if (parameters) {
      const buffer = uniformOf(device, source, parameters);
      uniforms.push(buffer);
      entries.push({ binding: 0, resource: { buffer } });
    }
    return { grid, group: device.gpu.createBindGroup({ layout, entries }) };
  });
  const milliseconds: number[] = [];
  for (let i = 0; i < times; i++) {
    const began = performance.now();
    const encoder = device.gpu.createCommandEncoder();
    const pass = encoder.beginComputePass();
    pass.setPipeline(gpu);
    for (const { group, grid } of groups) {
      pass.setBindGroup(0, group);
      pass.dispatchWorkgroups(...grid);
    }
    pass.end();
    device.gpu.queue.submit([encoder.finish()]);
    await device.finish();
    milliseconds.push(performance.now() - began);
  }
  for (const buffer of uniforms) buffer.destroy();
  return milliseconds;
}

/** The parameters of one dispatch as a buffer of their own. */
function uniformOf(device: Device, source: KernelSource, values: Readonly<Record<string, number>>): GPUBuffer {
  const bytes = new DataView(new ArrayBuffer(Math.ceil(source.parameters.length / 4) * 16));
  for (const [i, { name, type }] of source.parameters.entries()) {
    if (type === 'f32') bytes.setFloat32(4 * i, values[name], true);
    else bytes.setUint32(4 * i, values[name], true);
  }
  const buffer = device.gpu.createBuffer({
    size: bytes.byteLength,
    usage: bufferUsage.uniform | bufferUsage.copyDestination,
  });
  device.gpu.queue.writeBuffer(buffer, 0, bytes.buffer);
  return buffer;
}
