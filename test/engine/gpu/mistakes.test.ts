/** A dozen typical mistakes: each is told at once, by the op's name, with the shapes or dtypes that met. */
import { test } from 'uvu';
import {
  adamw,
  adamwSettings,
  adamwUpdate,
  compile,
  crossEntropy,
  type Device,
  dropout,
  embeddingGradient,
  gather,
  grad,
  type HostArray,
  requestDevice,
  type Tensor,
  valueAndGrad,
} from '../../../engine/index.ts';
import { adapterChoice } from '../../adapter.ts';
import { rejects } from '../../rejects.ts';

let device: Device;
test.before(async () => {
  device = await requestDevice({ adapter: adapterChoice() });
});
test.after(() => device.close());

/** What was done, and what is said about it. */
const mistakes: readonly (readonly [string, () => unknown, RegExp])[] = [
  [
    'a weight that was to be transposed',
    () => device.zeros([4, 8]).matmul(device.zeros([16, 8])),
    /^matmul: cannot multiply \[4, 8\] and \[16, 8\]: the inner extents 8 and 16 differ/,
  ],
  [
    'batches of different size',
    () => device.zeros([2, 3, 4]).matmul(device.zeros([3, 4, 5])),
    /^matmul: .*\[2, 3, 4\] and \[3, 4, 5\]: the batch axes differ/,
  ],
  [
    'a bias along the wrong axis',
    () => device.zeros([4, 8]).add(device.zeros([4])),
    /^add: shapes \[4, 8\] and \[4\] do not broadcast/,
  ],
  [
    'rows for columns in where',
    () => device.zeros([2, 3]).where(device.zeros([3, 2]), 0),
    /^where: shapes \[2, 3\] and \[3, 2\].* do not broadcast/,
  ],
  ['ids that are floats', () => gather(device.zeros([10, 4]), device.zeros([3])), /^gather: ids must be i32, got f32/],
  [
    'logits for hidden vectors',
    () => crossEntropy(device.zeros([5, 8]), device.zeros([12, 4]), device.tensor(new Int32Array(5))),
    /^crossEntropy: weight must have shape \[12, 8\], got \[12, 4\]/,
  ],
  [
    'labels of another batch',
    () => crossEntropy(device.zeros([5, 8]), device.zeros([12, 8]), device.tensor(new Int32Array(4))),
    /^crossEntropy: labels must have shape \[5\], got \[4\]/,
  ],
  [
    'one-hot labels',
    () => crossEntropy(device.zeros([5, 8]), device.zeros([12, 8]), device.zeros([5, 12])),
    /^crossEntropy: labels must have shape \[5\], got \[5, 12\]/,
  ],
  [
    'a seed that is no key',
    () => dropout(device.zeros([4]), device.tensor(Int32Array.of(1)), 0.1),
    /^dropout: key must have shape \[2\], got \[1\]/,
  ],
  [
    'a rate in percent',
    () => dropout(device.zeros([4]), device.tensor(Int32Array.of(1, 2)), 10),
    /^dropout: the rate must be at least 0 and below 1, got 10/,
  ],
  [
    'a gradient of another shape',
    () => adamwUpdate(device.zeros([2]), device.zeros([2]), device.zeros([2]), device.zeros([3]), device.zeros([8])),
    /^adamwUpdate: .*\[2\], got \[3\]/,
  ],
  [
    'ids and gradients that do not belong together',
    () => embeddingGradient(device.zeros([3, 4]), device.tensor(new Int32Array(2)), 10),
    /^embeddingGradient: gradient must have shape \[2, 4\], got \[3, 4\]/,
  ],
  ['steps from 0', () => adamwSettings({ learningRate: 0.1, step: 0 }), /^adamw: steps count from 1, got 0/],
  ['an axis too far', () => device.zeros([2, 3]).max(-3), /^max: axis -3 is out of range for rank 2/],
  [
    'f16 where it cannot be',
    () => device.zeros([4], 'f16').item(),
    /^item: the tensor has shape \[4\], not one element/,
  ],
  [
    'a loss of many elements',
    () => compile((x: Tensor) => valueAndGrad((y: Tensor) => y.square())(x))(device.zeros([2, 3])),
    /^gradientsOf: the loss must have one element, got shape \[2, 3\]/,
  ],
  [
    'a gradient outside of compile',
    () => grad((y: Tensor) => y.square().sum())(device.zeros([2])),
    /^gradientsOf: .*call it inside a compiled function/,
  ],
  [
    'moments that were forgotten',
    () =>
      compile((x: Tensor, settings: Tensor) =>
        adamw({ x }, { x: x.mul(2) }, { first: { x: x.mul(0) }, second: { x: x.sum() } }, settings),
      )(device.zeros([2]), adamwSettings({ learningRate: 1, step: 1 })),
    /^adamwUpdate: .*\[2\], got \[\]/,
  ],
  [
    'bare arrays as arguments',
    () => compile((x: Tensor) => x.add(1), { name: 'step' })(Float32Array.of(1) as unknown as HostArray),
    /^step: argument 0 is neither .*HostArray/,
  ],
];

for (const [name, make, message] of mistakes) test(name, () => rejects(make, Error, message));

test.run();
