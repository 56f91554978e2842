/** The training page: starts, pauses, saves and loads a run, and shows how it goes. */
import { showDuration, showNumber, showWhole } from '../../report/format.ts';
import type { MetricsRow } from '../../train/report/metrics.ts';
import { element, find, messageOf } from '../shared/dom.ts';
import { showNotice } from '../shared/notice.ts';
import { LiveCharts } from './charts.ts';
import type { FromTrainer, RunStatus, SampleSheet, ToTrainer } from './messages.ts';
import { PRESETS } from './presets.ts';

type RunMessage = Extract<ToTrainer, { kind: 'run' }>;

class TrainingPage {
  readonly #notice = find('notice');
  readonly #state = find('state');
  readonly #progress = find<HTMLProgressElement>('progress');
  readonly #charts = new LiveCharts(find('charts'));
  readonly #steps = find<HTMLInputElement>('steps');
  readonly #preset = find<HTMLSelectElement>('preset');
  /** Whether the thread has said anything yet; one that ends before would end again. */
  #hasAnswered = false;
  #worker = this.#startWorker();
  /** Of the run at hand. */
  #wanted = 0;
  #seconds = 0;
  #adapter = '';
  #samplesUrl = '';
  /** The run that was started here, to begin anew where it has no checkpoint yet. */
  #begun: RunMessage = { kind: 'run' };
  #hasCheckpoint = false;
  /** Pause was pressed, and the step at hand still runs. */
  #isPausing = false;
  /** What the thread was asked for last. */
  #asked: ToTrainer['kind'] = 'look';

  start(): void {
    this.#preset.append(...PRESETS.map(({ name, label }) => element('option', { value: name }, label)));
    const presetSteps = () => {
      this.#steps.value = String(this.#chosen().configuration.steps);
    };
    this.#preset.addEventListener('change', presetSteps);
    presetSteps();
    find('new-run').addEventListener('submit', (event) => {
      event.preventDefault();
      this.#begin();
    });
    find('pause').addEventListener('click', () => this.#pause());
    find('continue').addEventListener('click', () => this.#goOn());
    find('discard').addEventListener('click', () => {
      if (confirm('Discard this run, with everything that it has learned?')) this.#post({ kind: 'discard' });
    });
    find('save').addEventListener('click', () => this.#post({ kind: 'save' }));
    this.#listenForFiles();
    this.#post({ kind: 'look' });
  }

  #chosen(): (typeof PRESETS)[number] {
    return PRESETS.find(({ name }) => name === this.#preset.value) ?? PRESETS[0];
  }

  #startWorker(): Worker {
    const worker = new Worker(new URL('./train-worker.ts', import.meta.url), { type: 'module' });
    this.#hasAnswered = false;
    worker.onmessage = ({ data }: MessageEvent<FromTrainer>) => {
      this.#hasAnswered = true;
      this.#take(data);
    };
    worker.onerror = (event) => this.#ended(event.message || 'the thread that trains ended');
    return worker;
  }

  #post(message: ToTrainer): void {
    this.#notice.replaceChildren();
    this.#asked = message.kind;
    if (message.kind !== 'run' && message.kind !== 'pause') this.#show('busy');
    this.#worker.postMessage(message);
  }

  #begin(): void {
    const { configuration } = this.#chosen();
    const steps = Number(this.#steps.value);
    // the schedule fits the length that was asked for
    const warmup = Math.min((configuration.schedule as { warmup: number }).warmup, Math.floor(steps / 10));
    const schedule = { ...(configuration.schedule as object), warmup };
    const seed = Number(find<HTMLInputElement>('seed').value);
    this.#begun = { kind: 'run', configuration: { ...configuration, seed, steps, schedule } };
    this.#run(this.#begun);
  }

  #goOn(): void {
    this.#run(this.#hasCheckpoint ? { kind: 'run' } : this.#begun);
  }

  #run(message: RunMessage): void {
    this.#show('running');
    this.#isPausing = false;
    this.#state.textContent = 'starting';
    if (message.configuration) {
      this.#charts.rows = [];
      this.#seconds = 0;
      this.#showSamples(null);
    }
    this.#post(message);
  }

  #pause(): void {
    this.#isPausing = true;
    this.#state.textContent = 'saving after the step at hand';
    this.#post({ kind: 'pause' });
  }

  #take(message: FromTrainer): void {
    switch (message.kind) {
      case 'started':
        this.#wanted = message.steps;
        this.#adapter = message.adapter;
        this.#showWork(`training on ${message.adapter}`);
        break;
      case 'compiling':
        this.#compiling(message.done, message.all);
        break;
      case 'row':
        this.#charts.add(message.row);
        this.#showRow(message.row);
        break;
      case 'history':
        this.#charts.rows = message.rows;
        this.#seconds = message.rows.reduce((sum, row) => sum + (row.kind === 'step' ? row.seconds : 0), 0);
        this.#showSamples(message.samples);
        break;
      case 'status':
        this.#showStatus(message.status);
        break;
      case 'saved':
        this.#download(message.name, message.archive);
        break;
      case 'failed':
        this.#failed(message.message, message.isLost);
    }
  }

  #showWork(text: string): void {
    if (!this.#isPausing) this.#state.textContent = text;
  }

  #compiling(done: number, all: number): void {
    const isDone = done >= all;
    this.#progress.hidden = isDone;
    this.#progress.max = all;
    this.#progress.value = done;
    this.#showWork(isDone ? `training on ${this.#adapter}` : `compiling kernels (${done} of ${all})`);
  }

  #showRow(row: MetricsRow): void {
    if (row.kind !== 'step') return;
    this.#seconds += row.seconds;
    find('step').textContent = `${showWhole(row.step)} of ${showWhole(this.#wanted)}`;
    find('loss').textContent = showNumber(row.loss, 3);
    find('rate').textContent = showWhole(row.tokensPerSecond);
    find('time').textContent = showDuration(this.#seconds);
  }

  #showSamples(samples: SampleSheet | null): void {
    const image = find<HTMLImageElement>('samples');
    const title = find('samples-title');
    URL.revokeObjectURL(this.#samplesUrl);
    this.#samplesUrl = samples ? URL.createObjectURL(samples.png) : '';
    image.hidden = title.hidden = samples === null;
    image.src = this.#samplesUrl;
    image.alt = 'Drawings that it does not learn from, with the boxes that it finds and the true ones dashed';
    title.textContent = samples ? `What it says of new drawings after step ${samples.step}` : '';
  }

  #showStatus(status: RunStatus | null): void {
    this.#progress.hidden = true;
    this.#hasCheckpoint = status !== null;
    if (!status) {
      for (const id of ['step', 'loss', 'rate', 'time']) find(id).textContent = '–';
      this.#charts.rows = [];
      this.#showSamples(null);
      this.#state.textContent =
        'No run is here yet. Press Start: the curve of the loss and drawings with the boxes that it finds will appear here.';
      this.#show('none');
      return;
    }
    const { step, steps, seconds, folder } = status;
    this.#wanted = steps;
    this.#seconds = seconds;
    find('step').textContent = `${showWhole(step)} of ${showWhole(steps)}`;
    find('time').textContent = showDuration(seconds);
    find<HTMLAnchorElement>('try').href = `./?model=${encodeURIComponent(folder)}`;
    const isDone = step >= steps;
    this.#state.textContent = isDone ? 'All steps are done.' : `Paused; step ${step} is saved in this browser.`;
    this.#show(isDone ? 'done' : 'paused');
  }

  /** The thread is no more. */
  #ended(message: string): void {
    if (this.#hasAnswered) {
      this.#restart();
      this.#failed(message, false);
      return;
    }
    this.#show('none');
    const advice = `${message}\n\nReload this page; if that does not help, another browser may.`;
    showNotice(this.#notice, 'The thread that trains cannot be started', advice);
  }

  #restart(): void {
    this.#worker.terminate();
    this.#worker = this.#startWorker();
  }

  #failed(message: string, isLost: boolean): void {
    // with a new thread comes a new device
    if (isLost) this.#restart();
    // where even looking fails, doing so again is of no use
    const canLook = this.#asked !== 'look';
    if (canLook) this.#post({ kind: 'look' });
    else this.#show('none');
    const way =
      'You can go on from the newest checkpoint in this browser; where there is none yet, from the first step.';
    const text = isLost ? `${message}\n\n${way}` : message;
    const goOn = { label: 'Go on', run: () => this.#goOn() };
    showNotice(
      this.#notice,
      isLost ? 'The graphics device failed' : 'That did not work',
      text,
      isLost && canLook ? [goOn] : [],
    );
  }

  #download(name: string, archive: Blob): void {
    const url = URL.createObjectURL(archive);
    element('a', { href: url, download: name }).click();
    // the browser has begun to read it by then
    setTimeout(() => URL.revokeObjectURL(url), 60_000);
  }

  #listenForFiles(): void {
    const listen = (id: string, load: (files: File[]) => ToTrainer) => {
      const input = find<HTMLInputElement>(id);
      input.addEventListener('change', () => {
        const files = [...(input.files ?? [])];
        input.value = '';
        if (files.length > 0) this.#post(load(files));
      });
    };
    listen('archive', ([file]) => ({ kind: 'load', files: file }));
    listen('run-folder', (files) => ({
      kind: 'load',
      files: files.map((content) => ({ path: content.webkitRelativePath, content })),
    }));
  }

  /** Which buttons make sense. */
  #show(state: 'none' | 'busy' | 'running' | 'paused' | 'done'): void {
    const when = (id: string, ...states: string[]) => {
      find(id).hidden = !states.includes(state);
    };
    when('new-run', 'none');
    when('pause', 'running');
    when('continue', 'paused');
    when('discard', 'paused', 'done');
    when('save', 'paused', 'done');
    when('try', 'paused', 'done');
    for (const id of ['archive', 'run-folder'])
      find<HTMLInputElement>(id).disabled = state === 'running' || state === 'busy';
  }
}

try {
  new TrainingPage().start();
} catch (error) {
  showNotice(find('notice'), 'This page could not start', messageOf(error));
}
