/** The parameters of a run's first step: fresh ones, those of a model, or a model's with parts that start anew. */
import { patchToken } from '../data/index.ts';
import { type Device, leavesOf, type Tensor } from '../engine/index.ts';
import { initializeParameters, type Kosmos2Parameters, loadParameters } from '../model/index.ts';
import type { TrainConfig } from './config.ts';
import type { ModelSetup } from './model-files.ts';
import { joinParameters, splitParameters } from './step.ts';

/** @throws Error that names what the folder of the model lacks */
export async function startingParameters(
  setup: ModelSetup,
  training: TrainConfig,
  device: Device,
): Promise<Kosmos2Parameters> {
  const { fresh } = training.model;
  if (setup.init === null) return freshParameters(setup, training, device);
  const loaded = await loadParameters(setup.init, setup.config, device);
  if (fresh.length === 0) return loaded;
  const kept = splitParameters(loaded, fresh);
  const drawn = splitParameters(await freshParameters(setup, training, device), fresh);
  for (const tensor of leavesOf([kept.frozen, drawn.trained]) as Tensor[]) tensor.dispose();
  return joinParameters({ trained: kept.trained, frozen: drawn.frozen });
}

function freshParameters(
  { config, tokenizer }: ModelSetup,
  training: TrainConfig,
  device: Device,
): Promise<Kosmos2Parameters> {
  const { initialization, gridSize } = training.model;
  const first = tokenizer.tokenToId(patchToken(0)) ?? config.text.vocabSize;
  return initializeParameters(config, device, training.seed, { initialization, locations: { first, grid: gridSize } });
}
