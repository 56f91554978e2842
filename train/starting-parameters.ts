/** The parameters of a run's first step: fresh ones, those of a model or the mean of several, with parts that start anew or words that are made independent. */
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
  let loaded = await meanOfModels([setup.init, ...setup.average], setup, device);
  if (independent.length > 0) loaded = await withIndependentWords(loaded, setup, independent, device);
  if (fresh.length === 0) return loaded;
  const kept = splitParameters(loaded, fresh);
  const drawn = splitParameters(await freshParameters(setup, training, device), fresh);
  for (const tensor of leavesOf([kept.frozen, drawn.trained]) as Tensor[]) tensor.dispose();
  return joinParameters({ trained: kept.trained, frozen: drawn.frozen });
}

/**
 * The mean of the parameters of models of one form. Where these come from one another by further training, the mean often does better than
 * each of them, above all on what training did not show (Wortsman et al. 2022, arXiv 2203.05482).
 *
 * @throws Error for a model with other shapes, by its file
 */
async function meanOfModels(
  folders: readonly string[],
  { config }: ModelSetup,
  device: Device,
): Promise<Kosmos2Parameters> {
  let sum = await loadParameters(folders[0], config, device);
  for (const folder of folders.slice(1)) {
    const next = await loadParameters(folder, config, device);
    const others = leavesOf(next) as Tensor[];
    let at = 0;
    sum = replaced(sum, (leaf) => leaf.add(others[at++]));
    for (const tensor of others) tensor.dispose();
  }
  return folders.length === 1 ? sum : replaced(sum, (leaf) => leaf.mul(1 / folders.length));
}

/** Every tensor replaced by another, and disposed. */
function replaced(parameters: Kosmos2Parameters, replace: (leaf: Tensor) => Tensor): Kosmos2Parameters {
  const result = mapTree(parameters, (leaf) => replace(leaf as Tensor));
  for (const tensor of leavesOf(parameters) as Tensor[]) tensor.dispose();
  return result;
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
