/** Parses streams of captions, in threads where the runtime has them, else in place. */
import { runtime, type WorkerThread } from '../../../engine/runtime/index.ts';
import type { ParsedCaption } from '../parse.ts';
import { type Caption, parseCaptions } from './captions.ts';
import { Parser } from './parser.ts';
import type { ParserAnswer, ParserTask } from './parser-worker.ts';

/** Captions that go to a thread together. */
const CAPTIONS_AT_A_TIME = 64;

interface Waiting {
  readonly done: (parses: readonly ParsedCaption[]) => void;
  readonly failed: (error: Error) => void;
}

class ParserThread {
  #worker: WorkerThread | null = null;
  #waiting: Waiting | null = null;
  #failure: Error | null = null;

  static async start(folder: string): Promise<ParserThread> {
    const thread = new ParserThread();
    const here = await runtime();
    // Not written as bundlers expect it, who would look for a file that is not there in both layouts.
    const [ending] = /\.[jt]s$/.exec(import.meta.url) ?? ['.js'];
    thread.#worker = await here.startWorker(new URL(`./parser-worker${ending}`, import.meta.url), {
      message: (message) => thread.#take(message as ParserAnswer),
      failed: (error) => thread.#fail(error),
    });
    try {
      await thread.#ask({ folder });
    } catch (error) {
      await thread.close();
      throw error;
    }
    return thread;
  }

  parse(captions: readonly Caption[]): Promise<readonly ParsedCaption[]> {
    return this.#ask({ captions });
  }

  async close(): Promise<void> {
    await this.#worker?.close();
  }

  #ask(task: ParserTask): Promise<readonly ParsedCaption[]> {
    if (this.#failure) return Promise.reject(this.#failure);
    return new Promise((done, failed) => {
      this.#waiting = { done, failed };
      this.#worker!.post(task);
    });
  }

  #take(answer: ParserAnswer): void {
    const waiting = this.#waiting;
    this.#waiting = null;
    if ('parses' in answer) waiting?.done(answer.parses);
    else waiting?.failed(new Error(answer.error));
  }

  #fail(error: Error): void {
    this.#failure = new Error(`a thread of the parser ended: ${error.message}`);
    this.#waiting?.failed(this.#failure);
    this.#waiting = null;
  }
}

export class ParserPool {
  /** Empty where captions are parsed in place. */
  readonly #threads: readonly ParserThread[];
  readonly #inPlace: Parser | null;
  /** When each thread has done what it was given so far. */
  readonly #free: Promise<unknown>[];
  #turn = 0;

  private constructor(threads: readonly ParserThread[], inPlace: Parser | null) {
    this.#threads = threads;
    this.#inPlace = inPlace;
    this.#free = threads.map(() => Promise.resolve());
  }

  /**
   * @param folder the weights, see `Parser.load`
   * @param threads 0 to parse in place; default as many as the machine has processors. Fewer are taken where no more can be started
   * @throws Error where the weights cannot be read
   */
  static async open(folder: string, threads?: number): Promise<ParserPool> {
    const count = threads ?? (await runtime()).processorCount();
    const starts = await Promise.allSettled(Array.from({ length: count }, () => ParserThread.start(folder)));
    const started = starts.flatMap((start) => (start.status === 'fulfilled' ? [start.value] : []));
    return new ParserPool(started, started.length > 0 ? null : await Parser.load(folder));
  }

  /** For people: where captions are parsed. */
  describe(): string {
    const count = this.#threads.length;
    return count === 0 ? 'in place' : count === 1 ? 'in one thread' : `in ${count} threads`;
  }

  /**
   * Parses a group of captions, in their order, by the next thread in turn; several groups may be under way at once.
   * @throws Error where the thread ended
   */
  async parseGroup(captions: readonly Caption[]): Promise<readonly ParsedCaption[]> {
    if (this.#inPlace) return parseCaptions(this.#inPlace, captions);
    const at = this.#turn++ % this.#threads.length;
    const parses = this.#free[at]!.then(() => this.#threads[at]!.parse(captions));
    this.#free[at] = parses.catch(() => {});
    return parses;
  }

  /** Parses of captions in their order, however many there are: no more than two groups for each thread are held. */
  async *parse(captions: AsyncIterable<Caption> | Iterable<Caption>): AsyncGenerator<ParsedCaption> {
    const running: Promise<readonly ParsedCaption[]>[] = [];
    for await (const group of groupsOf(captions)) {
      const parses = this.parseGroup(group);
      // whoever waits for it hears of an error
      parses.catch(() => {});
      running.push(parses);
      if (running.length > 2 * this.#threads.length) yield* await running.shift()!;
    }
    for (const parses of running) yield* await parses;
  }

  /** Ends the threads. */
  async close(): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread.close()));
  }
}

async function* groupsOf(captions: AsyncIterable<Caption> | Iterable<Caption>): AsyncGenerator<Caption[]> {
  let group: Caption[] = [];
  for await (const caption of captions) {
    group.push(caption);
    if (group.length < CAPTIONS_AT_A_TIME) continue;
    yield group;
    group = [];
  }
  if (group.length > 0) yield group;
}
