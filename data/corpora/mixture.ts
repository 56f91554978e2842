/** Several streams of examples together: so many of each in every step of the optimiser (KOSMOS-2, table 7). */
import type { ExampleStream, ProblemCount, TrainingExample } from './example.ts';

export interface MixtureSource {
  /** Unique in the mixture. */
  readonly name: string;
  readonly stream: ExampleStream;
  /** Examples in a step; the paper's training takes 93 of text, 1,117 captions, 1,117 grounded captions, 47 interleaved documents. */
  readonly perStep: number;
  /** Examples that go through the model together; the last micro-batch of a step may have fewer. */
  readonly microBatch: number;
  /** Takes part in every so many steps; default 1, all of them. */
  readonly every?: number;
  /** The first and the last step in which it takes part; by default it does from the start to the end. */
  readonly from?: number;
  readonly until?: number;
}

/** Examples of one source. */
export interface MicroBatch {
  readonly name: string;
  readonly examples: readonly TrainingExample[];
}

/** The streams' own states by the names of their sources: a mixture goes on where each of its streams was opened with its state. */
export interface MixtureState {
  /** Steps that were taken. */
  readonly steps: number;
  readonly streams: Readonly<Record<string, unknown>>;
}

export interface Mixture {
  /** The micro-batches of a step, source after source; none of them mixes sources. */
  nextStep(): Promise<MicroBatch[]>;
  state(): MixtureState;
  /** Of the sources in which something was left out. */
  problems(): { readonly name: string; readonly problems: readonly ProblemCount[] }[];
  /** Closes the streams. */
  close(): Promise<void>;
}

/**
 * A mixture that took so many steps before.
 * @throws Error naming the source that cannot be used
 */
export function openMixture(sources: readonly MixtureSource[], stepsBefore = 0): Mixture {
  checkSources(sources);
  let steps = stepsBefore;
  return {
    async nextStep() {
      const batches: MicroBatch[] = [];
      const step = steps + 1;
      for (const source of sources) if (takesPart(source, step)) batches.push(...(await batchesOf(source)));
      steps = step;
      return batches;
    },
    state: () => ({
      steps,
      streams: Object.fromEntries(sources.map(({ name, stream }) => [name, stream.state()])),
    }),
    problems: () =>
      sources
        .map(({ name, stream }) => ({ name, problems: stream.problems() }))
        .filter(({ problems }) => problems.length > 0),
    async close() {
      await Promise.all(sources.map(({ stream }) => stream.close()));
    },
  };
}

function takesPart({ every = 1, from = 1, until = Number.POSITIVE_INFINITY }: MixtureSource, step: number): boolean {
  return step % every === 0 && step >= from && step <= until;
}

async function batchesOf({ name, stream, perStep, microBatch }: MixtureSource): Promise<MicroBatch[]> {
  const batches: MicroBatch[] = [];
  for (let left = perStep; left > 0; left -= microBatch) {
    const examples: TrainingExample[] = [];
    while (examples.length < Math.min(microBatch, left)) examples.push(await stream.next());
    batches.push({ name, examples });
  }
  return batches;
}

function checkSources(sources: readonly MixtureSource[]): void {
  if (sources.length === 0) throw new Error('mixture: there is no source');
  for (const [index, { name, perStep, microBatch, every = 1, from = 1, until = from }] of sources.entries()) {
    if (sources.findIndex((other) => other.name === name) < index)
      throw new Error(`mixture: two sources have the name ${JSON.stringify(name)}`);
    for (const [field, value] of Object.entries({ perStep, microBatch, every, from, until })) {
      if (!Number.isSafeInteger(value) || value < 1)
        throw new Error(
          `mixture: ${field} of ${JSON.stringify(name)} must be a whole number of at least 1, found ${value}`,
        );
    }
    if (until < from)
      throw new Error(
        `mixture: ${JSON.stringify(name)} takes part until step ${until}, before it begins in step ${from}`,
      );
  }
  // a step without any can only be the first, or follow the last one of a source
  const steady = sources.filter(({ every = 1 }) => every === 1);
  for (const step of [1, ...sources.flatMap(({ until }) => (until === undefined ? [] : [until + 1]))])
    if (!steady.some((source) => takesPart(source, step)))
      throw new Error(`mixture: one source must take part in every step (every: 1), and none does in step ${step}`);
}
