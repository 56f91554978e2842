/** `navigator.gpu` on Node and Deno, for libraries that were written for browsers. */
import { type AdapterChoice, runtime } from '../../engine/index.ts';
import type { DeviceErrors } from './device-errors.ts';

type Watch = <T>(promise: Promise<T>) => Promise<T>;

/**
 * Gives this process the globals of WebGPU on the same driver that this code uses, and makes waiting as cheap for the library as it is for this
 * code (see `engine/runtime/node-pace.ts`), so that the comparison is of kernels and not of event loops. Returns the adapter's name.
 */
export async function provideNavigatorGpu(adapter: AdapterChoice, errors: DeviceErrors): Promise<string> {
  const here = await runtime();
  const first = await here.requestAdapter({ adapter });
  errors.listen(first.adapter);
  // Deno has it, with the driver of the first request
  if (here.name !== 'node') return first.description;
  Object.assign(globalThis, (await import('webgpu')).globals);
  if (first.watch) await paceWaits(first.adapter, first.watch);
  const gpu = {
    requestAdapter: async () => (await here.requestAdapter({ adapter })).adapter,
    getPreferredCanvasFormat: () => 'bgra8unorm',
  };
  const value = { userAgent: here.name, hardwareConcurrency: here.processorCount(), gpu };
  Object.defineProperty(globalThis, 'navigator', { value, configurable: true });
  return first.description;
}

/** Wraps the two waits of the classes behind devices, which all devices share. */
async function paceWaits(adapter: GPUAdapter, watch: Watch): Promise<void> {
  const device = await adapter.requestDevice();
  const buffer = device.createBuffer({ size: 16, usage: GPUBufferUsage.MAP_READ });
  for (const [owner, name] of [
    [Object.getPrototypeOf(device.queue), 'onSubmittedWorkDone'],
    [Object.getPrototypeOf(buffer), 'mapAsync'],
  ] as const) {
    const wait = owner[name] as (...words: unknown[]) => Promise<unknown>;
    owner[name] = function (this: unknown, ...words: unknown[]) {
      return watch(wait.apply(this, words));
    };
  }
  device.destroy();
}
