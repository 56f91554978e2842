/** `training.json` and the safetensors files beside it: twenty optimiser steps, each over two micro-batches. */
import { join } from 'node:path';
import {
  adamw,
  adamwSettings,
  clipFactor,
  compile,
  globalNorm,
  type Moments,
  type Tensor,
  valueAndGrad,
} from '../../engine/index.ts';
import type { Kosmos2 } from '../../model/kosmos2.ts';
import { type LossInput, lossSum } from '../../model/loss.ts';
import { type Kosmos2Parameters, namedLeaves } from '../../model/parameters.ts';
import type { GoldenCase } from './case.ts';
import { readJson } from './json.ts';
import { deviationCase, TensorFile } from './tensor-file.ts';
import { copyParameters, disposeTree, hasNoGradient, labelledBatch, zerosLike } from './training-run.ts';

const FILE = 'training.json';
/** As the goldens' README suggests for smooth runs: the first steps before rounding spreads, then all. */
const EARLY_STEPS = 5;
const EARLY_LOSS_TOLERANCE = 1e-4;
const LOSS_TOLERANCE = 1e-3;
const NORM_TOLERANCE = 1e-2;
const PARAMETER_TOLERANCE = 3e-5;
/** A run that starts with gradients larger than this amplifies rounding, and gets ten times as much room, as the README gives such a one. */
const SMOOTH_NORM = 30;

interface Optimizer {
  betas: [number, number];
  eps: number;
  weight_decay: number;
  clip_global_norm: number;
}

interface Step {
  step: number;
  micro_batches: number[];
  kept_tokens: number;
  loss: number;
  grad_norm: number;
  lr: number;
}

interface State {
  readonly parameters: Kosmos2Parameters;
  readonly moments: Moments<Kosmos2Parameters>;
}

export async function checkTraining(folder: string, model: Kosmos2): Promise<GoldenCase[]> {
  const { steps, optimizer } = (await readJson(join(folder, FILE))) as { steps: Step[]; optimizer: Optimizer };
  const inputs = await TensorFile.open(join(folder, 'training_inputs.safetensors'));
  const final = await TensorFile.open(join(folder, 'training_final.safetensors'));
  const room = steps[0].grad_norm > SMOOTH_NORM ? 10 : 1;
  const body = (state: State, table: Tensor, first: LossInput, second: LossInput, scale: Tensor, settings: Tensor) => {
    const lossOf = (own: Kosmos2Parameters) =>
      lossSum(own, model.config, table, first)
        .add(lossSum(own, model.config, table, second))
        .mul(scale);
    const [loss, gradients] = valueAndGrad(lossOf)(state.parameters);
    const norm = globalNorm(gradients);
    return {
      loss,
      norm,
      state: adamw(state.parameters, gradients, state.moments, settings, {
        factor: clipFactor(norm, optimizer.clip_global_norm),
      }),
    };
  };
  const trainStep = compile(body, { donate: [0], name: 'training step' });
  let state: State = {
    parameters: copyParameters(model.parameters),
    moments: { first: zerosLike(model), second: zerosLike(model) },
  };
  const cases: GoldenCase[] = [];
  try {
    for (const { step, micro_batches: pair, kept_tokens: kept, loss, grad_norm: norm, lr } of steps) {
      const [a, b] = [
        await labelledBatch(inputs, `micro_batch.${pair[0]}.`, model),
        await labelledBatch(inputs, `micro_batch.${pair[1]}.`, model),
      ];
      const { betas, eps: epsilon, weight_decay: weightDecay } = optimizer;
      const settings = adamwSettings({ learningRate: lr, step, betas, epsilon, weightDecay });
      const result = await trainStep(state, model.positionTable(), a.feed, b.feed, 1 / (a.kept + b.kept), settings);
      state = result.state;
      const lossTolerance = (step <= EARLY_STEPS ? EARLY_LOSS_TOLERANCE : LOSS_TOLERANCE) * room;
      cases.push(
        deviationCase(`${FILE} step ${step} loss`, Math.abs((await result.loss.item()) - loss), lossTolerance),
      );
      cases.push(
        deviationCase(
          `${FILE} step ${step} gradient norm`,
          Math.abs((await result.norm.item()) / norm - 1),
          NORM_TOLERANCE * room,
        ),
      );
      cases.push(deviationCase(`${FILE} step ${step} kept tokens`, Math.abs(a.kept + b.kept - kept), 0));
      disposeTree([result.loss, result.norm]);
    }
    return [...cases, ...(await compareParameters(state.parameters, final, PARAMETER_TOLERANCE * room))];
  } finally {
    trainStep.dispose();
    disposeTree(state);
    await inputs.close();
    await final.close();
  }
}

async function compareParameters(
  parameters: Kosmos2Parameters,
  final: TensorFile,
  tolerance: number,
): Promise<GoldenCase[]> {
  const cases: GoldenCase[] = [];
  for (const [name, tensor] of namedLeaves(parameters)) {
    if (hasNoGradient(name)) continue;
    const actual = (await tensor.read()) as Float32Array;
    const { data } = await final.floats(name);
    const squares = data.reduce((sum, value, i) => sum + (actual[i] - value) ** 2, 0);
    cases.push(deviationCase(`${FILE} final ${name}`, Math.sqrt(squares / data.length), tolerance));
  }
  return cases;
}
