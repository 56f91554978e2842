/** The configuration of a training run: a JSON file, checked. Examples lie in `configs/`. */
import { CORPUS_KINDS } from '../data/corpora/config.ts';
import { readJson } from '../engine/runtime/json.ts';
import { parseConfig } from '../model/config.ts';
import type { Initialization } from '../model/initialize.ts';
import { Fields, type Json } from './config/fields.ts';
import type { Schedule } from './schedule.ts';

export const DATA_KINDS = ['shapes', ...CORPUS_KINDS] as const;
export type DataKind = (typeof DATA_KINDS)[number];

/** The parts of the model by which parameters can be frozen. */
export const MODEL_PARTS = ['vision', 'projection', 'text'] as const;
export type ModelPart = (typeof MODEL_PARTS)[number];

export interface TrainConfig {
  /** One sentence for the report; may be empty. */
  readonly description: string;
  readonly model: ModelSource;
  readonly data: readonly DataSource[];
  readonly validation: {
    /** Steps from one validation to the next; 0 for none. */
    readonly every: number;
    /** Micro-batches that the validation loss is the mean over. */
    readonly batches: number;
    /** Pictures in the sheet of samples. */
    readonly samples: number;
    /** Items of each task of the shapes world that the model is scored on; 0 for none. */
    readonly items: number;
  };
  readonly optimizer: OptimizerConfig;
  readonly schedule: Schedule;
  /** Optimiser steps of the whole run. */
  readonly steps: number;
  readonly seed: number;
  /** `mixed` keeps f32 parameters and moments, and computes with f16 copies. */
  readonly precision: 'f32' | 'mixed';
  /** `layers` keeps only what goes into each layer and computes the rest again in the backward pass. */
  readonly remat: 'none' | 'layers';
  /** Probabilities. */
  readonly dropout: { readonly hidden: number; readonly attention: number };
  readonly freeze: readonly ModelPart[];
  /** Steps between checkpoints, and how many of the newest stay. */
  readonly checkpoint: { readonly every: number; readonly keep: number };
  /** Rows of tokens are padded to a multiple of this, so that few shapes occur. */
  readonly lengthMultiple: number;
}

export interface ModelSource {
  /** Fields of a Hugging Face `config.json`, which `parseConfig` takes; null with `init`. */
  readonly config: Json | null;
  /** A folder or a hub id to start from; null for a fresh model. */
  readonly init: string | null;
  /** Folders or hub ids of more models of the same form: the run starts from the mean of them and `init`. */
  readonly average: readonly string[];
  /** Parts of `init` that start anew. */
  readonly fresh: readonly ModelPart[];
  /** Lists of words: in the embedding of `init`, those of each further list are made to say nothing about those of the first. Empty for none. */
  readonly independent: readonly (readonly string[])[];
  /** A folder with `tokenizer.json`, or `shapes` for the words of the synthetic world; null for that of `init`. */
  readonly tokenizer: string | null;
  /** Cells along an edge of the picture; its square is the number of location tokens. */
  readonly gridSize: number;
  /** How a fresh model is drawn. */
  readonly initialization: Initialization;
}

export interface DataSource {
  /** Names the source in metrics and reports; unique. */
  readonly name: string;
  readonly kind: DataKind;
  /** Files, folders or patterns; null for `shapes`, which are made up. */
  readonly path: string | readonly string[] | null;
  /** Examples in an optimiser step. */
  readonly perStep: number;
  /** Examples that go through the model together; the last micro-batch of a step may have fewer. */
  readonly microBatch: number;
  /** Takes part in every so many steps. */
  readonly every: number;
  /** The first step in which it takes part, and the last one where it does not to the end. */
  readonly from: number;
  readonly until?: number;
  /** How much each of its predictions counts in the loss, beside those of the other sources. */
  readonly weight: number;
  /** Rows are padded to a multiple of this; by default the configuration's `lengthMultiple`. */
  readonly lengthMultiple: number;
  /** Everything else in the file, for the source to check. */
  readonly options: Json;
}

export interface OptimizerConfig {
  /** The peak. */
  readonly learningRate: number;
  readonly betas: readonly [number, number];
  /** Added after the bias correction. */
  readonly epsilon: number;
  /** Decoupled. */
  readonly weightDecay: number;
  /** What decays: every parameter, or those of two dimensions only. */
  readonly decay: 'all' | 'matrices';
  /** Largest global norm of the gradients; 0 for no clipping. */
  readonly clip: number;
}

/** What absent fields mean: the paper's training (tables 7 and 8, and the released command) where it says something. */
export const DEFAULTS = {
  gridSize: 32,
  initialization: 'magneto',
  validation: { every: 1000, batches: 8, samples: 8, items: 0 },
  optimizer: { learningRate: 2e-4, betas: [0.9, 0.98], epsilon: 1e-6, weightDecay: 0.01, decay: 'all', clip: 2 },
  /** The warm-up is a tenth of a run that is shorter than ten of these. */
  schedule: { kind: 'linear', warmup: 375, minimum: 0, cooldown: 0 },
  seed: 1,
  precision: 'f32',
  remat: 'none',
  dropout: { hidden: 0.1, attention: 0.1 },
  checkpoint: { every: 1000, keep: 2 },
  lengthMultiple: 16,
} as const;

/** @throws Error that names the file, the field, what was found and what is wanted */
export async function readTrainConfig(path: string): Promise<TrainConfig> {
  return parseTrainConfig(await readJson(path), path);
}

/** Checks a parsed file; `file` names it in errors. */
export function parseTrainConfig(json: unknown, file = 'configuration'): TrainConfig {
  const top = new Fields(json, file);
  const steps = top.count('steps', undefined, { least: 1 });
  const optimizer = parseOptimizer(top.fields('optimizer'));
  const lengthMultiple = top.count('lengthMultiple', DEFAULTS.lengthMultiple, { least: 1 });
  const config: TrainConfig = {
    description: top.has('description') ? top.text('description') : '',
    model: parseModel(top.fields('model', true), file),
    data: parseData(top.list('data'), lengthMultiple),
    validation: parseValidation(top.fields('validation')),
    optimizer,
    schedule: parseSchedule(top.fields('schedule'), steps, optimizer.learningRate),
    steps,
    seed: top.count('seed', DEFAULTS.seed),
    precision: top.choice('precision', ['f32', 'mixed'], DEFAULTS.precision),
    remat: top.choice('remat', ['none', 'layers'], DEFAULTS.remat),
    dropout: parseDropout(top.fields('dropout')),
    freeze: top.choices('freeze', MODEL_PARTS),
    checkpoint: parseCheckpoint(top.fields('checkpoint')),
    lengthMultiple,
  };
  top.end();
  return config;
}

function parseModel(fields: Fields, file: string): ModelSource {
  const config = fields.has('config') ? fields.object('config') : null;
  const init = fields.has('init') ? fields.text('init') : null;
  if ((config === null) === (init === null)) {
    const found = config ? 'both' : 'neither';
    throw new Error(
      `${file}: model must have either config (a fresh model) or init (one to start from), found ${found}`,
    );
  }
  if (config) parseConfig(config, `${file}: model.config`);
  if (config && fields.has('fresh')) fields.fail('fresh', 'left out: a model without init is fresh as a whole');
  if (config && fields.has('average')) fields.fail('average', 'left out: it goes with init');
  if (config && fields.has('independent')) fields.fail('independent', 'left out: fresh embeddings are independent');
  const source: ModelSource = {
    config,
    init,
    average: fields.has('average') ? [fields.textOrTexts('average')].flat() : [],
    fresh: init === null ? [] : fields.choices('fresh', MODEL_PARTS),
    independent: fields.has('independent') ? fields.wordLists('independent') : [],
    tokenizer: init !== null && !fields.has('tokenizer') ? null : fields.text('tokenizer'),
    gridSize: fields.count('gridSize', DEFAULTS.gridSize, { least: 1 }),
    initialization: fields.choice('initialization', ['magneto', 'balanced', 'huggingface'], DEFAULTS.initialization),
  };
  fields.end();
  return source;
}

function parseData(list: readonly Fields[], lengthMultiple: number): DataSource[] {
  const sources: DataSource[] = [];
  for (const fields of list) {
    const source = parseSource(fields, lengthMultiple);
    if (sources.some(({ name }) => name === source.name))
      fields.fail('name', 'unlike those of the other sources', source.name);
    sources.push(source);
  }
  return sources;
}

function parseSource(fields: Fields, lengthMultiple: number): DataSource {
  const kind = fields.choice('kind', DATA_KINDS);
  const perStep = fields.count('perStep', undefined, { least: 1 });
  const from = fields.count('from', 1, { least: 1 });
  return {
    name: fields.text('name', kind),
    kind,
    path: kind === 'shapes' && !fields.has('path') ? null : fields.textOrTexts('path'),
    perStep,
    microBatch: fields.count('microBatch', perStep, { least: 1, most: perStep }),
    every: fields.count('every', 1, { least: 1 }),
    from,
    ...(fields.has('until') && { until: fields.count('until', undefined, { least: from }) }),
    weight: fields.number('weight', { above: 0 }, 1),
    lengthMultiple: fields.count('lengthMultiple', lengthMultiple, { least: 1 }),
    options: fields.rest(),
  };
}

function parseValidation(fields: Fields): TrainConfig['validation'] {
  const { every, batches, samples, items } = DEFAULTS.validation;
  const validation = {
    every: fields.count('every', every),
    batches: fields.count('batches', batches, { least: 1 }),
    samples: fields.count('samples', samples),
    items: fields.count('items', items),
  };
  fields.end();
  return validation;
}

function parseOptimizer(fields: Fields): OptimizerConfig {
  const { learningRate, betas, epsilon, weightDecay, decay, clip } = DEFAULTS.optimizer;
  const optimizer: OptimizerConfig = {
    learningRate: fields.number('learningRate', { above: 0 }, learningRate),
    betas: fields.pair('betas', { least: 0, below: 1 }, betas),
    epsilon: fields.number('epsilon', { above: 0 }, epsilon),
    weightDecay: fields.number('weightDecay', { least: 0 }, weightDecay),
    decay: fields.choice('decay', ['all', 'matrices'], decay),
    clip: fields.number('clip', { least: 0 }, clip),
  };
  fields.end();
  return optimizer;
}

function parseSchedule(fields: Fields, steps: number, peak: number): Schedule {
  const { kind, warmup, minimum, cooldown } = DEFAULTS.schedule;
  const schedule: Schedule = {
    kind: fields.choice('kind', ['linear', 'cosine', 'constant'], kind),
    warmup: fields.count('warmup', Math.min(warmup, Math.floor(steps / 10))),
    minimum: fields.number('minimum', { least: 0 }, minimum),
    cooldown: fields.count('cooldown', cooldown),
  };
  if (schedule.cooldown > 0 && schedule.kind !== 'constant')
    fields.fail('cooldown', `0 where the kind is ${schedule.kind}, which falls anyway`);
  if (schedule.warmup >= steps) fields.fail('warmup', `a whole number below the ${steps} steps of the run`);
  if (schedule.warmup + schedule.cooldown > steps)
    fields.fail('cooldown', `a whole number that leaves room for the warm-up in the ${steps} steps of the run`);
  if (schedule.minimum > peak) fields.fail('minimum', `a number up to the peak, optimizer.learningRate = ${peak}`);
  fields.end();
  return schedule;
}

function parseDropout(fields: Fields): TrainConfig['dropout'] {
  const { hidden, attention } = DEFAULTS.dropout;
  const dropout = {
    hidden: fields.number('hidden', { least: 0, below: 1 }, hidden),
    attention: fields.number('attention', { least: 0, below: 1 }, attention),
  };
  fields.end();
  return dropout;
}

function parseCheckpoint(fields: Fields): TrainConfig['checkpoint'] {
  const { every, keep } = DEFAULTS.checkpoint;
  const checkpoint = {
    every: fields.count('every', every, { least: 1 }),
    keep: fields.count('keep', keep, { least: 1 }),
  };
  fields.end();
  return checkpoint;
}
