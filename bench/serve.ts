/** Answers requests with an engine; the same in a process and in a page. */
import type { DeviceErrors } from './engines/device-errors.ts';
import { type Engine, type Prepared, Unsupported } from './engines/engine.ts';
import { type Answer, type Request, toBase64, type Values } from './protocol.ts';

/** A function that answers one request after the other. It never rejects. An error that a device reported meanwhile makes an answer an error. */
export function serve(engine: Engine, errors: DeviceErrors): (request: Request) => Promise<Answer> {
  let prepared: Prepared | null = null;
  const ready = () => {
    if (!prepared) throw new Error('nothing is prepared');
    return prepared;
  };
  const timed = async (times: number): Promise<number[]> => {
    const milliseconds: number[] = [];
    for (let i = 0; i < times; i++) {
      const began = performance.now();
      await ready().run();
      milliseconds.push(performance.now() - began);
    }
    return milliseconds;
  };
  const release = () => {
    prepared?.release();
    prepared = null;
    return null;
  };
  const answerTo = async (request: Request): Promise<Values[Request['do']]> => {
    switch (request.do) {
      case 'describe':
        return { adapter: engine.adapter };
      case 'prepare':
        release();
        prepared = await engine.prepare(request.work);
        return null;
      case 'run':
        return timed(request.times);
      case 'outputs':
        return (await ready().outputs()).map(toBase64);
      case 'release':
        return release();
      case 'measure':
        if (!engine.measure) throw new Unsupported('only this code is measured so');
        return engine.measure(request.measure);
    }
  };
  return async (request) => {
    try {
      const value = await answerTo(request);
      errors.check();
      return { ok: true, value };
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      return { ok: false, message, unsupported: error instanceof Unsupported };
    }
  };
}
