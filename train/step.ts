/** The two compiled halves of a training step: gradients of a micro-batch added up, and the optimiser. Numbers that change are data. */
import {
  adamw,
  type Compiled,
  clipFactor,
  compile,
  concat,
  finite,
  globalNorm,
  gradientsOf,
  leavesOf,
  type Moments,
  mapTree,
  maximum,
  sub,
  type Tensor,
  where,
} from '../engine/index.ts';
import type { Kosmos2Config } from '../model/config.ts';
import { type LossInput, lossSum } from '../model/loss.ts';
import type { Kosmos2Parameters } from '../model/parameters.ts';
import type { ModelPart, TrainConfig } from './config.ts';

/** Some of the top-level parts of the parameters. */
export type Parts = Partial<Kosmos2Parameters>;

export interface SplitParameters {
  readonly trained: Parts;
  readonly frozen: Parts;
}

const partKeys: Record<ModelPart, keyof Kosmos2Parameters> = {
  vision: 'vision_model',
  projection: 'image_to_text_projection',
  text: 'text_model',
};

/** Which parameters the optimiser changes. Frozen ones cost no gradient and no moments. */
export function splitParameters(parameters: Kosmos2Parameters, freeze: readonly ModelPart[]): SplitParameters {
  const isFrozen = (key: string) => freeze.some((part) => partKeys[part] === key);
  const pick = (wanted: boolean) =>
    Object.fromEntries(Object.entries(parameters).filter(([key]) => isFrozen(key) === wanted)) as Parts;
  return { trained: pick(false), frozen: pick(true) };
}

export function joinParameters({ trained, frozen }: SplitParameters): Kosmos2Parameters {
  // in the order of the files, whatever was frozen
  const all = { ...trained, ...frozen } as Kosmos2Parameters;
  return {
    text_model: all.text_model,
    vision_model: all.vision_model,
    image_to_text_projection: all.image_to_text_projection,
  };
}

/**
 * What the loss is multiplied by, so that small gradients keep their digits, and for how many steps in a row it has been fine: f32 [2], on the
 * device, where each step decides on it.
 */
export type LossScale = Tensor;

/** As in the released training: start, steps until it doubles, and the least that it halves to. */
const lossScaling = { start: 4, window: 256, least: 1e-4 };

export const initialLossScale = Float32Array.of(lossScaling.start, 0);

/** What changes from step to step besides the batch. */
interface Dynamic {
  /** i32 [2], seed and number of the micro-batch in the run. */
  readonly key: Tensor;
  readonly lossScale: LossScale | null;
  /** How much a prediction of the source counts; null for 1. */
  readonly weight: Tensor | null;
}

type Accumulate = (
  trained: Parts,
  frozen: Parts,
  table: Tensor,
  batch: LossInput,
  dynamic: Dynamic,
  sums: Parts | null,
) => { loss: Tensor; sums: Parts };

type Update = (
  trained: Parts,
  moments: Moments<Parts>,
  sums: Parts,
  lossScale: LossScale | null,
  settings: Tensor,
  scale: Tensor,
) => { trained: Parts; moments: Moments<Parts>; lossScale: LossScale | null; norm: Tensor };

export interface StepFunctions {
  /** Σ −log p over a micro-batch, and its gradients (times its weight and the loss scale) added to `sums` (null: the first micro-batch of a step). */
  readonly accumulate: Compiled<Parameters<Accumulate>, ReturnType<Accumulate>>;
  /** Clips and applies the sums times `scale` (1 / scored tokens, each with its weight). Gradients that are not finite change nothing, and the norm tells. */
  readonly update: Compiled<Parameters<Update>, ReturnType<Update>>;
  dispose(): void;
}

export interface StepOptions {
  onCompile?: (done: number, all: number) => void;
  /** False runs every op as a kernel of its own; for comparing. */
  fusion?: boolean;
}

/** Shapes of micro-batches whose plans are kept. */
const keptPlans = 32;

/** Matrices in f16; what is computed with them is f32. */
function halfMatrices(parameters: Kosmos2Parameters): Kosmos2Parameters {
  return mapTree(parameters, (leaf) => ((leaf as Tensor).rank === 2 ? (leaf as Tensor).cast('f16') : leaf));
}

/** The next loss scale: twice as large after a window of finite steps, half as large after one that is not. */
function nextLossScale(lossScale: LossScale, fine: Tensor): LossScale {
  const [scale, steps] = [lossScale.slice(0, 0, 1), lossScale.slice(0, 1, 2)];
  const counted = steps.add(1);
  const grows = counted.greater(lossScaling.window - 0.5);
  const grown = where(grows, scale.mul(2), scale);
  const halved = maximum(scale.mul(0.5), lossScaling.least);
  return concat([where(fine, grown, halved), counted.mul(fine).mul(sub(1, grows))], 0);
}

export function compileStep(
  config: Kosmos2Config,
  training: TrainConfig,
  { onCompile, fusion }: StepOptions = {},
): StepFunctions {
  const { dropout, remat, precision } = training;
  const accumulate: Accumulate = (trained, frozen, table, batch, { key, lossScale, weight }, sums) => {
    const all = joinParameters({ trained, frozen });
    const drops = dropout.hidden > 0 || dropout.attention > 0;
    const mode = { dropout: drops ? { ...dropout, key } : undefined, remat: remat === 'layers' };
    const loss = lossSum(precision === 'mixed' ? halfMatrices(all) : all, config, table, batch, mode);
    const weighted = weight ? loss.mul(weight) : loss;
    const scaled = lossScale ? weighted.mul(lossScale.slice(0, 0, 1).reshape([])) : weighted;
    const gradients = gradientsOf(scaled, leavesOf(trained) as Tensor[]);
    const before = sums ? (leavesOf(sums) as Tensor[]) : null;
    let next = 0;
    return {
      loss,
      sums: mapTree(trained, (leaf) => {
        const at = next++;
        const [gradient, sum] = [gradients[at], before?.[at]];
        if (!gradient) return sum ?? (leaf as Tensor).mul(0);
        return sum ? sum.add(gradient) : gradient;
      }),
    };
  };
  const { clip, decay } = training.optimizer;
  const update: Update = (trained, moments, sums, lossScale, settings, scale) => {
    const own = lossScale ? scale.div(lossScale.slice(0, 0, 1).reshape([])) : scale;
    const norm = globalNorm(sums).mul(own);
    const fine = finite(norm);
    const factor = where(fine, clip > 0 ? clipFactor(norm, clip).mul(own) : own, -1);
    const { parameters, moments: next } = adamw(trained, sums, moments, settings, { factor, decay });
    return { trained: parameters, moments: next, lossScale: lossScale && nextLossScale(lossScale, fine), norm };
  };
  const functions = {
    accumulate: compile(accumulate, { donate: [5], name: 'gradients', plans: keptPlans, onCompile, fusion }),
    update: compile(update, { donate: [0, 1, 2, 3], name: 'optimiser', onCompile, fusion }),
  };
  return {
    ...functions,
    dispose: () => {
      for (const compiled of Object.values(functions)) compiled.dispose();
    },
  };
}
