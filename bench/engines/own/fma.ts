/** The adapter's own rate of f32 multiply-adds: a kernel that does nothing else. */
import { type Device, kernelSource } from '../../../engine/index.ts';
import { range, unroll } from '../../../kernels/source.ts';
import { median } from '../../statistics.ts';
import type { Figures } from '../../works.ts';
import { timeDispatches } from './raw-kernel.ts';

const lanes = 64;
/** Turns of the loop, of four multiply-adds of each accumulator. */
const turns = 512;
const unrolled = 4;

/** Each thread has so many vec4 that it multiplies and adds to; they go to 1, whatever they begin with. */
function fmaKernel(accumulators: number) {
  return kernelSource({
    name: `multiply-adds of ${accumulators} vec4`,
    parameters: [],
    buffers: [
      { name: 'factors', type: 'f32', vector: true },
      { name: 'out', type: 'f32', vector: true, write: true },
    ],
    workgroupSize: [lanes],
    body: `
let factor = load_factors(0u);
let addend = load_factors(1u);
${unroll(accumulators, (i) => `var a${i} = vec4<f32>(f32(lane + ${i}u));`)}
for (var turn = 0u; turn < ${turns}u; turn++) {
${unroll(unrolled, () => unroll(accumulators, (i) => `a${i} = fma(a${i}, factor, addend);`))}
}
store_out(workgroup.x * ${lanes}u + lane, (${range(accumulators)
      .map((i) => `a${i}`)
      .join(' + ')}) / ${accumulators}.0);`,
  });
}

/** The best rate over kernels with few and many independent chains: what hides latency without spilling depends on the adapter. */
export async function measureFma(device: Device, tiny: boolean): Promise<Figures> {
  const workgroups = tiny ? 4 : device.traits.software ? 256 : 16384;
  const factors = device.tensor([0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5]);
  const out = device.zeros([workgroups * lanes * 4]);
  const buffers = [factors, out].map((tensor) => tensor.storage('bench').shards[0].buffer.gpu);
  let best = 0;
  for (const accumulators of [1, 2, 3, 4, 8]) {
    const dispatches = [{ buffers, grid: [workgroups, 1, 1] as const }];
    const [, ...times] = await timeDispatches(device, fmaKernel(accumulators), dispatches, tiny ? 2 : 6);
    const flops = 2 * 4 * accumulators * unrolled * turns * lanes * workgroups;
    best = Math.max(best, flops / (median(times) / 1e3));
    const values = (await out.read()) as Float32Array;
    if (values.some((value) => value !== 1)) throw new Error('the kernel of multiply-adds gave something else than 1');
  }
  factors.dispose();
  out.dispose();
  return { 'GFLOP/s': best / 1e9 };
}
