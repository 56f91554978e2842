/** Weights of the works as this code's parameters. */
import { type Device, mapTree, type Tensor } from '../../../engine/index.ts';
import { type Kosmos2Config, type Kosmos2Parameters, parameterShapes } from '../../../model/index.ts';
import type { DecoderParameters } from '../../../model/parameters.ts';
import { modelWeights } from '../../data.ts';

function upload<T>(device: Device, config: Kosmos2Config, shapes: unknown, path: string): T {
  const weights = modelWeights(config, (name) => name.startsWith(path));
  return mapTree(shapes, (_, name) => {
    const { shape, data } = weights.get(path + name)!;
    // patches are rows of a matrix here
    return device.tensor(data, shape.length > 2 ? [shape[0], data.length / shape[0]] : shape);
  }) as T;
}

export function uploadWeights(device: Device, config: Kosmos2Config): Kosmos2Parameters {
  return upload(device, config, parameterShapes(config), '');
}

/** Those of the decoder alone. */
export function uploadDecoder(device: Device, config: Kosmos2Config): DecoderParameters {
  return upload(device, config, parameterShapes(config).text_model.model, 'text_model.model.');
}

/** Bytes of these tensors on the device. */
export function bytesOf(tensors: readonly Tensor[]): number {
  return tensors.reduce((sum, tensor) => sum + tensor.storage('bench').bytes, 0);
}
