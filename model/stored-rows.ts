/** A stored tensor to the device, a range of rows at a time. */
import type { Device, HostData, Tensor } from '../engine/index.ts';
import type { TensorReader } from '../engine/safetensors.ts';

/** What a stored tensor becomes on the device. */
export interface Uploaded {
  readonly shape: readonly number[];
  readonly dtype: 'f32' | 'f16' | 'i32';
  /** From bytes as they are stored to elements of `dtype`. */
  elements(bytes: Uint8Array<ArrayBuffer>): HostData;
}

/** `onRead` hears of the bytes of each range. */
export function uploadStored(
  files: TensorReader,
  name: string,
  device: Device,
  { shape, dtype, elements }: Uploaded,
  onRead: (bytes: number) => void,
): Promise<Tensor> {
  const rows = async (first: number, count: number) => {
    const bytes = await files.readRows(name, first, first + count);
    onRead(bytes.length);
    return elements(bytes);
  };
  return device.upload(shape, dtype, rows, 'parameters');
}

/** Elements of two bytes as they are stored. */
export function halves({ buffer, byteOffset, byteLength }: Uint8Array<ArrayBuffer>): Uint16Array<ArrayBuffer> {
  return new Uint16Array(buffer, byteOffset, byteLength / 2);
}
