import { attention, compile, type Device, gradientsOf, type Tensor } from '../../../engine/index.ts';
import { attentionInputs } from '../../data.ts';
import type { AttentionWork } from '../../works.ts';
import type { Prepared } from '../engine.ts';
import { preparedCall } from './compiled.ts';

export function prepareAttention(device: Device, work: AttentionWork): Promise<Prepared> {
  const { heads, causal, length, headDim } = work;
  const { q, k, v, g } = attentionInputs(work);
  const forward = (query: Tensor, key: Tensor, value: Tensor) => attention(query, key, value, { heads, causal });
  const both = (query: Tensor, key: Tensor, value: Tensor, gradient: Tensor) => {
    const out = forward(query, key, value);
    return [out, ...gradientsOf(out.mul(gradient).sum(), [query, key, value])] as Tensor[];
  };
  const tensor = (values: Float32Array) => device.tensor(values, [1, length, heads * headDim]);
  return work.backward
    ? preparedCall(device, compile(both, { name: 'attention and gradients' }), [q, k, v, g].map(tensor))
    : preparedCall(device, compile(forward, { name: 'attention' }), [q, k, v].map(tensor));
}
