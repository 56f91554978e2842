/** Loads a checkpoint, looks at one picture and generates; prints seconds and peak memory as JSON. See `--help`. */
import { parseArgs } from 'node:util';
import { leavesOf, requestDevice, runtime, type Tensor } from '../engine/index.ts';
import { openSafetensorsFile, toFloat32, writeSafetensors } from '../engine/safetensors.ts';
import { Generator } from '../model/generate.ts';
import { Kosmos2 } from '../model/kosmos2.ts';
import { isAdapterChoice } from '../test/adapter.ts';
import { compareLogits, type LogitsChange } from './logits.ts';

const help = `Loads the checkpoint in FOLDER and generates greedily for one picture of noise.

  node dist/bench/full-size.js FOLDER [--dtype f32|f16|int8|int4] [--tokens N] [--adapter auto|system|swiftshader]
      [--save-logits FILE] [--logits FILE]

  --dtype        default f32; int8 and int4 are for what quantize made of it: FOLDER-int8 or FOLDER-int4
  --save-logits  writes the logits of the prompt, for another run to compare with
  --logits       compares with those, once everything is measured`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    dtype: { type: 'string', default: 'f32' },
    tokens: { type: 'string', default: '8' },
    adapter: { type: 'string', default: 'auto' },
    'save-logits': { type: 'string' },
    logits: { type: 'string' },
    help: { type: 'boolean' },
  },
});
const [given] = positionals;
const { dtype, adapter } = values;
if (values.help || !given || !['f32', 'f16', 'int8', 'int4'].includes(dtype) || !isAdapterChoice(adapter)) {
  console.log(help);
  process.exit(values.help ? 0 : 2);
}
const isQuantized = dtype.startsWith('int');
const folder = isQuantized ? `${given}-${dtype}` : given;
if (isQuantized && !(await (await runtime()).exists(folder))) {
  console.error(`there is no ${folder}: node dist/quantize.js ${given} --bits ${dtype.slice(3)} --out ${folder}`);
  process.exit(1);
}

const seconds = (since: number) => Math.round(performance.now() - since) / 1000;
const gigabytes = (bytes: number) => Math.round(bytes / 1e6) / 1e3;

const device = await requestDevice({ adapter });
const started = performance.now();
const model = await Kosmos2.load(folder, device, { dtype: dtype === 'f32' ? 'f32' : 'f16' });
const loadSeconds = seconds(started);
const weightBytes = leavesOf(model.weights).reduce<number>(
  (sum, leaf) => sum + (leaf as Tensor).storage('bench').bytes,
  0,
);

const { imageSize, channels } = model.config.vision;
const pixels = Float32Array.from({ length: channels * imageSize ** 2 }, (_, i) => Math.sin(i * 12.9898) * 1.5);
const encodeStarted = performance.now();
const images = await model.encodeImages({ data: pixels, shape: [1, channels, imageSize, imageSize] });
await device.finish();
const imageSeconds = seconds(encodeStarted);

const latents = model.config.latentQueryNum;
const slots = Array.from({ length: latents }, (_, i) => 4 + i);
const prompt = [0, 64003, ...slots, 64004, 64012, 712, 1648, 9].map((id) => id % model.config.text.vocabSize);
const mask = prompt.map((_, i) => Number(i >= 2 && i < 2 + latents));
const batch = { inputIds: [prompt], attentionMask: [prompt.map(() => 1)], imageEmbedsPositionMask: [mask] };
const generator = new Generator(model);
const generateStarted = performance.now();
const times: number[] = [];
const ids: number[] = [];
for await (const { id } of generator.stream(batch, images, { maxNewTokens: Number(values.tokens) })) {
  times.push(seconds(generateStarted));
  ids.push(id);
}
const gaps = times
  .slice(2)
  .map((time, i) => time - times[i + 1])
  .sort((a, b) => a - b);
// in kilobytes on every system that Node and Deno report it for
const peakBytes = process.resourceUsage().maxRSS * 1024;
const plans = generator.describe();

/** What became of the logits of the prompt, [positions, vocabulary]; null where nobody asks. */
async function logitsChange(): Promise<LogitsChange | null> {
  const { 'save-logits': to, logits: from } = values;
  if (!to && !from) return null;
  const { logits } = await model.forward(batch, images);
  const actual = (await logits.read()) as Float32Array<ArrayBuffer>;
  logits.dispose();
  const { vocabSize } = model.config.text;
  if (to)
    await writeSafetensors(to, [{ name: 'logits', dtype: 'F32', shape: [prompt.length, vocabSize], data: actual }]);
  if (!from) return null;
  const file = await openSafetensorsFile(from);
  const expected = toFloat32(await file.read('logits'), 'F32');
  await file.close();
  return compareLogits(actual, expected, vocabSize);
}

console.log(
  JSON.stringify(
    {
      adapter: device.description,
      maxBindingMiB: device.traits.maxBindingBytes / 2 ** 20,
      dtype,
      weightsGB: gigabytes(weightBytes),
      loadSeconds,
      imageSeconds,
      firstTokenSeconds: times[0],
      secondsPerToken: gaps[Math.floor(gaps.length / 2)] ?? null,
      generatedIds: ids,
      peakMemoryGB: gigabytes(peakBytes),
      peakOverWeights: Math.round((peakBytes / weightBytes) * 1000) / 1000,
      logits: await logitsChange(),
      plans,
    },
    (key, value) => (key === 'kernels' ? undefined : value),
    2,
  ),
);
model.dispose();
device.close();
