/** How fast the adapter passes over memory: kernels that copy, or only read. */
import { type Device, type KernelSource, kernelSource, type Tensor } from '../../../engine/index.ts';
import { linearGrid } from '../../../kernels/source.ts';
import { median } from '../../statistics.ts';
import { timeDispatches } from './raw-kernel.ts';

/** Bytes of a buffer that one dispatch passes over: below the smallest limit of a binding. */
const piece = 64 * 2 ** 20;
const lanes = 64;
/** Passes of one submit, so that waiting for it, which takes Deno 12 ms, is not counted as passing over memory. */
const passes = 8;

interface Stream {
  /** Vectors that a thread takes. */
  readonly each: readonly number[];
  /** Threads walk side by side; `at` is the next vector of this one. */
  readonly visit: string;
  readonly end: string;
}

const copying: Stream = { each: [1, 8, 64, 512], visit: 'to[at] = source[at];', end: '' };
/** What was read has to go somewhere: one vector a thread. */
const reading: Stream = {
  each: [8, 64, 512],
  visit: 'sum += source[at];',
  end: `to[(workgroup.x + workgroup.y * grid.x) * ${lanes}u + lane] = sum;`,
};

function streamKernel({ visit, end }: Stream, each: number): KernelSource {
  return kernelSource({
    name: `stream of ${each} vec4`,
    parameters: [],
    buffers: [
      { name: 'source', type: 'f32', vector: true },
      { name: 'to', type: 'f32', vector: true, write: true },
    ],
    workgroupSize: [lanes],
    body: `
let count = arrayLength(&source);
let first = (workgroup.x + workgroup.y * grid.x) * ${lanes * each}u + lane;
var sum = vec4<f32>();
for (var i = 0u; i < ${each}u; i++) {
let at = first + i * ${lanes}u;
if (at < count) { ${visit} }
}
${end}`,
  });
}

/** Milliseconds of passing over so many bytes once: by the fastest of kernels with few and many vectors a thread. */
async function streamTime(device: Device, stream: Stream, bytes: number, times: number): Promise<number> {
  const sizes = Array.from({ length: Math.ceil(bytes / piece) }, (_, i) => Math.min(piece, bytes - i * piece));
  const tensors = sizes.map((size) => device.zeros([Math.ceil(size / 16) * 4]));
  const to = device.zeros([Math.ceil(Math.min(piece, bytes) / 16) * 4]);
  const bufferOf = (tensor: Tensor) => tensor.storage('bench').shards[0].buffer.gpu;
  let best = Infinity;
  for (const each of stream.each) {
    const dispatches = tensors.map((source) => ({
      buffers: [bufferOf(source), bufferOf(to)],
      grid: linearGrid(Math.ceil(source.size / 4 / lanes / each)),
    }));
    const repeated = Array.from({ length: passes }, () => dispatches).flat();
    const [, ...milliseconds] = await timeDispatches(device, streamKernel(stream, each), repeated, times + 1);
    best = Math.min(best, median(milliseconds) / passes);
  }
  for (const tensor of [...tensors, to]) tensor.dispose();
  return best;
}

/** Milliseconds of a plain copy of so many bytes. */
export function copyTime(device: Device, bytes: number, times: number): Promise<number> {
  return streamTime(device, copying, bytes, times);
}

/** Milliseconds of a kernel that only reads so many bytes. */
export function readTime(device: Device, bytes: number, times: number): Promise<number> {
  return streamTime(device, reading, bytes, times);
}
