/**
 * A small image classifier: handwritten-looking digits, drawn here by code, and a network of one hidden layer that learns to read them.
 *
 *   npx tsx examples/image-classifier.ts    or    deno run -A examples/image-classifier.ts
 */
import {
  adamw,
  adamwSettings,
  argmax,
  compile,
  crossEntropy,
  HostArray,
  type Moments,
  requestDevice,
  type Tensor,
  uniforms,
  valueAndGrad,
} from 'kosmos-webgpu/engine';

const side = 12;
const glyphs = [
  '.###. #...# #..## #.#.# ##..# #...# .###.', // 0, row by row
  '..#.. .##.. ..#.. ..#.. ..#.. ..#.. .###.',
  '.###. #...# ....# ...#. ..#.. .#... #####',
  '.###. #...# ....# ..##. ....# #...# .###.',
  '...#. ..##. .#.#. #..#. ##### ...#. ...#.',
  '##### #.... ####. ....# ....# #...# .###.',
  '.###. #.... #.... ####. #...# #...# .###.',
  '##### ....# ...#. ..#.. .#... .#... .#...',
  '.###. #...# #...# .###. #...# #...# .###.',
  '.###. #...# #...# .#### ....# ....# .###.',
].map((rows) => rows.split(' '));

/** `count` digits from place `first` of an endless sequence: pixels [count, side · side] and labels [count]. */
function digits(seed: number, first: number, count: number): { pixels: Float32Array; labels: Int32Array } {
  const pixels = new Float32Array(count * side * side);
  const labels = new Int32Array(count);
  for (let i = 0; i < count; i++) {
    // each digit has random numbers of its own: label, place, slant, ink, and a speckle for every pixel
    const [a, b, c, d, e, ...speckles] = uniforms(seed, first + i, 0, 5 + side * side);
    labels[i] = Math.floor(10 * a);
    const [left, top, slant] = [Math.floor(6 * b), Math.floor(5 * c), 0.8 * (d - 0.5)];
    for (let row = 0; row < side; row++) {
      for (let column = 0; column < side; column++) {
        const [y, x] = [row - top, Math.round(column - left + slant * (row - top - 3))];
        const ink = glyphs[labels[i]][y]?.[x] === '#' ? 0.5 + 0.5 * e : 0;
        pixels[(i * side + row) * side + column] = ink + 0.5 * speckles[row * side + column] - 0.25;
      }
    }
  }
  return { pixels, labels };
}

const device = await requestDevice();
const [hidden, classes, batchSize] = [128, 10, 64];

/** A matrix of uniform numbers whose products keep their size. */
function matrix(rows: number, columns: number, stream: number): Tensor {
  const bound = Math.sqrt(3 / columns);
  return device.tensor(
    uniforms(7, stream, 0, rows * columns).map((u) => bound * (2 * u - 1)),
    [rows, columns],
  );
}

let parameters = {
  first: matrix(hidden, side * side, 0),
  bias: device.zeros([hidden]),
  last: matrix(classes, hidden, 1),
};
type Parameters = typeof parameters;
const zeros = (): Parameters => ({
  first: device.zeros([hidden, side * side]),
  bias: device.zeros([hidden]),
  last: device.zeros([classes, hidden]),
});
let moments: Moments<Parameters> = { first: zeros(), second: zeros() };

const featuresOf = ({ first, bias }: Parameters, pixels: Tensor) =>
  pixels.matmul(first, { transposeB: true }).add(bias).gelu();
// crossEntropy includes the last product, so the logits are never kept
const lossOf = (own: Parameters, pixels: Tensor, labels: Tensor) =>
  crossEntropy(featuresOf(own, pixels), own.last, labels).mean();

const step = compile(
  (own: Parameters, before: Moments<Parameters>, pixels: Tensor, labels: Tensor, settings: Tensor) => {
    const [loss, gradients] = valueAndGrad(lossOf)(own, pixels, labels);
    return { loss, ...adamw(own, gradients, before, settings) };
  },
  { donate: [0, 1], name: 'step' },
);
const classify = compile((own: Parameters, pixels: Tensor) =>
  argmax(featuresOf(own, pixels).matmul(own.last, { transposeB: true })),
);

for (let i = 1; i <= 300; i++) {
  const { pixels, labels } = digits(1, i * batchSize, batchSize);
  // data that is new in every step needs no tensor of its own
  const batch = [new HostArray(pixels, [batchSize, side * side]), new HostArray(labels)] as const;
  const result = await step(parameters, moments, ...batch, adamwSettings({ learningRate: 0.01, step: i }));
  ({ parameters, moments } = result);
  if (i % 50 === 0) console.log(`step ${i}: loss ${(await result.loss.item()).toFixed(3)}`);
  result.loss.dispose();
}

const test = digits(2, 0, 500);
const answers = await (await classify(parameters, new HostArray(test.pixels, [500, side * side]))).read();
const right = test.labels.filter((label, i) => label === answers[i]).length;
for (let row = 0; row < side; row++) {
  const ink = test.pixels.subarray(row * side, (row + 1) * side);
  console.log([...ink].map((value) => ' .:+#'[Math.min(4, Math.max(0, Math.floor(5 * value)))].repeat(2)).join(''));
}
console.log(`this is a ${test.labels[0]}, and it was read as a ${answers[0]}`);
console.log(`${right} of 500 unseen digits were read right`);
device.close();
