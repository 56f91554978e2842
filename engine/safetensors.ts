/**
 * Tensors in files: the safetensors format of the Hugging Face hub. Reading validates the whole header first and then fetches
 * tensors, or rows of one, singly; writing streams and is atomic.
 */
export { openCheckpointFiles } from './safetensors/checkpoint-files.ts';
export { toFloat16Bits, toFloat32, toNumbers } from './safetensors/convert.ts';
export { DTYPE_BYTES, type SafetensorsDtype, type TensorRecord } from './safetensors/header.ts';
export { openSafetensors, openSafetensorsFile, type SafetensorsFile, type TensorReader } from './safetensors/read.ts';
export { encodeSafetensors, type TensorToWrite, writeSafetensors } from './safetensors/write.ts';
