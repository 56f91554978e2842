/** Loads pictures in threads where the runtime has them, else in place. */
import { runtime, type WorkerThread } from '../../engine/runtime/index.ts';
import { type LoadedPicture, loadPicture, type PictureView } from './picture.ts';
import type { PictureAnswer, PictureTask } from './picture-worker.ts';

/** Threads that are started where nothing else is asked for. */
const MOST_THREADS = 4;

interface Waiting {
  readonly task: PictureTask;
  readonly done: (picture: LoadedPicture) => void;
  readonly failed: (error: Error) => void;
}

interface Thread {
  worker: WorkerThread | null;
  /** What it is at. */
  current: Waiting | null;
}

export class PicturePool {
  readonly #count: number | undefined;
  #threads: Thread[] = [];
  #started: Promise<void> | null = null;
  #waiting: Waiting[] = [];
  /** The end of what is loaded in place, one picture after another. */
  #inPlace: Promise<unknown> = Promise.resolve();
  #reason = 'no picture was loaded yet';
  #isClosed = false;

  /** @param threads 0 to load in place; default one less than the machine's processors, at most 4. They start with the first picture */
  constructor(threads?: number) {
    this.#count = threads;
  }

  /** For people: where pictures are loaded, and why not in threads. */
  describe(): string {
    const count = this.#threads.length;
    if (count === 0) return `in place: ${this.#reason}`;
    return count === 1 ? 'in one thread' : `in ${count} threads`;
  }

  /**
   * @param bytes the file; they are given away
   * @throws Error that says what is wrong with the file
   */
  async load(bytes: Uint8Array<ArrayBuffer>, view: PictureView): Promise<LoadedPicture> {
    this.#started ??= this.#start();
    await this.#started;
    if (this.#isClosed) throw new Error('the pool of pictures is closed');
    if (this.#threads.length === 0) return this.#loadInPlace({ bytes, view });
    return new Promise((done, failed) => {
      this.#waiting.push({ task: { bytes, view }, done, failed });
      this.#assign();
    });
  }

  /** Ends the threads; pictures that are not loaded by then fail. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#started;
    const left = [...this.#waiting, ...this.#threads.map(({ current }) => current)];
    const workers = this.#threads.map(({ worker }) => worker);
    this.#waiting = [];
    this.#threads = [];
    for (const waiting of left) waiting?.failed(new Error('the pool of pictures was closed'));
    await Promise.all(workers.map((worker) => worker?.close()));
  }

  async #start(): Promise<void> {
    const here = await runtime();
    const count = this.#count ?? Math.min(MOST_THREADS, here.processorCount() - 1);
    if (count <= 0) this.#reason = 'no threads are asked for';
    const starts = Array.from({ length: count }, () => this.#startThread());
    const threads = await Promise.allSettled(starts);
    for (const thread of threads) {
      if (thread.status === 'fulfilled') this.#threads.push(thread.value);
      else this.#reason = `no thread can be started (${(thread.reason as Error).message})`;
    }
  }

  async #startThread(): Promise<Thread> {
    const here = await runtime();
    // Not written as bundlers expect it, who would look for a file that is not there in both layouts.
    const [ending] = /\.[jt]s$/.exec(import.meta.url) ?? ['.js'];
    const script = new URL(`./picture-worker${ending}`, import.meta.url);
    const thread: Thread = { worker: null, current: null };
    thread.worker = await here.startWorker(script, {
      message: (message) => this.#finish(thread, message as PictureAnswer),
      failed: (error) => this.#lose(thread, error),
    });
    return thread;
  }

  #assign(): void {
    for (const thread of this.#threads) {
      while (thread.current === null) {
        const next = this.#waiting.shift();
        if (next === undefined) return;
        this.#send(thread, next);
      }
    }
  }

  /** Bytes that another call has given away would get lost on their way, and the thread would never answer. */
  #send(thread: Thread, next: Waiting): void {
    const { bytes } = next.task;
    if (bytes.byteLength === 0) {
      next.failed(new Error('there are no bytes: the file is empty, or they were given away already'));
      return;
    }
    thread.current = next;
    thread.worker!.post(next.task, [bytes.buffer]);
  }

  #finish(thread: Thread, answer: PictureAnswer): void {
    const { current } = thread;
    thread.current = null;
    if ('picture' in answer) current?.done(answer.picture);
    else current?.failed(new Error(answer.error));
    this.#assign();
  }

  /** A thread that ended, for want of memory say, takes its picture with it; the others go on. */
  #lose(thread: Thread, error: Error): void {
    this.#threads = this.#threads.filter((one) => one !== thread);
    this.#reason = `the threads ended (${error.message})`;
    thread.current?.failed(new Error(`the thread that loaded it ended: ${error.message}`));
    thread.current = null;
    if (this.#threads.length > 0) return;
    for (const { task, done, failed } of this.#waiting) this.#loadInPlace(task).then(done, failed);
    this.#waiting = [];
  }

  #loadInPlace({ bytes, view }: PictureTask): Promise<LoadedPicture> {
    const loading = this.#inPlace.then(() => loadPicture(bytes, view));
    this.#inPlace = loading.catch(() => {});
    return loading;
  }
}
