/** Matrix products in float64. */
import type { Abstract } from '../graph.ts';
import { dimensionsOf, type MatmulAttributes, matmulOp } from '../ops/matmul.ts';
import { sizeOf } from '../shape.ts';
import type { OpCase, OpReference } from './op-reference.ts';
import { input } from './support.ts';

const plain = { transposeA: false, transposeB: false };
const nt = { transposeA: false, transposeB: true };
const tn = { transposeA: true, transposeB: false };
const tt = { transposeA: true, transposeB: true };

const cases: OpCase[] = [
  { inputs: [input([3, 4]), input([4, 5])], attributes: plain },
  { inputs: [input([17, 8]), input([8, 12])], attributes: plain },
  { inputs: [input([7, 10]), input([10, 66])], attributes: plain },
  { inputs: [input([1, 8]), input([12, 8])], attributes: nt },
  { inputs: [input([2, 100]), input([37, 100])], attributes: nt },
  { inputs: [input([3, 7]), input([9, 7])], attributes: nt },
  { inputs: [input([70, 36]), input([68, 36])], attributes: nt },
  { inputs: [input([2, 3, 8]), input([5, 8])], attributes: nt },
  { inputs: [input([6, 5]), input([6, 7])], attributes: tn },
  { inputs: [input([20, 12]), input([20, 16])], attributes: tn },
  { inputs: [input([6, 5]), input([9, 6])], attributes: tt },
  { inputs: [input([2, 3, 4]), input([2, 4, 5])], attributes: plain },
  { inputs: [input([3, 2, 8]), input([3, 6, 8])], attributes: nt },
  { inputs: [input([2, 6, 3]), input([2, 6, 4])], attributes: tn },
  { inputs: [input([2, 8]), { ...input([10, 8]), shardBytes: 128 }], attributes: nt },
  { inputs: [input([4, 8]), { ...input([32, 8]), shardBytes: 512 }], attributes: nt },
];

export const matmulReference: OpReference = {
  op: matmulOp,
  values: ([a, b], attributes, [{ shape }]) => {
    const { transposeA, transposeB } = attributes as unknown as MatmulAttributes;
    const abstracts: Abstract[] = [a, b].map((x) => ({ shape: x.shape, dtype: 'f32' }));
    const { batch, M, N, K, sharedB } = dimensionsOf(abstracts, attributes);
    const out = new Float64Array(sizeOf(shape));
    for (let i = 0; i < out.length; i++) {
      const n = i % N;
      const m = Math.floor(i / N) % M;
      const at = Math.floor(i / (N * M));
      const aBase = batch === 1 ? 0 : at * M * K;
      const bBase = sharedB ? 0 : at * K * N;
      let sum = 0;
      for (let k = 0; k < K; k++) {
        const left = a.data[aBase + (transposeA ? k * M + m : m * K + k)];
        sum += left * b.data[bBase + (transposeB ? n * K + k : k * N + n)];
      }
      out[i] = sum;
    }
    return [out];
  },
  cases,
};
