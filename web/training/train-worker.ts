/**
 * The thread that trains: the same run as `train.ts` makes, in a folder of the site's own files. Drawing scenes and cutting texts takes
 * JavaScript between the steps, which the page must not feel.
 */
import { runtime } from '../../engine/index.ts';
import { newestCheckpoint } from '../../train/checkpoint.ts';
import { readMetrics } from '../../train/report/metrics.ts';
import { runTraining } from '../../train/run.ts';
import type { StepReport } from '../../train/trainer.ts';
import { messageOf } from '../shared/dom.ts';
import type { FromTrainer, SampleSheet, ToTrainer } from './messages.ts';
import { archiveRun, filesOfArchive, installRun, RUN } from './run-files.ts';

interface WorkerScope {
  onmessage: ((event: MessageEvent<ToTrainer>) => void) | null;
  postMessage(message: FromTrainer): void;
}

class TrainingHost {
  readonly #tell: (message: FromTrainer) => void;
  #stop = new AbortController();
  /** Step of the newest samples that the page has. */
  #shownSamples = -1;

  constructor(tell: (message: FromTrainer) => void) {
    this.#tell = tell;
  }

  async take(message: ToTrainer): Promise<void> {
    try {
      if (message.kind === 'pause') this.#stop.abort();
      else if (message.kind === 'look') await this.#look();
      else if (message.kind === 'discard') await this.#alone(() => this.#discard());
      else if (message.kind === 'save') await this.#alone(() => this.#save());
      else if (message.kind === 'load') await this.#alone(() => this.#load(message.files));
      else await this.#run(message);
    } catch (error) {
      this.#tell({ kind: 'failed', message: messageOf(error), isLost: (error as Error).name === 'DeviceError' });
    }
  }

  /** One tab at a time, for they share the files. */
  async #alone(work: () => Promise<void>): Promise<void> {
    await navigator.locks.request(RUN, { ifAvailable: true }, async (lock) => {
      if (!lock) throw new Error('another tab of this site is training; go on there, or close it');
      await work();
    });
  }

  async #run(message: Extract<ToTrainer, { kind: 'run' }>): Promise<void> {
    // at once, so that it hears of a pause that comes before the run has begun
    this.#stop = new AbortController();
    const { signal } = this.#stop;
    await this.#alone(() => this.#train(message, signal));
  }

  async #train({ configuration }: Extract<ToTrainer, { kind: 'run' }>, signal: AbortSignal): Promise<void> {
    if (configuration) await this.#clear();
    const found = await newestCheckpoint(`${RUN}/checkpoints`);
    const own = configuration ?? found?.state.configuration;
    if (!own) throw new Error('there is no run to go on with');
    await runTraining({
      configuration: own,
      name: 'configuration',
      out: RUN,
      seed: found?.state.seed,
      resume: true,
      signal,
      onStart: (training, adapter, firstStep) =>
        this.#tell({ kind: 'started', adapter, steps: training.steps, firstStep }),
      onCompile: (done, all) => this.#tell({ kind: 'compiling', done, all }),
      onStep: (report, tokensPerSecond) => void this.#stepped(report, tokensPerSecond),
    });
    await this.#look();
  }

  async #stepped(report: StepReport, tokensPerSecond: number): Promise<void> {
    const { step, loss, learningRate, gradientNorm, tokens } = report;
    const seconds = tokens / tokensPerSecond;
    this.#tell({
      kind: 'row',
      row: { kind: 'step', step, loss, learningRate, gradientNorm, tokensPerSecond, seconds },
    });
    const samples = await newestSamples();
    if (samples && samples.step > this.#shownSamples) await this.#history(samples);
  }

  async #look(): Promise<void> {
    const found = await newestCheckpoint(`${RUN}/checkpoints`);
    if (!found) return this.#tell({ kind: 'status', status: null });
    const { step, seconds, configuration } = found.state;
    await this.#history(await newestSamples(), step);
    const { steps } = configuration as { steps: number };
    this.#tell({ kind: 'status', status: { step, steps, seconds, folder: found.folder } });
  }

  /** Up to `last`: rows behind the newest checkpoint belong to steps that will be done again. */
  async #history(samples: SampleSheet | null, last = Number.POSITIVE_INFINITY): Promise<void> {
    this.#shownSamples = samples?.step ?? -1;
    const path = `${RUN}/metrics.jsonl`;
    const rows = (await (await runtime()).exists(path)) ? await readMetrics(path) : [];
    this.#tell({ kind: 'history', rows: rows.filter(({ step }) => step <= last), samples });
  }

  async #discard(): Promise<void> {
    await this.#clear();
    await this.#look();
  }

  async #clear(): Promise<void> {
    await (await runtime()).remove(RUN);
    this.#shownSamples = -1;
  }

  async #save(): Promise<void> {
    const found = await newestCheckpoint(`${RUN}/checkpoints`);
    if (!found) throw new Error('there is no checkpoint yet');
    this.#tell({ kind: 'saved', name: `kosmos-run-step-${found.state.step}.tar`, archive: await archiveRun() });
    await this.#look();
  }

  async #load(files: Extract<ToTrainer, { kind: 'load' }>['files']): Promise<void> {
    await installRun(files instanceof Blob ? await filesOfArchive(files) : files);
    this.#shownSamples = -1;
    await this.#look();
  }
}

async function newestSamples(): Promise<SampleSheet | null> {
  const here = await runtime();
  const folder = `${RUN}/samples`;
  if (!(await here.exists(folder))) return null;
  const name = (await here.listFolder(folder))
    .map((entry) => entry.name)
    .filter((one) => one.endsWith('.png'))
    .at(-1);
  if (!name) return null;
  const png = new Blob([await here.readFile(`${folder}/${name}`)], { type: 'image/png' });
  return { step: Number(/\d+/.exec(name)![0]), png };
}

const scope = globalThis as unknown as WorkerScope;
const host = new TrainingHost((message) => scope.postMessage(message));
scope.onmessage = ({ data }) => void host.take(data);
