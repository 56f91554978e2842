/** Generation with batch 1: the time of a token by its position, beside a plain copy of the weights and of the cache that the token reads. */
import { type Device, kernelSource, leavesOf, type Tensor } from '../../../engine/index.ts';
import { linearGrid } from '../../../kernels/source.ts';
import { Generator, Kosmos2, type Kosmos2Config } from '../../../model/index.ts';
import { randomIds } from '../../data.ts';
import { decoderConfig } from '../../models.ts';
import { median } from '../../statistics.ts';
import type { Figures } from '../../works.ts';
import { timeDispatches } from './raw-kernel.ts';
import { bytesOf, uploadWeights } from './weights.ts';

interface Setting {
  readonly config: Kosmos2Config;
  readonly positions: readonly number[];
  readonly tokens: number;
}

/** Weights of some 54 MB, or 1.6 GB for a GPU with its caches, so that reading them counts; positions up to the end of the context. */
function settingOf(tiny: boolean, software: boolean): Setting {
  const [width, layers, context] = tiny ? [32, 1, 64] : software ? [512, 4, 2048] : [2048, 8, 2048];
  const config = decoderConfig({
    vocab_size: tiny ? 100 : 2048,
    embed_dim: width,
    layers,
    ffn_dim: 4 * width,
    attention_heads: width / (tiny ? 32 : 64),
    max_position_embeddings: context,
  });
  return tiny ? { config, positions: [8, 40], tokens: 6 } : { config, positions: [64, 512, 1024, 2000], tokens: 24 };
}

export async function measureDecode(device: Device, tiny: boolean): Promise<Figures> {
  const { config, positions, tokens } = settingOf(tiny, device.traits.software);
  const model = new Kosmos2(config, uploadWeights(device, config), device);
  const weights = leavesOf(model.parameters.text_model).filter((leaf): leaf is Tensor => leaf !== null) as Tensor[];
  const weightBytes = bytesOf(weights);
  const copied = await copyTime(device, weightBytes, tiny ? 2 : 8);
  const figures: Record<string, number> = {
    'weights, MB': weightBytes / 1e6,
    'plain copy of the weights, ms': copied,
  };
  const generator = new Generator(model);
  for (const position of positions) {
    const milliseconds = await tokenTime(generator, config, position, tokens);
    const cacheBytes = 2 * config.text.layers * position * config.text.embedDim * 4;
    const floor = copied * (1 + cacheBytes / weightBytes);
    figures[`token at position ${position}, ms`] = milliseconds;
    figures[`tokens a second at position ${position}`] = 1e3 / milliseconds;
    figures[`weights and cache read at position ${position}, GB/s`] = (weightBytes + cacheBytes) / milliseconds / 1e6;
    figures[`token at position ${position}, share of a plain copy of weights and cache, %`] =
      (100 * floor) / milliseconds;
  }
  generator.dispose();
  model.dispose();
  return figures;
}

/** Milliseconds between two tokens behind a prompt of `position` tokens. */
async function tokenTime(
  generator: Generator,
  { text }: Kosmos2Config,
  position: number,
  tokens: number,
): Promise<number> {
  const prompt = Array.from(randomIds('prompt', position, text.vocabSize - 4), (id) => id + 4);
  const batch = { inputIds: [prompt], attentionMask: [prompt.map(() => 1)] };
  const gaps: number[] = [];
  let last = performance.now();
  for await (const _ of generator.stream(batch, null, { maxNewTokens: tokens })) {
    gaps.push(performance.now() - last);
    last = performance.now();
  }
  // the prompt comes first, and the first step compiles
  return median(gaps.slice(2));
}

/** Bytes of a buffer that one dispatch copies: below the smallest limit of a binding. */
const piece = 64 * 2 ** 20;
const lanes = 64;

/** Each thread copies so many vectors, neighbours side by side. */
function copyKernel(each: number) {
  return kernelSource({
    name: `plain copy of ${each} vec4`,
    parameters: [],
    buffers: [
      { name: 'source', type: 'f32', vector: true },
      { name: 'copy', type: 'f32', vector: true, write: true },
    ],
    workgroupSize: [lanes],
    body: `
let count = arrayLength(&source);
let first = (workgroup.x + workgroup.y * grid.x) * ${lanes * each}u + lane;
for (var i = 0u; i < ${each}u; i++) {
let at = first + i * ${lanes}u;
if (at < count) { copy[at] = source[at]; }
}`,
  });
}

/** Milliseconds of copying so many bytes once: by the fastest of kernels with few and many vectors a thread. */
async function copyTime(device: Device, bytes: number, times: number): Promise<number> {
  const sizes = Array.from({ length: Math.ceil(bytes / piece) }, (_, i) => Math.min(piece, bytes - i * piece));
  const tensors = sizes.map((size) => device.zeros([Math.ceil(size / 16) * 4]));
  const copy = device.zeros([Math.ceil(Math.min(piece, bytes) / 16) * 4]);
  const bufferOf = (tensor: Tensor) => tensor.storage('bench').shards[0].buffer.gpu;
  let best = Infinity;
  for (const each of [1, 8, 64, 512]) {
    const dispatches = tensors.map((source) => ({
      buffers: [bufferOf(source), bufferOf(copy)],
      grid: linearGrid(Math.ceil(source.size / 4 / lanes / each)),
    }));
    const [, ...milliseconds] = await timeDispatches(device, copyKernel(each), dispatches, times + 1);
    best = Math.min(best, median(milliseconds));
  }
  for (const tensor of [...tensors, copy]) tensor.dispose();
  return best;
}
