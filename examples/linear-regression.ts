/**
 * Linear regression: slope and intercept of a noisy line, by gradient descent.
 *
 *   npx tsx examples/linear-regression.ts    or    deno run -A examples/linear-regression.ts
 */
import { compile, requestDevice, type Tensor, uniforms, valueAndGrad } from 'kosmos-webgpu/engine';

const device = await requestDevice();
console.log(`on ${device.description}`);

// 64 points near y = 3x − 2. Random numbers have a seed, so they are the same on every machine.
const points = 64;
const xs = uniforms(1, 0, 0, points).map((u) => 4 * u - 2);
const noise = uniforms(1, 1, 0, points).map((u) => 0.4 * (u - 0.5));
const x = device.tensor(xs);
const y = device.tensor(xs.map((value, i) => 3 * value - 2 + noise[i]));
x.label = 'x';
console.log(x); // what it is …
await x.slice(0, 0, 6).print(); // … and what is in it

interface Line {
  slope: Tensor;
  intercept: Tensor;
}

/** The mean squared distance. Operands broadcast: slope and intercept have one element, x and y have 64. */
function lossOf({ slope, intercept }: Line): Tensor {
  return x.mul(slope).add(intercept).sub(y).square().mean();
}

// One step, traced when it is first called and replayed from then on. What changes from step to step is an argument. The old line is donated:
// the new one takes its buffers.
const step = compile(
  (line: Line, learningRate: Tensor) => {
    const [loss, gradient] = valueAndGrad(lossOf)(line);
    const slope = line.slope.sub(gradient.slope.mul(learningRate));
    const intercept = line.intercept.sub(gradient.intercept.mul(learningRate));
    return { loss, line: { slope, intercept } };
  },
  { donate: [0], name: 'step' },
);

let line: Line = { slope: device.tensor([0]), intercept: device.tensor([0]) };
for (let i = 1; i <= 60; i++) {
  const result = await step(line, 0.15);
  line = result.line;
  // nothing waits for the device but this
  if (i % 10 === 0) console.log(`step ${i}: loss ${(await result.loss.item()).toFixed(5)}`);
  result.loss.dispose();
}

console.log(`slope ${(await line.slope.item()).toFixed(2)}, intercept ${(await line.intercept.item()).toFixed(2)}`);
device.close();
