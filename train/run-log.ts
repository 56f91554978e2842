/** What a run writes for people, in its folder: metrics, TensorBoard events, sheets of samples, the report. */
import { encodePng, type Mixture } from '../data/index.ts';
import { runtime } from '../engine/index.ts';
import type { RunState } from './checkpoint.ts';
import type { TrainConfig } from './config.ts';
import type { MeanLosses } from './mean-losses.ts';
import { MetricsLog, readMetrics } from './report/metrics.ts';
import { type Result, writeReport } from './report/report.ts';
import { type SheetSample, sampleSheet } from './report/sheet.ts';
import { EventFile } from './report/tensorboard.ts';
import type { StepReport } from './trainer.ts';

/** Pictures smaller than this are drawn larger. */
const SHEET_SIDE = 256;

export class RunLog {
  readonly #folder: string;
  readonly #training: TrainConfig;
  readonly #configuration: object;
  readonly #adapter: string;
  readonly #metrics: MetricsLog;
  readonly #events: EventFile;
  /** Of the last validation. */
  #results: readonly Result[] = [];

  private constructor(
    folder: string,
    training: TrainConfig,
    configuration: object,
    adapter: string,
    metrics: MetricsLog,
    events: EventFile,
  ) {
    this.#folder = folder;
    this.#training = training;
    this.#configuration = configuration;
    this.#adapter = adapter;
    this.#metrics = metrics;
    this.#events = events;
  }

  /** Begins anew, or goes on behind step `resumeAfter`. */
  static async open(
    folder: string,
    training: TrainConfig,
    configuration: object,
    adapter: string,
    resumeAfter?: number,
  ): Promise<RunLog> {
    const here = await runtime();
    await here.makeFolder(`${folder}/samples`);
    await here.writeFileAtomic(`${folder}/configuration.json`, `${JSON.stringify(configuration, null, 2)}\n`);
    const metrics = await MetricsLog.open(metricsPath(folder), resumeAfter);
    const events = await EventFile.open(folder, { resumeAfter });
    return new RunLog(folder, training, configuration, adapter, metrics, events);
  }

  async step(report: StepReport, seconds: number): Promise<void> {
    const { step, loss, learningRate, gradientNorm, lossByKind, skipped } = report;
    const tokensPerSecond = report.tokens / seconds;
    await this.#metrics.append({
      kind: 'step',
      step,
      loss,
      learningRate,
      gradientNorm,
      tokensPerSecond,
      seconds,
      ...(skipped ? { skipped } : {}),
      ...(Object.keys(lossByKind).length > 1 ? { lossByKind } : {}),
    });
    await this.#events.scalars(step, {
      'loss/training': loss,
      'optimiser/learning rate': learningRate,
      'optimiser/gradient norm': gradientNorm,
      'speed/tokens per second': tokensPerSecond,
    });
  }

  /** A validation after `step`: loss, shares by names for people, and samples, which become a sheet. */
  async validation(
    step: number,
    loss: MeanLosses | null,
    scores: Readonly<Record<string, number>>,
    samples: readonly SheetSample[],
  ): Promise<void> {
    if (loss) {
      const { loss: validationLoss, lossByKind } = loss;
      await this.#metrics.append({ kind: 'validation', step, validationLoss, lossByKind, metrics: scores });
      const tags = Object.entries(scores).map(([name, share]) => [`validation/${name}`, share] as const);
      await this.#events.scalars(step, { 'loss/validation': validationLoss, ...Object.fromEntries(tags) });
    }
    this.#results = Object.entries(scores).map(([name, share]) => ({
      name,
      value: `${(100 * share).toFixed(1)} %`,
      note: `${this.#training.validation.items} unseen scenes, after step ${step}`,
    }));
    if (samples.length === 0) return;
    const png = encodePng(sampleSheet(samples, { side: SHEET_SIDE }));
    await (await runtime()).writeFileAtomic(samplePath(this.#folder, step), png);
    await this.#events.image(step, 'samples', png);
  }

  /** Writes the report as of now, and returns its path. */
  async report({ step, seconds }: RunState, problems: ReturnType<Mixture['problems']>): Promise<string> {
    const here = await runtime();
    return writeReport(this.#folder, {
      title: 'Training run',
      description: this.#training.description,
      steps: this.#training.steps,
      seconds,
      configuration: this.#configuration,
      rows: await readMetrics(metricsPath(this.#folder)),
      results: this.#results,
      samples: await readSamples(this.#folder, step),
      problems: problems.map(({ name, problems }) => ({ source: name, problems })),
      environment: { adapter: this.#adapter, runtime: here.name, seed: this.#training.seed, 'steps done': step },
    });
  }

  async close(): Promise<void> {
    await this.#metrics.close();
    await this.#events.close();
  }
}

function metricsPath(folder: string): string {
  return `${folder}/metrics.jsonl`;
}

function samplePath(folder: string, step: number): string {
  return `${folder}/samples/step-${String(step).padStart(7, '0')}.png`;
}

/** Sheets up to `last`: those of later steps are of a run that was killed and resumed from before them. */
async function readSamples(folder: string, last: number): Promise<{ step: number; png: Uint8Array }[]> {
  const here = await runtime();
  const steps = (await here.listFolder(`${folder}/samples`)).flatMap(({ name }) => {
    const step = /^step-(\d{7})\.png$/.exec(name)?.[1];
    return step !== undefined && Number(step) <= last ? [Number(step)] : [];
  });
  return Promise.all(steps.map(async (step) => ({ step, png: await here.readFile(samplePath(folder, step)) })));
}
