/** A training step of the full-size model on paper, and steps of a small model that run, held against the same formulas. */
import { readFileSync } from 'node:fs';
import type { Device, DeviceTraits } from '../../engine/index.ts';
import { parseConfig } from '../../model/index.ts';
import { repositoryRoot } from '../../test/shared.ts';
import type { Json } from '../../train/config/fields.ts';
import { estimateTraining, type StepWork, type TrainingEstimate, trainingOf } from '../engines/own/kosmos-training.ts';
import { type Model, smallerModel } from '../models.ts';
import { type KosmosStep, kosmosIntermediates, kosmosParameters, kosmosPeak, kosmosStepFlops } from './formulas.ts';
import { type CostTable, formatBytes } from './markdown.ts';

/** What a plan says and what the formulas say; `measuredPeak` and `ranFlops` where the step ran, as its own plan and the device told. */
export interface StepComparison {
  readonly model: string;
  readonly step: KosmosStep;
  readonly planned: TrainingEstimate;
  readonly measuredPeak: number | null;
  readonly ranFlops: number | null;
}

/** The published model. */
export function publishedModel(): Model {
  const file = JSON.parse(readFileSync(`${repositoryRoot()}configs/kosmos2.json`, 'utf8')) as {
    model: { config: Json };
  };
  return { name: 'published', json: file.model.config };
}

function stepOf({ json }: Model, { pictures, texts, length }: StepWork, remat: boolean): KosmosStep {
  if (pictures > 0 && texts > 0) throw new Error('the formulas are for rows of one group: all with a picture, or none');
  return { config: parseConfig(json), pictures, rows: pictures + texts, length, remat };
}

export function planStep(traits: DeviceTraits, model: Model, work: StepWork, remat: boolean): StepComparison {
  const step = stepOf(model, work, remat);
  const planned = estimateTraining(traits, model.json, work, { remat });
  return { model: model.name, step, planned, measuredPeak: null, ranFlops: null };
}

/** As {@link planStep}, and two steps run: the second has everything on the device that a step ever has. */
export async function runStep(device: Device, model: Model, work: StepWork, remat: boolean): Promise<StepComparison> {
  const paper = planStep(device.traits, model, work, remat);
  const others = device.buffers.liveBytes();
  const training = await trainingOf(device, model.json, work, { remat });
  await training.step();
  await training.step();
  const ranFlops = training.describe().reduce((sum, { flops }) => sum + flops, 0);
  const measuredPeak = training.peakBytes - others;
  training.dispose();
  return { ...paper, measuredPeak, ranFlops };
}

/** Rows of a caption batch of the published training, and of one long text. */
const publishedWorks: readonly StepWork[] = [
  { pictures: 8, texts: 0, length: 128 },
  { pictures: 0, texts: 1, length: 2048 },
];

/** @param say told of each step before it is planned or run */
export async function fullSizeTables(device: Device, tiny: boolean, say: (line: string) => void): Promise<CostTable[]> {
  const small = tiny ? smallerModel(64, 1, 101, 28) : smallerModel(256, 4, 4001);
  const smallWork: StepWork = { pictures: 2, texts: 0, length: tiny ? 16 : 96 };
  const rows: StepComparison[] = [];
  for (const remat of [false, true]) {
    say(`a step of a model ${small.name}${remat ? ', remat' : ''}`);
    rows.push(await runStep(device, small, smallWork, remat));
  }
  for (const work of tiny ? [] : publishedWorks) {
    for (const remat of [false, true]) {
      say(`planned: published size, ${work.pictures + work.texts} × ${work.length} tokens${remat ? ', remat' : ''}`);
      rows.push(planStep(device.traits, publishedModel(), work, remat));
    }
  }
  return [
    { title: 'A training step: memory', columns: memoryColumns, rows: rows.map(memoryRow) },
    { title: 'A training step: work', columns: workColumns, rows: rows.map(workRow) },
  ];
}

function labelsOf({ model, step }: StepComparison): string[] {
  const pictures = step.pictures > 0 ? `, ${step.pictures} pictures` : '';
  const parameters = kosmosParameters(step.config).toLocaleString('en');
  return [model, parameters, `${step.rows} × ${step.length} tokens${pictures}`, step.remat ? 'layers' : 'none'];
}

const memoryColumns = [
  'model',
  'P',
  'rows',
  'remat',
  'parameters, moments, gradients: plan',
  '16 P',
  'intermediates: plan',
  'formula',
  'plan ÷ formula',
  'peak: plan',
  'formula',
  'plan ÷ formula',
  'peak: live bytes of the device',
];

function memoryRow(comparison: StepComparison): string[] {
  const { step, planned, measuredPeak } = comparison;
  const { slots } = planned.gradients.bytes;
  const formula = { slots: kosmosIntermediates(step), peak: kosmosPeak(step) };
  return [
    ...labelsOf(comparison),
    formatBytes(planned.stateBytes),
    formatBytes(16 * kosmosParameters(step.config)),
    formatBytes(slots),
    formatBytes(formula.slots),
    (slots / formula.slots).toFixed(3),
    formatBytes(planned.peakBytes),
    formatBytes(formula.peak),
    (planned.peakBytes / formula.peak).toFixed(3),
    measuredPeak === null ? 'not run' : formatBytes(measuredPeak),
  ];
}

const workColumns = [
  'model',
  'P',
  'rows',
  'remat',
  'GFLOP: plan',
  'formula',
  'plan ÷ formula',
  'GFLOP of the step that ran',
  'dispatches',
  'distinct pipelines',
];

function workRow(comparison: StepComparison): string[] {
  const { step, planned, ranFlops } = comparison;
  const { gradients, optimiser } = planned;
  const flops = gradients.flops + optimiser.flops;
  const formula = kosmosStepFlops(step);
  return [
    ...labelsOf(comparison),
    (flops / 1e9).toPrecision(5),
    (formula / 1e9).toPrecision(5),
    (flops / formula).toFixed(3),
    ranFlops === null ? 'not run' : (ranFlops / 1e9).toPrecision(5),
    String(gradients.dispatches + optimiser.dispatches),
    String(gradients.pipelines + optimiser.pipelines),
  ];
}
