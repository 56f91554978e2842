/** The two compiled halves of a training step: gradients of a micro-batch added up, and the optimiser. Numbers that change are data. */
import {
  adamw,
  type Compiled,
  clipFactor,
  compile,
  finite,
  globalNorm,
  gradientsOf,
  leavesOf,
  type Moments,
  mapTree,
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

type Accumulate = (
  trained: Parts,
  frozen: Parts,
  table: Tensor,
  batch: LossInput,
  sums: Parts | null,
) => { loss: Tensor; sums: Parts };

type Update = (
  trained: Parts,
  moments: Moments<Parts>,
  sums: Parts,
  settings: Tensor,
  scale: Tensor,
) => { trained: Parts; moments: Moments<Parts>; norm: Tensor };

export interface StepFunctions {
  /** Σ −log p over a micro-batch, and its gradients added to `sums` (null: the first micro-batch of a step). */
  readonly accumulate: Compiled<Parameters<Accumulate>, ReturnType<Accumulate>>;
  /** Clips and applies the sums times `scale` (1 / scored tokens). Gradients that are not finite change nothing, and the norm tells. */
  readonly update: Compiled<Parameters<Update>, ReturnType<Update>>;
  dispose(): void;
}

export interface StepOptions {
  onCompile?: (done: number, all: number) => void;
}

export function compileStep(
  config: Kosmos2Config,
  training: TrainConfig,
  { onCompile }: StepOptions = {},
): StepFunctions {
  const accumulate: Accumulate = (trained, frozen, table, batch, sums) => {
    const loss = lossSum(joinParameters({ trained, frozen }), config, table, batch);
    const wanted = leavesOf(trained) as Tensor[];
    const gradients = gradientsOf(loss, wanted);
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
  const update: Update = (trained, moments, sums, settings, scale) => {
    const norm = globalNorm(sums).mul(scale);
    const factor = clip > 0 ? clipFactor(norm, clip).mul(scale) : scale;
    const safe = where(finite(norm), factor, -1);
    const { parameters, moments: next } = adamw(trained, sums, moments, settings, { factor: safe, decay });
    return { trained: parameters, moments: next, norm };
  };
  const functions = {
    accumulate: compile(accumulate, { donate: [4], name: 'gradients', onCompile }),
    update: compile(update, { donate: [0, 1, 2], name: 'optimiser', onCompile }),
  };
  return {
    ...functions,
    dispose: () => {
      for (const compiled of Object.values(functions)) compiled.dispose();
    },
  };
}
