/** The parameters of a run's first step: fresh ones, those of a model, or a model's with parts that start anew or words that are made independent. */
import { patchToken } from '../data/index.ts';
import { type Device, leavesOf, mapTree, type Tensor } from '../engine/index.ts';
import { initializeParameters, type Kosmos2Parameters, loadParameters } from '../model/index.ts';
import type { TrainConfig } from './config.ts';
import { idsOfWords, makeIndependent } from './independent-words.ts';
import type { ModelSetup } from './model-files.ts';
import { joinParameters, splitParameters } from './step.ts';

/** @throws Error that names what the folder of the model lacks */
export async function startingParameters(
  setup: ModelSetup,
  training: TrainConfig,
  device: Device,
): Promise<Kosmos2Parameters> {
  const { fresh, independent } = training.model;
  if (setup.init === null) return freshParameters(setup, training, device);
  let loaded = await loadParameters(setup.init, setup.config, device);
  if (independent.length > 0) loaded = await withIndependentWords(loaded, setup, independent, device);
  if (fresh.length === 0) return loaded;
  const kept = splitParameters(loaded, fresh);
  const drawn = splitParameters(await freshParameters(setup, training, device), fresh);
  for (const tensor of leavesOf([kept.frozen, drawn.trained]) as Tensor[]) tensor.dispose();
  return joinParameters({ trained: kept.trained, frozen: drawn.frozen });
}

async function withIndependentWords(
  parameters: Kosmos2Parameters,
  { tokenizer }: ModelSetup,
  independent: readonly (readonly string[])[],
  device: Device,
): Promise<Kosmos2Parameters> {
  const { weight } = parameters.text_model.model.embed_tokens;
  const table = (await weight.read()) as Float32Array;
  const [first, ...others] = independent.map((words) => idsOfWords(tokenizer, words));
  makeIndependent(table, weight.shape[1], first, others);
  weight.dispose();
  return mapTree(parameters, (leaf) => (leaf === weight ? device.tensor(table, weight.shape) : leaf));
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
