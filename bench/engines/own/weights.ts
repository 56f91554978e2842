/** Weights of the works as this code's parameters. */
import { type Device, mapTree, type Tensor, TensorShape } from '../../../engine/index.ts';
import { sizeOf } from '../../../engine/shape.ts';
import { type Kosmos2Config, type Kosmos2Parameters, parameterShapes } from '../../../model/index.ts';
import type { DecoderParameters, ParameterShape } from '../../../model/parameters.ts';
import { modelWeights } from '../../data.ts';

function upload<T>(device: Device, config: Kosmos2Config, shapes: unknown, path: string): T {
  const weights = modelWeights(config, (name) => name.startsWith(path));
  return mapTree(shapes, (_, name) => {
    const { shape, data } = weights.get(path + name)!;
    return device.tensor(data, matrixShape(shape));
  }) as T;
}

/** Patches are rows of a matrix here. */
function matrixShape(shape: readonly number[]): readonly number[] {
  return shape.length > 2 ? [shape[0], sizeOf(shape.slice(1))] : shape;
}

export function uploadWeights(device: Device, config: Kosmos2Config): Kosmos2Parameters {
  return upload(device, config, parameterShapes(config), '');
}

/** A tree of shapes in files as the tensors that the device would hold. */
export function deviceShapes<T>(shapes: T): unknown {
  return mapTree<unknown>(shapes, (leaf) => new TensorShape(matrixShape((leaf as ParameterShape).shape)));
}

/** Those of the decoder alone. */
export function uploadDecoder(device: Device, config: Kosmos2Config): DecoderParameters {
  return upload(device, config, parameterShapes(config).text_model.model, 'text_model.model.');
}

/** Bytes of these tensors on the device. */
export function bytesOf(tensors: readonly Tensor[]): number {
  return tensors.reduce((sum, tensor) => sum + tensor.storage('bench').bytes, 0);
}
