/** Generation with batch 1: the time of a token by its position, beside a plain copy of the weights and of the cache that the token reads. */
import { type Device, leavesOf, type Tensor } from '../../../engine/index.ts';
import { Generator, Kosmos2, type Kosmos2Config } from '../../../model/index.ts';
import { randomIds } from '../../data.ts';
import { decoderConfig } from '../../models.ts';
import { median } from '../../statistics.ts';
import type { Figures } from '../../works.ts';
import { copyTime, readTime } from './streams.ts';
import { bytesOf, uploadWeights } from './weights.ts';

interface Setting {
  readonly config: Kosmos2Config;
  readonly positions: readonly number[];
  readonly tokens: number;
}

/** Times that everything is measured. */
const rounds = 6;

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
  return tiny ? { config, positions: [8, 40], tokens: 6 } : { config, positions: [64, 512, 1024, 2000], tokens: 10 };
}

export async function measureDecode(device: Device, tiny: boolean): Promise<Figures> {
  const { config, positions, tokens } = settingOf(tiny, device.traits.software);
  const model = new Kosmos2(config, uploadWeights(device, config), device);
  const weights = leavesOf(model.parameters.text_model).filter((leaf): leaf is Tensor => leaf !== null) as Tensor[];
  const weightBytes = bytesOf(weights);
  const generator = new Generator(model);
  const copies: number[] = [];
  const readings: number[] = [];
  const gaps = new Map(positions.map((position): [number, number[]] => [position, []]));
  // in turns, so that a machine that gets slower meanwhile favours nothing
  for (let round = 0; round < (tiny ? 1 : rounds); round++) {
    copies.push(await copyTime(device, weightBytes, tiny ? 2 : 4));
    readings.push(await readTime(device, weightBytes, tiny ? 2 : 4));
    for (const position of positions)
      gaps.get(position)!.push(...(await tokenTimes(generator, config, position, tokens)));
  }
  const copied = median(copies);
  const figures: Record<string, number> = {
    'weights, MB': weightBytes / 1e6,
    'plain copy of the weights, ms': copied,
    'a kernel that only reads the weights, ms': median(readings),
  };
  for (const position of positions) {
    const milliseconds = median(gaps.get(position)!);
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

/** Milliseconds between the tokens behind a prompt of `position` tokens. */
async function tokenTimes(
  generator: Generator,
  { text }: Kosmos2Config,
  position: number,
  tokens: number,
): Promise<number[]> {
  const prompt = Array.from(randomIds('prompt', position, text.vocabSize - 4), (id) => id + 4);
  const batch = { inputIds: [prompt], attentionMask: [prompt.map(() => 1)] };
  const gaps: number[] = [];
  let last = performance.now();
  for await (const _ of generator.stream(batch, null, { maxNewTokens: tokens })) {
    gaps.push(performance.now() - last);
    last = performance.now();
  }
  // the prompt comes first, and the first step compiles
  return gaps.slice(2);
}
