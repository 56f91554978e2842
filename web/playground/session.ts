/** A model in its thread, as the page sees it. */
import type { Answer } from '../../index.ts';
import type {
  FromModel,
  LoadedModel,
  ModelSource,
  PartialAnswer,
  PictureContent,
  Progress,
  Question,
  ToModel,
} from './messages.ts';

export interface SessionListeners {
  progress(progress: Progress): void;
  loaded(model: LoadedModel): void;
  /** The model could not be loaded, or its thread ended. */
  failed(message: string): void;
  /** The device went away, and the model with it. */
  lost(message: string): void;
}

interface Pending {
  readonly done: (value: unknown) => void;
  readonly failed: (error: Error) => void;
  readonly partial?: (answer: PartialAnswer) => void;
}

/** What a question that was under way is rejected with when its model is closed. */
export class SessionClosed extends Error {}

export class ModelSession {
  readonly #worker = new Worker(new URL('./model-worker.ts', import.meta.url), { type: 'module' });
  readonly #pending = new Map<number, Pending>();
  readonly #listeners: SessionListeners;
  #nextId = 1;

  constructor(source: ModelSource, listeners: SessionListeners) {
    this.#listeners = listeners;
    this.#worker.onmessage = ({ data }: MessageEvent<FromModel>) => this.#take(data);
    this.#worker.onerror = (event) => {
      this.#listeners.failed(event.message || 'the thread of the model ended');
    };
    this.#post({ kind: 'load', source });
  }

  /** Resolves to warnings about the file. */
  setPicture(content: PictureContent): Promise<readonly string[]> {
    return this.#request((id) => ({ kind: 'picture', id, content })) as Promise<readonly string[]>;
  }

  ask(question: Question, partial: (answer: PartialAnswer) => void): Promise<Answer> {
    return this.#request((id) => ({ kind: 'ask', id, question }), partial) as Promise<Answer>;
  }

  /** Ends the question under way; its answer is what has come. */
  stop(): void {
    this.#post({ kind: 'stop' });
  }

  close(): void {
    this.#worker.terminate();
    for (const { failed } of this.#pending.values()) failed(new SessionClosed('the model was closed'));
    this.#pending.clear();
  }

  #request(message: (id: number) => ToModel, partial?: Pending['partial']): Promise<unknown> {
    const id = this.#nextId++;
    return new Promise((done, failed) => {
      this.#pending.set(id, { done, failed, partial });
      this.#post(message(id));
    });
  }

  #post(message: ToModel): void {
    this.#worker.postMessage(message);
  }

  #take(message: FromModel): void {
    switch (message.kind) {
      case 'progress':
        this.#listeners.progress(message);
        break;
      case 'loaded':
        this.#listeners.loaded(message);
        break;
      case 'lost':
        this.#listeners.lost(message.message);
        break;
      case 'partial':
        this.#pending.get(message.id)?.partial?.(message);
        break;
      case 'picture':
        this.#settle(message.id, ({ done }) => done(message.warnings));
        break;
      case 'answer':
        this.#settle(message.id, ({ done }) => done(message.answer));
        break;
      case 'failed':
        if (message.id === undefined) this.#listeners.failed(message.message);
        else this.#settle(message.id, ({ failed }) => failed(new Error(message.message)));
    }
  }

  #settle(id: number, settle: (pending: Pending) => void): void {
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    if (pending) settle(pending);
  }
}
