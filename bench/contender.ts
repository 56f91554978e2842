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

/** Milliseconds after which an engine that does not answer is given up: the longest work of all takes a fraction of it on a software adapter. */
const answerLimit = 900_000;

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
    const answer = await this.#inTime(this.#channel.ask(request), request.do);
    if (answer.ok) return answer.value as Values[Kind];
    throw answer.unsupported ? new NotHere(answer.message) : new Error(answer.message);
  }

  /** The answer; the channel is closed where none comes. */
  async #inTime(answer: Promise<Answer>, what: Request['do']): Promise<Answer> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        reject(new Error(`no answer to «${what}» within ${answerLimit / 1000} s`));
        void this.close();
      }, answerLimit);
    });
    try {
      return await Promise.race([answer, late]);
    } finally {
      clearTimeout(timer);
    }
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
