/**
 * A language model of characters: a small transformer that reads a short text (harbour.txt) over and over and then writes one like it.
 *
 *   npx tsx examples/character-gpt.ts    or    deno run -A examples/character-gpt.ts
 */
import { fileURLToPath } from 'node:url';
import {
  adamw,
  adamwSettings,
  attention,
  clipFactor,
  compile,
  crossEntropy,
  type Device,
  gather,
  globalNorm,
  HostArray,
  layerNorm,
  type Moments,
  mapTree,
  requestDevice,
  runtime,
  type Tensor,
  uniform,
  uniforms,
  valueAndGrad,
} from 'kosmos-webgpu/engine';

const [width, heads, layers, context, batchSize, steps] = [64, 4, 2, 32, 8, 160];

const path = fileURLToPath(new URL('harbour.txt', import.meta.url));
const text = (await (await runtime()).readTextFile(path)).replace(/\s+/g, ' ');
const alphabet = [...new Set(text)].sort();
const ids = Int32Array.from(text, (character) => alphabet.indexOf(character));
console.log(`${text.length} characters, ${alphabet.length} different ones`);

// ---- the model: embeddings, layers of attention and a feed-forward network, and the embeddings again as the last product

/** Normally distributed numbers by Box and Muller, times `scale`. */
function normal(device: Device, shape: number[], scale: number, stream: number): Tensor {
  const count = shape.reduce((product, extent) => product * extent, 1);
  const [radii, angles] = [uniforms(3, 2 * stream, 0, count), uniforms(3, 2 * stream + 1, 0, count)];
  const values = radii.map((u, i) => scale * Math.sqrt(-2 * Math.log(1 - u)) * Math.cos(2 * Math.PI * angles[i]));
  return device.tensor(values, shape);
}

function initialize(device: Device) {
  let stream = 0;
  const weight = (...shape: number[]) => normal(device, shape, 0.08, stream++);
  const norm = () => ({ weight: device.tensor(new Float32Array(width).fill(1)), bias: device.zeros([width]) });
  return {
    characters: weight(alphabet.length, width),
    places: weight(context, width),
    layers: Array.from({ length: layers }, () => ({
      before: norm(),
      query: weight(width, width),
      key: weight(width, width),
      value: weight(width, width),
      out: weight(width, width),
      middle: norm(),
      up: weight(4 * width, width),
      down: weight(width, 4 * width),
    })),
    last: norm(),
  };
}
type Parameters = ReturnType<typeof initialize>;

/** Vectors [B, T, width] for the ids of characters [B, T]. */
function vectorsOf({ characters, places, layers, last }: Parameters, ids: Tensor): Tensor {
  const times = (x: Tensor, weight: Tensor) => x.matmul(weight, { transposeB: true });
  let x = gather(characters, ids).add(places);
  for (const { before, query, key, value, out, middle, up, down } of layers) {
    const seen = layerNorm(x, before.weight, before.bias);
    const mixed = attention(times(seen, query), times(seen, key), times(seen, value), { heads, causal: true });
    x = x.add(times(mixed, out));
    x = x.add(times(times(layerNorm(x, middle.weight, middle.bias), up).gelu(), down));
  }
  return layerNorm(x, last.weight, last.bias);
}

/** Mean −log p of the next character. */
function lossOf(parameters: Parameters, inputs: Tensor, targets: Tensor): Tensor {
  const vectors = vectorsOf(parameters, inputs).reshape([batchSize * context, width]);
  return crossEntropy(vectors, parameters.characters, targets).mean();
}

// ---- training

const device = await requestDevice();
let parameters = initialize(device);
const zeros = () => mapTree(parameters, (leaf) => device.zeros((leaf as Tensor).shape));
let moments: Moments<Parameters> = { first: zeros(), second: zeros() };

const step = compile(
  (own: Parameters, before: Moments<Parameters>, inputs: Tensor, targets: Tensor, settings: Tensor) => {
    const [loss, gradients] = valueAndGrad(lossOf)(own, inputs, targets);
    const factor = clipFactor(globalNorm(gradients), 1);
    return { loss, ...adamw(own, gradients, before, settings, { factor, decay: 'matrices' }) };
  },
  { donate: [0, 1], name: 'step' },
);

for (let i = 1; i <= steps; i++) {
  const starts = Array.from({ length: batchSize }, (_, row) =>
    Math.floor(uniform(5, row, i) * (ids.length - context - 1)),
  );
  const rows = (shift: number) => starts.flatMap((start) => [...ids.subarray(start + shift, start + shift + context)]);
  const inputs = new HostArray(Int32Array.from(rows(0)), [batchSize, context]);
  const targets = new HostArray(Int32Array.from(rows(1)));
  const learningRate = 0.005 * Math.min(1, i / 20, (steps - i + 1) / 60);
  const result = await step(parameters, moments, inputs, targets, adamwSettings({ learningRate, step: i }));
  ({ parameters, moments } = result);
  if (i === 1 || i % 40 === 0) console.log(`step ${i}: loss ${(await result.loss.item()).toFixed(3)}`);
  result.loss.dispose();
}

// ---- sampling

/** Probabilities of the character behind the place `at` of a window of ids [1, context]. */
const nextOf = compile((own: Parameters, window: Tensor, at: Tensor, temperature: Tensor) => {
  const vector = gather(vectorsOf(own, window).reshape([context, width]), at);
  return vector.matmul(own.characters, { transposeB: true }).div(temperature).softmax();
});

/** The place that `u`, from [0, 1), falls on when the chances lie end to end. */
function draw(chances: Iterable<number>, u: number): number {
  let [at, sum] = [0, 0];
  for (const chance of chances) {
    sum += chance;
    if (u < sum) return at;
    at++;
  }
  return at - 1;
}

const written = Array.from('The harbour', (character) => alphabet.indexOf(character));
for (let i = 0; i < 150; i++) {
  // causal attention never looks behind `at`, so it does not matter what fills the rest of the window
  const seen = written.slice(-context);
  const window = new HostArray(
    Int32Array.from({ length: context }, (_, place) => seen[place] ?? 0),
    [1, context],
  );
  const probabilities = await nextOf(parameters, window, new HostArray(Int32Array.of(seen.length - 1)), 0.6);
  written.push(draw(await probabilities.read(), uniform(11, i, 0)));
  probabilities.dispose();
}
console.log(written.map((id) => alphabet[id]).join(''));
device.close();
