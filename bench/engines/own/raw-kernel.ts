/** A kernel outside of the engine's plans, for what the adapter itself can do. */
import type { Device, Grid, KernelSource } from '../../../engine/index.ts';

/** Runs one dispatch after the other in one submit, again and again; gives the milliseconds of each submit. */
export async function timeDispatches(
  device: Device,
  source: KernelSource,
  dispatches: readonly { readonly buffers: readonly GPUBuffer[]; readonly grid: Grid }[],
  times: number,
): Promise<number[]> {
  const { gpu, layout } = await device.pipelineAsync(source);
  const groups = dispatches.map(({ buffers, grid }) => ({
    grid,
    group: device.gpu.createBindGroup({
      layout,
      entries: buffers.map((buffer, i) => ({ binding: i + 1, resource: { buffer } })),
    }),
  }));
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
  return milliseconds;
}
