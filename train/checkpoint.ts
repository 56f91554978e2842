/**
 * Checkpoints of a training run: a model folder in the Hugging Face layout, and beside its files what resuming needs (moments, data position,
 * the configuration). A folder is written under another name and renamed when it is whole, so whatever has the name of a checkpoint is one.
 */
import {
  type Device,
  mapTree,
  openSafetensorsFile,
  readJson,
  runtime,
  type Tensor,
  type TensorToWrite,
  toFloat32,
  writeSafetensors,
} from '../engine/index.ts';
import type { Moments } from '../engine/optimizer.ts';
import type { Kosmos2Config } from '../model/config.ts';
import { type Kosmos2Parameters, namedLeaves, parameterRecords, type WeightDType } from '../model/index.ts';
import type { Parts } from './step.ts';

const FORMAT = 1;
const STATE = 'training_state.json';
const MOMENTS = 'training_state.safetensors';

/** The small files of a model folder, by name: `config.json`, `tokenizer.json`, … */
export type ModelFiles = Readonly<Record<string, string>>;

/** What a run knows besides its tensors; plain JSON. */
export interface RunState {
  /** Optimiser steps done. */
  readonly step: number;
  /** Where the data goes on. */
  readonly data: unknown;
  /** Of mixed precision; null without. */
  readonly lossScale: readonly number[] | null;
  /** Steps without an update so far. */
  readonly skipped: number;
  /** Seconds of training, over all starts. */
  readonly seconds: number;
  readonly seed: number;
  /** The configuration that the run was started with, as it was read. */
  readonly configuration: unknown;
}

export interface SavedTensors {
  readonly parameters: Kosmos2Parameters;
  readonly moments: Moments<Parts>;
}

export interface RunFolder {
  /** Where the checkpoints are. */
  readonly path: string;
  /** How many of the newest stay. */
  readonly keep: number;
}

function nameOf(step: number): string {
  return `step-${String(step).padStart(7, '0')}`;
}

/** Steps of the checkpoints that a folder holds, rising. */
export async function checkpointSteps(path: string): Promise<number[]> {
  const here = await runtime();
  if (!(await here.exists(path))) return [];
  const names = (await here.listFolder(path)).filter(({ kind }) => kind === 'folder').map(({ name }) => name);
  return names.flatMap((name) => (/^step-\d{7}$/.test(name) ? [Number(name.slice(5))] : []));
}

/** Writes a model folder; `parameters` in f16 or f32. */
export async function writeModelFolder(
  folder: string,
  files: ModelFiles,
  parameters: Kosmos2Parameters,
  config: Kosmos2Config,
  dtype: WeightDType,
): Promise<void> {
  const here = await runtime();
  await here.makeFolder(folder);
  for (const [name, text] of Object.entries(files)) await here.writeFileAtomic(`${folder}/${name}`, text);
  await writeSafetensors(`${folder}/model.safetensors`, parameterRecords(parameters, config, dtype), { format: 'pt' });
}

/** Saves a checkpoint and lets go of old ones. A run that is killed meanwhile leaves the earlier ones as they were. */
export async function saveCheckpoint(
  { path, keep }: RunFolder,
  { parameters, moments }: SavedTensors,
  state: RunState,
  config: Kosmos2Config,
  files: ModelFiles,
): Promise<string> {
  const here = await runtime();
  const folder = `${path}/${nameOf(state.step)}`;
  const beside = `${folder}.partial`;
  await here.remove(beside);
  try {
    await writeModelFolder(beside, files, parameters, config, 'f32');
    await writeSafetensors(`${beside}/${MOMENTS}`, momentRecords(moments));
    await here.writeFileAtomic(`${beside}/${STATE}`, `${JSON.stringify({ format: FORMAT, ...state }, null, 2)}\n`);
  } catch (error) {
    await here.remove(beside);
    throw new Error(
      `the checkpoint of step ${state.step} could not be saved (earlier ones stay): ${(error as Error).message}`,
      {
        cause: error,
      },
    );
  }
  // the same step may have been saved before, by a run that was resumed from an earlier one
  await here.remove(folder);
  await here.rename(beside, folder);
  const old = (await checkpointSteps(path)).filter((step) => step <= state.step).slice(0, -keep);
  for (const step of old) await here.remove(`${path}/${nameOf(step)}`);
  return folder;
}

function momentRecords(moments: Moments<Parts>): TensorToWrite[] {
  return Object.entries(moments).flatMap(([which, tree]) =>
    [...namedLeaves(tree as Kosmos2Parameters)].map(([name, tensor]): TensorToWrite => {
      return { name: `${which}.${name}`, dtype: 'F32', shape: tensor.shape, data: async () => tensor.read() };
    }),
  );
}

/** The newest checkpoint of a run folder, or null: its folder and what the run knew. */
export async function newestCheckpoint(path: string): Promise<{ folder: string; state: RunState } | null> {
  const step = (await checkpointSteps(path)).at(-1);
  if (step === undefined) return null;
  const folder = `${path}/${nameOf(step)}`;
  const { format, ...state } = (await readJson(`${folder}/${STATE}`)) as RunState & { format?: number };
  if (format !== FORMAT)
    throw new Error(`${folder}/${STATE} has the format ${format}, this version reads ${FORMAT}; start the run anew`);
  return { folder, state };
}

/** Moments for parameters of these names and shapes. */
export async function loadMoments(folder: string, trained: Parts, device: Device): Promise<Moments<Parts>> {
  const file = await openSafetensorsFile(`${folder}/${MOMENTS}`);
  const made: Tensor[] = [];
  try {
    const load = async (which: string): Promise<Parts> => {
      const tensors = new Map<string, Tensor>();
      for (const [name, { shape }] of namedLeaves(trained as Kosmos2Parameters)) {
        const full = `${which}.${name}`;
        const found = file.tensors.get(full)?.shape;
        if (found?.join() !== shape.join())
          throw new Error(
            `${file.name}: ${full} is [${found ?? 'missing'}] and should be [${shape}]; does the checkpoint belong to this configuration?`,
          );
        const tensor = await device.upload(
          shape,
          'f32',
          async (first, count) => toFloat32(await file.readRows(full, first, first + count), 'F32'),
          'moments',
        );
        made.push(tensor);
        tensors.set(name, tensor);
      }
      return mapTree(trained, (_, path) => tensors.get(path));
    };
    return { first: await load('first'), second: await load('second') };
  } catch (error) {
    for (const tensor of made) tensor.dispose();
    throw error;
  } finally {
    await file.close();
  }
}
