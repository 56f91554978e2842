/** This code as an engine of the bench. */
import { type Device, type DeviceOptions, requestDevice } from '../../engine/index.ts';
import type { Measure, Work } from '../works.ts';
import type { Engine, Prepared } from './engine.ts';
import { prepareAttention } from './own/attention.ts';
import { measureDecode } from './own/decode.ts';
import { measureDispatch } from './own/dispatch.ts';
import { measureFirstStep } from './own/first-step.ts';
import { measureFma } from './own/fma.ts';
import { prepareForward } from './own/forward.ts';
import { prepareMatmul } from './own/matmul.ts';
import { measureOverhead } from './own/overhead.ts';
import { prepareTraining } from './own/training.ts';

/** `otherKernels`: those that this kind of adapter does not take by itself, as a reference. */
export async function ownEngine(options: DeviceOptions, otherKernels = false): Promise<Engine> {
  const device = otherKernels ? await otherDevice(options) : await requestDevice(options);
  return {
    adapter: device.description,
    prepare: (work) => prepare(device, work),
    measure: (measure) => measureOn(device, options, measure),
  };
}

async function otherDevice(options: DeviceOptions): Promise<Device> {
  const usual = await requestDevice(options);
  const { software } = usual.traits;
  usual.close();
  return requestDevice({ ...options, kernels: software ? 'gpu' : 'software' });
}

function prepare(device: Device, work: Work): Promise<Prepared> {
  switch (work.kind) {
    case 'matmul':
      return prepareMatmul(device, work);
    case 'attention':
      return prepareAttention(device, work);
    case 'forward':
      return prepareForward(device, work);
    case 'training':
      return prepareTraining(device, work);
  }
}

function measureOn(device: Device, options: DeviceOptions, { kind, tiny }: Measure) {
  switch (kind) {
    case 'fma':
      return measureFma(device, tiny);
    case 'decode':
      return measureDecode(device, tiny);
    case 'dispatch':
      return measureDispatch(device, tiny);
    case 'overhead':
      return measureOverhead(device, options, tiny);
    case 'first-step':
      return measureFirstStep(options, tiny);
  }
}
