/** A training configuration of a very small model of the shapes world, for tests. */
import type { Device } from '../../engine/index.ts';
import { initializeParameters, namedLeaves } from '../../model/index.ts';
import { parseTrainConfig, type TrainConfig } from '../../train/config.ts';
import { openTrainingData } from '../../train/data.ts';
import { type ModelSetup, prepareModel } from '../../train/model-files.ts';
import type { StepOptions } from '../../train/step.ts';
import { type NamedExamples, type OptimizerState, type StepReport, Trainer } from '../../train/trainer.ts';
import { onlyKind } from '../data/shapes/only-kind.ts';

type Json = Record<string, unknown>;

/** The configuration as its file would hold it. */
export function tinyConfiguration(changes: Json = {}): Json {
  return {
    model: {
      config: {
        model_type: 'kosmos-2',
        latent_query_num: 2,
        text_config: {
          vocab_size: 276,
          max_position_embeddings: 128,
          embed_dim: 16,
          layers: 2,
          ffn_dim: 32,
          attention_heads: 2,
        },
        vision_config: {
          hidden_size: 16,
          intermediate_size: 32,
          num_hidden_layers: 2,
          num_attention_heads: 2,
          image_size: 16,
          patch_size: 8,
        },
      },
      tokenizer: 'shapes',
      gridSize: 6,
      initialization: 'balanced',
    },
    data: [
      {
        name: 'pictures',
        kind: 'shapes',
        perStep: 4,
        microBatch: 2,
        textsPerImage: 2,
        maxTokens: 40,
        mix: { textOnly: 0, interleaved: 0 },
      },
      { name: 'texts', kind: 'shapes', perStep: 2, maxTokens: 40, mix: onlyKind('textOnly') },
    ],
    optimizer: { learningRate: 0.01 },
    schedule: { kind: 'linear', warmup: 2 },
    validation: { every: 0 },
    steps: 8,
    dropout: { hidden: 0.1, attention: 0.1 },
    ...changes,
  };
}

export interface TinyRun {
  readonly training: TrainConfig;
  readonly setup: ModelSetup;
  readonly steps: readonly (readonly NamedExamples[])[];
}

/** A configuration, and the examples of its steps. */
export async function tinyRun(changes: Json = {}): Promise<TinyRun> {
  const training = parseTrainConfig(tinyConfiguration(changes));
  const setup = await prepareModel(training);
  const data = await openTrainingData({ ...setup, training });
  const steps: (readonly NamedExamples[])[] = [];
  while (steps.length < training.steps) steps.push(await data.nextStep());
  await data.close();
  return { training, setup, steps };
}

export async function tinyTrainer(
  { training, setup }: TinyRun,
  device: Device,
  optimizer: OptimizerState | null = null,
  options: StepOptions = {},
): Promise<Trainer> {
  const parameters = await initializeParameters(setup.config, device, training.seed, training.model);
  return new Trainer(setup.config, training, parameters, optimizer, device, options);
}

export interface Trained {
  readonly reports: readonly StepReport[];
  /** By names of the file. */
  readonly parameters: ReadonlyMap<string, Float32Array>;
}

/** All steps of a run, and what they led to. */
export async function trainTiny(run: TinyRun, device: Device, options: StepOptions = {}): Promise<Trained> {
  const trainer = await tinyTrainer(run, device, null, options);
  try {
    const reports: StepReport[] = [];
    for (const [i, batches] of run.steps.entries()) reports.push(await (await trainer.step(i + 1, batches)).report);
    return { reports, parameters: await readParameters(trainer) };
  } finally {
    trainer.dispose();
  }
}

export async function readParameters(trainer: Trainer): Promise<Map<string, Float32Array>> {
  const values = new Map<string, Float32Array>();
  for (const [name, tensor] of namedLeaves(trainer.parameters)) values.set(name, (await tensor.read()) as Float32Array);
  return values;
}
