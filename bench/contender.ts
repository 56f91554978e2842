/** An engine in its process or page, as the bench talks to it. */
import type { EngineName } from './engines/index.ts';
import { type Answer, fromBase64, type Request, type Values } from './protocol.ts';
import type { Figures, Measure, Work } from './works.ts';

/** Where an engine lives. `ask` rejects where it died. */
export interface Channel {
  ask(request: Request): Promise<Answer>;
  /** False once it died. */
  readonly alive: boolean;
  close(): Promise<void>;
}

/** This engine cannot do that here; the message is the reason. */
export class NotHere extends Error {}

export class Contender {
  readonly engine: EngineName;
  readonly #channel: Channel;

  constructor(engine: EngineName, channel: Channel) {
    this.engine = engine;
    this.#channel = channel;
  }

  /** @throws NotHere with the reason of an engine that cannot do it, Error with what went wrong otherwise */
  async #ask<Kind extends Request['do']>(request: Request & { do: Kind }): Promise<Values[Kind]> {
    const answer = await this.#channel.ask(request);
    if (answer.ok) return answer.value as Values[Kind];
    throw answer.unsupported ? new NotHere(answer.message) : new Error(answer.message);
  }

  get alive(): boolean {
    return this.#channel.alive;
  }

  async adapter(): Promise<string> {
    return (await this.#ask({ do: 'describe' })).adapter;
  }

  async prepare(work: Work): Promise<void> {
    await this.#ask({ do: 'prepare', work });
  }

  /** Milliseconds of each. */
  run(times: number): Promise<number[]> {
    return this.#ask({ do: 'run', times });
  }

  async outputs(): Promise<Float32Array[]> {
    return (await this.#ask({ do: 'outputs' })).map(fromBase64);
  }

  async release(): Promise<void> {
    await this.#ask({ do: 'release' });
  }

  measure(measure: Measure): Promise<Figures> {
    return this.#ask({ do: 'measure', measure });
  }

  close(): Promise<void> {
    return this.#channel.close();
  }
}
