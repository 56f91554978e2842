/** Event files for TensorBoard: `tensorboard --logdir FOLDER`. */
import { type FileSink, runtime } from '../../engine/runtime/index.ts';
import { imageEvent, restartEvent, scalarsEvent, versionEvent } from './tensorboard/event.ts';
import { frameRecord } from './tensorboard/record.ts';

export interface EventFileOptions {
  /** The last step of which earlier files in the folder stay true; what they say of later ones is taken back. */
  resumeAfter?: number;
  /** Milliseconds since 1970. */
  now?: () => number;
}

/** One file that only grows. Each session of a run writes its own; TensorBoard reads those of a folder one after the other. */
export class EventFile {
  readonly path: string;
  readonly #sink: FileSink;
  readonly #now: () => number;

  private constructor(path: string, sink: FileSink, now: () => number) {
    this.path = path;
    this.#sink = sink;
    this.#now = now;
  }

  /** Begins a new file in a folder that is there. */
  static async open(folder: string, { resumeAfter, now = Date.now }: EventFileOptions = {}): Promise<EventFile> {
    const path = await freePath(folder, now());
    const file = new EventFile(path, await (await runtime()).openSink(path), now);
    await file.#write(versionEvent(file.#wallTime()));
    if (resumeAfter !== undefined) await file.#write(restartEvent(file.#wallTime(), resumeAfter + 1));
    return file;
  }

  /** Values of one step by their tags: `loss/training`, where the part before the slash names a group of charts. */
  async scalars(step: number, values: Readonly<Record<string, number>>): Promise<void> {
    await this.#write(scalarsEvent(this.#wallTime(), step, values));
  }

  /** @throws Error when `png` is no PNG file */
  async image(step: number, tag: string, png: Uint8Array): Promise<void> {
    await this.#write(imageEvent(this.#wallTime(), step, tag, png));
  }

  async close(): Promise<void> {
    await this.#sink.close();
  }

  /** A record is written in one piece, so that a reader beside sees it whole or not yet. */
  async #write(event: Uint8Array): Promise<void> {
    await this.#sink.write(frameRecord(event));
  }

  #wallTime(): number {
    return this.#now() / 1000;
  }
}

/** TensorBoard looks for `tfevents` in names and takes files in the order of their names: first seconds, then a number. */
async function freePath(folder: string, milliseconds: number): Promise<string> {
  const { exists } = await runtime();
  const seconds = String(Math.floor(milliseconds / 1000)).padStart(10, '0');
  for (let number = 0; ; number++) {
    const path = `${folder}/events.out.tfevents.${seconds}.kosmos-webgpu.${String(number).padStart(3, '0')}`;
    if (!(await exists(path))) return path;
  }
}
