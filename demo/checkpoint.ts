/** The small checkpoint that ships until a trained one does: KOSMOS-2's architecture, random weights, made on first use. */
import { packageFolder } from '../cli/package.ts';
import { runtime, type TensorToWrite, writeSafetensors } from '../engine/index.ts';
import { philox } from '../engine/random.ts';
import { namedLeaves, parameterShapes, readConfig } from '../model/index.ts';

/** Changes whenever the weights do. */
const RECIPE = 'philox-1';
const FILES = ['config.json', 'preprocessor_config.json', 'tokenizer.json'];

/** Folder of the demo's checkpoint, below the user's cache folder; written there when it is not yet. */
export async function demoModelFolder(): Promise<string> {
  const here = await runtime();
  const assets = `${await packageFolder()}/demo/model`;
  const texts = await Promise.all(FILES.map((name) => here.readTextFile(`${assets}/${name}`)));
  const hash = here.contentHash('sha256');
  for (const text of [RECIPE, ...texts]) hash.update(new TextEncoder().encode(`${text}\0`));
  const folder = `${here.homeCacheFolder()}/kosmos-webgpu/demo-${hash.digest().slice(0, 12)}`;
  // the weights come last, so a folder that has them is whole
  if (await here.exists(`${folder}/model.safetensors`)) return folder;
  await here.makeFolder(folder);
  for (const [i, name] of FILES.entries()) await here.writeFileAtomic(`${folder}/${name}`, texts[i]);
  await writeSafetensors(`${folder}/model.safetensors`, randomTensors(parameterShapes(await readConfig(folder))), {
    format: 'pt',
  });
  return folder;
}

/** The same on every machine: each tensor has its own stream of counter-based random numbers. */
export function randomTensors(shapes: ReturnType<typeof parameterShapes>): TensorToWrite[] {
  return [...namedLeaves(shapes)].map(([name, { shape }], stream) => {
    const count = shape.reduce((product, extent) => product * extent, 1);
    const { center, deviation } = distributionOf(name, shape);
    const data = Float32Array.from(uniforms(count, stream), (u) => center + deviation * Math.sqrt(3) * (2 * u - 1));
    if (name === FINAL_NORM) flipHalf(data);
    return { name, dtype: 'F32', shape, data };
  });
}

/** A tied head on random embeddings would only repeat the last token; random signs in the last norm part the two. */
const FINAL_NORM = 'text_model.model.layer_norm.weight';

function flipHalf(data: Float32Array): void {
  const signs = uniforms(data.length, -1);
  for (let i = 0; i < data.length; i++) if (signs[i] < 0.5) data[i] = -data[i];
}

/** Scales at which signals keep their size from layer to layer, and the picture makes a difference. */
function distributionOf(name: string, shape: readonly number[]): { center: number; deviation: number } {
  if (/(norm|_ln|layrnorm)\d?\.weight$/.test(name)) return { center: 1, deviation: 0.1 };
  if (name.endsWith('.bias')) return { center: 0, deviation: 0.1 };
  if (name.endsWith('latent_query')) return { center: 0, deviation: 1 };
  const fanIn = shape.slice(1).reduce((product, extent) => product * extent, 1);
  return { center: 0, deviation: (name.includes('embed_tokens') ? 2 : 1.4) / Math.sqrt(fanIn) };
}

/** Uniform numbers in [0, 1). */
function uniforms(count: number, stream: number): Float64Array {
  const values = new Float64Array(count);
  for (let i = 0; i < count; i += 4) {
    const words = philox([i, stream >>> 0, 0, 0], [2306, 14824]);
    for (let k = 0; k < 4 && i + k < count; k++) values[i + k] = words[k] / 2 ** 32;
  }
  return values;
}
