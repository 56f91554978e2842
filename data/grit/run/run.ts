/** A run over pairs in a folder: parts of records as they come, and how far it is. */
import { type FolderEntry, runtime } from '../../../engine/runtime/index.ts';
import { readJson } from '../../../engine/runtime/json.ts';
import type { PairSource } from '../pairs/source.ts';
import type { ShardChoice } from '../pairs/units.ts';
import { type PipelineOptions, type PipelineResult, runPipeline } from '../pipeline.ts';
import { Problems } from '../problems.ts';
import type { GritRecord } from '../records.ts';
import { writeRecords } from '../shards.ts';
import { type GritSummary, SummaryCounter } from '../summary.ts';
import { StageClock, type StageTable } from './clock.ts';
import { type Sample, SampleKeeper } from './samples.ts';
import { savePicture } from './saved-pictures.ts';
import { partName, progressName, samplesName, shardOfProgress, shardSuffix, summaryName } from './shard-names.ts';
import { type RunState, readState, writeState } from './state.ts';

export interface RunOptions extends Omit<PipelineOptions, 'clock'> {
  /** Null to write nothing. */
  readonly out: string | null;
  readonly shard: ShardChoice;
  /** Pairs of the input after which a file of records is written. */
  readonly pairsPerPart: number;
  /** Write pictures that came inside of archives into the folder `images`. */
  readonly savePictures?: boolean;
  /** Begin anew in a folder that has a run. */
  readonly restart?: boolean;
  /** What was wrong before the first pair was read. */
  readonly problems?: Problems;
  /** Hears every caption that can be used, in the order of the input; of a run that goes on, those that are new. */
  readonly onResult?: (result: PipelineResult) => Promise<void>;
  readonly onProgress?: (progress: RunProgress) => void;
}

export interface RunProgress {
  /** Of the input, and records made of them, with those of earlier starts. */
  readonly pairs: number;
  readonly records: number;
  /** Of the shard, 0…1; null where that is not known. */
  readonly share: number | null;
}

export interface RunSummary extends GritSummary {
  /** Pairs of the input, those that cannot be used among them. */
  pairs: number;
  stages: StageTable;
}

export interface RunOutcome {
  readonly summary: RunSummary;
  /** Names of the files in the folder; empty where nothing was written. */
  readonly files: readonly string[];
  readonly samples: readonly Sample[];
}

/**
 * Runs to the end of the shard, or on from where it was stopped. A part is some consecutive pairs of the input: its records are
 * written under their final names at once, then the place behind it is noted, so that a run that is killed in between does that
 * part again, to the same files. What is done already is not read again.
 *
 * @throws Error where the folder holds a run with other settings, and the signal's reason
 */
export async function runGrit(source: PairSource, options: RunOptions): Promise<RunOutcome> {
  const run = await Run.open(source, options);
  try {
    await run.all(source);
  } catch (error) {
    await run.stop();
    throw error;
  }
  return run.finish();
}

class Run {
  readonly #options: RunOptions;
  readonly #settings: Readonly<Record<string, unknown>>;
  readonly #problems: Problems;
  readonly #counter: SummaryCounter;
  readonly #clock: StageClock;
  readonly #samples: SampleKeeper;
  #next: unknown;
  #isDone: boolean;
  #pairs: number;
  #parts: number;
  #records: GritRecord[] = [];
  #inPart = 0;
  /** A batch was taken in part, so that there is no place to go on from. */
  #isBetween = false;
  /** Samples that the folder has. */
  #samplesWritten: number;

  static async open(source: PairSource, options: RunOptions): Promise<Run> {
    const { out, shard, restart = false } = options;
    const settings = settingsOf(source, options);
    if (out === null) return new Run(options, settings, null, []);
    const here = await runtime();
    await here.makeFolder(out);
    await checkDivision(out, shard);
    if (restart) await removeFiles(out, shard, () => true);
    const state = await readState(`${out}/${progressName(shard)}`, settings);
    // What a run that was killed left half written, and parts that it had not noted yet or an older run left.
    await removeFiles(out, shard, (name) => name.endsWith('.tmp') || partNumber(name, shard) >= (state?.parts ?? 0));
    const samples = `${out}/${samplesName(shard)}`;
    const hasSamples = state !== null && (await here.exists(samples));
    return new Run(options, settings, state, hasSamples ? ((await readJson(samples)) as Sample[]) : []);
  }

  private constructor(
    options: RunOptions,
    settings: Readonly<Record<string, unknown>>,
    state: RunState | null,
    samples: readonly Sample[],
  ) {
    this.#options = options;
    this.#settings = settings;
    this.#problems = new Problems(state?.problems);
    this.#counter = new SummaryCounter(state?.counts);
    this.#clock = new StageClock(state?.stages);
    this.#samples = new SampleKeeper(samples);
    this.#samplesWritten = samples.length;
    this.#next = state?.next ?? null;
    this.#isDone = state?.isDone ?? false;
    this.#pairs = state?.pairs ?? 0;
    this.#parts = state?.parts ?? 0;
  }

  async all(source: PairSource): Promise<void> {
    if (this.#isDone) return;
    const isFromStart = this.#next === null;
    const { onProgress, pairsPerPart, grounder } = this.#options;
    for await (const batch of runPipeline(source, this.#next, { ...this.#options, clock: this.#clock })) {
      this.#isBetween = true;
      this.#problems.addAll(batch.problems);
      for (const result of batch.results) await this.#take(result);
      this.#pairs += batch.taken;
      this.#inPart += batch.taken;
      this.#next = batch.next;
      this.#isBetween = false;
      if (this.#inPart >= pairsPerPart) await this.#commit();
      const share = source.share?.(batch.next) ?? null;
      onProgress?.({ pairs: this.#pairs, records: this.#counter.corpus().images, share });
    }
    // Of several shards, or of a run that was interrupted, nobody asked about every caption.
    if (isFromStart && this.#options.shard.count === 1) await grounder?.leftOver?.(this.#problems);
    this.#isDone = true;
    await this.#commit();
  }

  /** Writes what there is, for a run that ends before its end. */
  async stop(): Promise<void> {
    if (this.#options.signal?.aborted && this.#inPart > 0 && !this.#isBetween) await this.#commit();
  }

  async finish(): Promise<RunOutcome> {
    const { out, shard, problems = new Problems() } = this.#options;
    const all = new Problems(problems.list());
    all.addAll(this.#problems.list());
    const summary = { pairs: this.#pairs, ...this.#counter.summary(all), stages: this.#clock.table() };
    const samples = this.#samples.list;
    if (out === null) return { summary, files: [], samples };
    const here = await runtime();
    await here.writeFileAtomic(`${out}/${summaryName(shard)}`, `${JSON.stringify(summary, null, 2)}\n`);
    const files = (await here.listFolder(out)).map(({ name }) => name);
    return { summary, files: files.filter((name) => isOfShard(name, shard)), samples };
  }

  async #take(result: PipelineResult): Promise<void> {
    const { analysis, record } = result;
    const { out, grounder, savePictures = false, onResult } = this.#options;
    if (record && out !== null && savePictures && !(await savePicture(`${out}/images`, result))) {
      this.#problems.add('picture-key-taken', record.key!);
      return;
    }
    this.#counter.addCaption(analysis);
    if (record) {
      this.#counter.addRecord(record);
      this.#records.push(record);
      if (out !== null) await this.#samples.offer(result);
    } else if (grounder !== null) {
      this.#counter.addWithoutBoxes();
    }
    await onResult?.(result);
  }

  async #commit(): Promise<void> {
    const { out, shard } = this.#options;
    const records = this.#records;
    this.#records = [];
    this.#inPart = 0;
    if (out === null) return;
    if (records.length > 0) {
      const name = `${out}/${partName(shard, this.#parts)}`;
      await this.#clock.time('write', records.length, writeRecords(name, records));
      this.#parts++;
      this.#samples.nextPart();
    }
    const here = await runtime();
    const samples = this.#samples.list;
    if (samples.length > this.#samplesWritten)
      await here.writeFileAtomic(`${out}/${samplesName(shard)}`, JSON.stringify(samples));
    this.#samplesWritten = samples.length;
    await writeState(`${out}/${progressName(shard)}`, this.#settings, this.#state());
  }

  #state(): RunState {
    return {
      next: this.#next,
      isDone: this.#isDone,
      pairs: this.#pairs,
      parts: this.#parts,
      counts: this.#counter.state(),
      problems: this.#problems.list(),
      stages: this.#clock.table(),
    };
  }
}

function settingsOf(source: PairSource, options: RunOptions): Readonly<Record<string, unknown>> {
  const { analyzer, grounder, thresholds, shard, pairsPerPart, savePictures = false } = options;
  return {
    input: source.identity,
    analysis: analyzer.identity,
    grounder: grounder?.identity ?? null,
    thresholds: thresholds ?? null,
    shard: [shard.index, shard.count],
    'shard size': pairsPerPart,
    'save pictures': savePictures,
  };
}

/** Shards of two divisions have pairs in common. @throws Error where the folder holds some of another */
async function checkDivision(folder: string, { index, count }: ShardChoice): Promise<void> {
  for (const { name } of await (await runtime()).listFolder(folder)) {
    const other = shardOfProgress(name);
    if (other && other.count !== count)
      throw new Error(
        `${folder} holds ${name}, a run in ${other.count} shards, and this one is shard ${index} of ${count}, which would do ` +
          'the same pairs again: take another folder, or say --shard as that run did',
      );
  }
}

/** Whether a name is one that this shard's runs give. */
function isOfShard(name: string, shard: ShardChoice): boolean {
  const whole = name.replace(/\.[^.]+\.tmp$/, '');
  return [progressName(shard), samplesName(shard), summaryName(shard)].includes(whole) || partNumber(whole, shard) >= 0;
}

/** -1 for the name of anything else. */
function partNumber(name: string, shard: ShardChoice): number {
  const start = `grit${shardSuffix(shard)}-`;
  const [, number] = name.startsWith(start)
    ? (/^(\d{5,})\.(?:parquet|jsonl)$/.exec(name.slice(start.length)) ?? [])
    : [];
  return number === undefined ? -1 : Number(number);
}

async function removeFiles(folder: string, shard: ShardChoice, which: (name: string) => boolean): Promise<void> {
  const here = await runtime();
  const isRemoved = ({ name, kind }: FolderEntry) => kind === 'file' && isOfShard(name, shard) && which(name);
  for (const entry of (await here.listFolder(folder)).filter(isRemoved)) await here.remove(`${folder}/${entry.name}`);
}
