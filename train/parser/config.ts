/** The configuration of a parser's training: a JSON file, checked. `configs/parser.json` is the one of the parser that ships. */
import { type ParserConfig, parseParserConfig } from '../../data/grit/parser/config.ts';
import { Fields } from '../config/fields.ts';
import type { Schedule } from '../schedule.ts';
import type { BatchShape } from './batch.ts';
import type { DropoutRates, LossWeights } from './network.ts';

export interface ParserTraining {
  /** One sentence for people; may be empty. */
  readonly description: string;
  readonly model: ParserConfig;
  readonly steps: number;
  readonly seed: number;
  readonly batch: BatchShape;
  readonly optimizer: {
    readonly learningRate: number;
    readonly betas: readonly [number, number];
    readonly epsilon: number;
    readonly weightDecay: number;
    /** Largest global norm of the gradients; 0 for none. */
    readonly clip: number;
  };
  readonly schedule: Schedule;
  readonly dropout: DropoutRates;
  readonly noise: NoiseRates;
  /** Captions of the seeded grammar for each sentence of the treebank, others in every epoch; their words are in the vocabulary too. */
  readonly captions: number;
  /** Of the losses of the tagger; those of arcs and relations weigh 1. */
  readonly lossWeights: LossWeights;
  /** How much of the moving average of the parameters stays at each step. */
  readonly average: number;
  readonly validation: {
    /** Steps from one validation to the next; 0 for none but the last. */
    readonly every: number;
    /** Sentences of the development section, its first ones; 0 for all. */
    readonly sentences: number;
  };
  readonly checkpoint: { readonly every: number; readonly keep: number };
}

/** What is changed in the training sentences, anew in every epoch. */
export interface NoiseRates {
  /** A word seen n times is unknown with probability rare / (rare + n), and any word with probability `word`. */
  readonly rare: number;
  readonly word: number;
  /** Sentences all in lower case, and sentences without their last full stop: captions often are so. */
  readonly lowerCase: number;
  readonly openEnd: number;
  /** Sentences that are followed by one of their noun phrases as a sentence of its own. */
  readonly phrases: number;
}

const RATE = { least: 0, below: 1 };

/** @throws Error that names the file and the field */
export function parseParserTraining(json: unknown, file: string): ParserTraining {
  const fields = new Fields(json, file);
  const training: ParserTraining = {
    description: fields.has('description') ? fields.text('description') : '',
    model: parseParserConfig(fields.object('model'), `${file}: model`),
    steps: fields.count('steps', undefined, { least: 1 }),
    seed: fields.count('seed', 0),
    ...partsOf(fields),
    captions: fields.number('captions', { least: 0 }, 0),
    average: fields.number('average', RATE, 0.999),
  };
  fields.end();
  return training;
}

function partsOf(
  fields: Fields,
): Omit<ParserTraining, 'description' | 'model' | 'steps' | 'seed' | 'captions' | 'average'> {
  const [batch, optimizer, schedule, dropout, noise, lossWeights, validation, checkpoint] = [
    'batch',
    'optimizer',
    'schedule',
    'dropout',
    'noise',
    'lossWeights',
    'validation',
    'checkpoint',
  ].map((name) => fields.fields(name)) as [Fields, Fields, Fields, Fields, Fields, Fields, Fields, Fields];
  const parts = {
    batch: {
      rows: batch.count('rows', 16, { least: 1 }),
      length: batch.count('length', 64, { least: 2, most: 512 }),
    },
    optimizer: {
      learningRate: optimizer.number('learningRate', { above: 0 }, 0.003),
      betas: optimizer.pair('betas', RATE, [0.9, 0.98]),
      epsilon: optimizer.number('epsilon', { above: 0 }, 1e-8),
      weightDecay: optimizer.number('weightDecay', { least: 0 }, 0.01),
      clip: optimizer.number('clip', { least: 0 }, 5),
    },
    schedule: {
      kind: schedule.choice('kind', ['linear', 'cosine', 'constant'], 'linear'),
      warmup: schedule.count('warmup', 200),
      minimum: schedule.number('minimum', { least: 0 }, 0),
      cooldown: schedule.count('cooldown', 0),
    },
    dropout: {
      input: dropout.number('input', RATE, 0.3),
      block: dropout.number('block', RATE, 0.2),
      hidden: dropout.number('hidden', RATE, 0.3),
    },
    noise: {
      rare: noise.number('rare', { least: 0 }, 0.25),
      word: noise.number('word', RATE, 0.05),
      lowerCase: noise.number('lowerCase', RATE, 0.1),
      openEnd: noise.number('openEnd', RATE, 0.1),
      phrases: noise.number('phrases', RATE, 0.3),
    },
    lossWeights: {
      upos: lossWeights.number('upos', { least: 0 }, 0.5),
      xpos: lossWeights.number('xpos', { least: 0 }, 0.5),
    },
    validation: { every: validation.count('every', 0), sentences: validation.count('sentences', 0) },
    checkpoint: { every: checkpoint.count('every', 0), keep: checkpoint.count('keep', 2, { least: 1 }) },
  };
  for (const part of [batch, optimizer, schedule, dropout, noise, lossWeights, validation, checkpoint]) part.end();
  return parts;
}
