import { compile, type Device, type Tensor } from '../../../engine/index.ts';
import { toFloat16Bits } from '../../../engine/safetensors/convert.ts';
import { type Matrix, matmulInputs } from '../../data.ts';
import type { MatmulWork } from '../../works.ts';
import type { Prepared } from '../engine.ts';
import { preparedCall } from './compiled.ts';

export function prepareMatmul(device: Device, work: MatmulWork): Promise<Prepared> {
  const { transposeA, transposeB, half } = work;
  const upload = ({ data, shape }: Matrix) => device.tensor(half ? toFloat16Bits(data) : data, shape);
  const { a, b } = matmulInputs(work);
  const product = compile((x: Tensor, y: Tensor) => x.matmul(y, { transposeA, transposeB }), { name: 'matmul' });
  return preparedCall(device, product, [upload(a), upload(b)]);
}
