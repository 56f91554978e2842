/** The engine: tensors on WebGPU, compiled functions, gradients. It knows nothing of images or language and depends on nothing but a WebGPU runtime. */
import './methods.ts';

export { type Grid, type KernelSource, kernelSource, linearGrid, linearWorkgroup } from '../kernels/source.ts';
export { apply, applyOne, type Operand } from './apply.ts';
export { customGradient, grad, gradientsOf, remat, valueAndGrad } from './autodiff.ts';
export { type Compiled, type CompileOptions, compile, HostArray, TensorShape } from './compile.ts';
export { Device, type DeviceOptions, type DeviceTraits, requestDevice } from './device.ts';
export type { DType, HostData } from './dtype.ts';
export { DeviceError, OpError, TensorStateError } from './errors.ts';
export type { FormatOptions } from './format.ts';
export type { Attributes } from './graph.ts';
export type { PlanDescription } from './layout.ts';
export type { LowerContext } from './lower.ts';
export type { OpDefinition } from './op.ts';
export * from './ops/index.ts';
export {
  type AdamWOptions,
  type AdamWUpdateOptions,
  adamw,
  adamwSettings,
  clipFactor,
  globalNorm,
  type Moments,
} from './optimizer.ts';
export type { KernelTime } from './profile.ts';
export { philox, uniform, uniforms } from './random.ts';
export { type AdapterChoice, type BlobFolder, blobFolder, type FileSource, runtime } from './runtime/index.ts';
export { readJson } from './runtime/json.ts';
export * from './safetensors.ts';
export type { Shape } from './shape.ts';
export { Tensor } from './tensor.ts';
export { leavesOf, mapTree } from './tree.ts';
