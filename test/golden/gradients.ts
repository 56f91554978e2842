/** `gradients.json` and the safetensors files beside it: the loss of one batch and its gradient for every parameter. */
import { join } from 'node:path';
import { compile, type Tensor, valueAndGrad } from '../../engine/index.ts';
import type { Kosmos2 } from '../../model/kosmos2.ts';
import { type LossInput, lossSum } from '../../model/loss.ts';
import { type Kosmos2Parameters, namedLeaves } from '../../model/parameters.ts';
import type { GoldenCase } from './case.ts';
import { readJson } from './json.ts';
import { deviationCase, TensorFile } from './tensor-file.ts';
import { disposeTree, hasNoGradient, labelledBatch } from './training-run.ts';

const FILE = 'gradients.json';
const LOSS_TOLERANCE = 1e-4;
/** Of the largest value of the tensor. */
const GRADIENT_TOLERANCE = 1e-4;
const CANCELLED_TOLERANCE = 1e-6;

interface Expected {
  loss: number;
  kept_tokens: number;
  gradient_norm: number;
}

export async function checkGradients(folder: string, model: Kosmos2): Promise<GoldenCase[]> {
  const expected = (await readJson(join(folder, FILE))) as Expected;
  const inputs = await TensorFile.open(join(folder, 'gradients_inputs.safetensors'));
  const stored = await TensorFile.open(join(folder, 'gradients.safetensors'));
  const body = (parameters: Kosmos2Parameters, table: Tensor, input: LossInput, scale: Tensor) =>
    valueAndGrad((own: Kosmos2Parameters) => lossSum(own, model.config, table, input).mul(scale))(parameters);
  const gradientsOf = compile(body, { name: 'gradients' });
  try {
    const { kept, feed } = await labelledBatch(inputs, '', model);
    const [loss, gradients] = await gradientsOf(model.parameters, model.positionTable(), feed, 1 / kept);
    const cases = [
      deviationCase(`${FILE} loss`, Math.abs((await loss.item()) - expected.loss), LOSS_TOLERANCE),
      deviationCase(`${FILE} kept tokens`, Math.abs(kept - expected.kept_tokens), 0),
      ...(await compareGradients(gradients, stored, expected.gradient_norm)),
    ];
    disposeTree([loss, gradients]);
    return cases;
  } finally {
    gradientsOf.dispose();
    await inputs.close();
    await stored.close();
  }
}

async function compareGradients(gradients: Kosmos2Parameters, stored: TensorFile, norm: number): Promise<GoldenCase[]> {
  const cases: GoldenCase[] = [];
  let squares = 0;
  for (const [name, tensor] of namedLeaves(gradients)) {
    const actual = (await tensor.read()) as Float32Array;
    const { data } = await stored.floats(name);
    let difference = 0;
    let largest = 0;
    for (let i = 0; i < data.length; i++) {
      difference = Math.max(difference, Math.abs(actual[i] - data[i]));
      largest = Math.max(largest, Math.abs(data[i]));
      squares += actual[i] ** 2;
    }
    const label = `${FILE} ${name}`;
    if (hasNoGradient(name)) cases.push(deviationCase(label, difference, CANCELLED_TOLERANCE));
    else cases.push(deviationCase(label, difference / (largest || 1), GRADIENT_TOLERANCE));
  }
  cases.push(deviationCase(`${FILE} global norm`, Math.abs(Math.sqrt(squares) / norm - 1), GRADIENT_TOLERANCE));
  return cases;
}
