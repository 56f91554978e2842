/** Writes a checkpoint of random weights in the Hugging Face layout, by default of KOSMOS-2's full size (6.66 GB in f32). See `--help`. */
import { parseArgs } from 'node:util';
import { runtime } from '../engine/index.ts';
import { type TensorToWrite, toFloat16Bits, writeSafetensors } from '../engine/safetensors.ts';
import { parseConfig } from '../model/config.ts';
import { namedLeaves, parameterShapes } from '../model/parameters.ts';

const help = `Writes config.json and model.safetensors with random weights into FOLDER.

  node dist/bench/make-checkpoint.js FOLDER [--config FILE] [--dtype f32|f16] [--seed N]

  --config   a config.json to follow; default: KOSMOS-2's full size, 1,664,485,376 parameters
  --dtype    default f32 (6.66 GB at full size); f16 takes half
  --seed     default 1`;

const fullSize = { model_type: 'kosmos-2', latent_query_num: 64, text_config: {}, vision_config: {} };
const pieceElements = 2 ** 20;

/** Uniform numbers in ±√3·deviation, by a 32-bit xorshift generator: plenty for weights that mean nothing. */
function* randomPieces(
  count: number,
  deviation: number,
  mean: number,
  half: boolean,
  seed: number,
): Generator<ArrayBufferView> {
  let state = seed | 1;
  const scale = (2 * Math.sqrt(3) * deviation) / 2 ** 32;
  for (let left = count; left > 0; left -= pieceElements) {
    const piece = new Float32Array(Math.min(pieceElements, left));
    for (let i = 0; i < piece.length; i++) {
      state ^= state << 13;
      state ^= state >>> 17;
      state ^= state << 5;
      piece[i] = mean + state * scale;
    }
    yield half ? toFloat16Bits(piece) : piece;
  }
}

function tensorFor(name: string, shape: readonly number[], half: boolean, seed: number): TensorToWrite {
  const count = shape.reduce((product, extent) => product * extent, 1);
  const isNorm = /(norm\d?|_ln|layrnorm)\.weight$/.test(name);
  const fanIn = shape.length > 1 ? count / shape[0] : count;
  const deviation = shape.length > 1 ? fanIn ** -0.5 : 0.02;
  return {
    name,
    dtype: half ? 'F16' : 'F32',
    shape,
    data: () => randomPieces(count, deviation, isNorm ? 1 : 0, half, seed),
  };
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    config: { type: 'string' },
    dtype: { type: 'string', default: 'f32' },
    seed: { type: 'string', default: '1' },
    help: { type: 'boolean' },
  },
});
const [folder] = positionals;
if (values.help || !folder || !['f32', 'f16'].includes(values.dtype)) {
  console.log(help);
  process.exit(values.help ? 0 : 2);
}
const here = await runtime();
const json = values.config ? JSON.parse(await here.readTextFile(values.config)) : fullSize;
const shapes = namedLeaves(parameterShapes(parseConfig(json)));
await here.makeFolder(folder);
const seed = Number(values.seed) * 0x9e3779b9;
const tensors = [...shapes].map(([name, { shape }], i) =>
  tensorFor(name, shape, values.dtype === 'f16', seed + i * 0x85ebca6b),
);
await writeSafetensors(`${folder}/model.safetensors`, tensors, { format: 'pt' });
await here.writeFileAtomic(
  `${folder}/config.json`,
  `${JSON.stringify({ ...json, torch_dtype: values.dtype === 'f16' ? 'float16' : 'float32' }, null, 2)}\n`,
);
console.log(`${tensors.length} tensors written to ${folder}`);
