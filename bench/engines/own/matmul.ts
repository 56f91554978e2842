import { compile, type Device, type Tensor } from '../../../engine/index.ts';
import { matmulInputs } from '../../data.ts';
import type { MatmulWork } from '../../works.ts';
import type { Prepared } from '../engine.ts';
import { preparedCall } from './compiled.ts';

export function prepareMatmul(device: Device, work: MatmulWork): Promise<Prepared> {
  const { transposeA, transposeB } = work;
  const { a, b } = matmulInputs(work);
  const product = compile((x: Tensor, y: Tensor) => x.matmul(y, { transposeA, transposeB }), { name: 'matmul' });
  return preparedCall(device, product, [device.tensor(a.data, a.shape), device.tensor(b.data, b.shape)]);
}
