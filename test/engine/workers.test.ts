/** Threads: messages there and back, threads that cannot be started, and threads that end. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { runtime } from '../../engine/runtime/index.ts';
import { rejects } from '../rejects.ts';

const here = await runtime();
const [ending] = /\.[jt]s$/.exec(import.meta.url)!;
const script = new URL(`./echo-worker${ending}`, import.meta.url);

/** Starts a thread; `ask` gives what it answers. */
async function echo(failed: (error: Error) => void = () => {}) {
  const waiting: ((answer: unknown) => void)[] = [];
  const thread = await here.startWorker(script, { message: (message) => waiting.shift()!(message), failed });
  const ask = (message: unknown, transfer?: ArrayBuffer[]) =>
    new Promise((done) => {
      waiting.push(done);
      thread.post(message, transfer);
    });
  return { thread, ask };
}

test('messages there and back, bytes without a copy', async () => {
  const { thread, ask } = await echo();
  assert.equal(await Promise.all([1, 2, 3].map((number) => ask(number))), [2, 4, 6]);
  const bytes = new Uint8Array([1, 2, 3]);
  assert.equal(await ask(bytes, [bytes.buffer]), new Uint8Array([1, 2, 3]));
  assert.is(bytes.length, 0, 'whoever posts them has them no more');
  await thread.close();
});

test('a module that is not there rejects', async () => {
  const none = new URL(`./no-such-worker${ending}`, import.meta.url);
  const listeners = { message: () => {}, failed: () => {} };
  await rejects(() => here.startWorker(none, listeners), Error, /no-such-worker/);
});

test('a thread that fails is told of', async () => {
  let tell: (error: Error) => void = () => {};
  const failure = new Promise<Error>((done) => {
    tell = done;
  });
  const { thread, ask } = await echo(tell);
  await ask('fail');
  assert.match((await failure).message, /as asked/);
  await thread.close();
});

test('there is at least one processor', () => {
  assert.ok(here.processorCount() >= 1);
});

test.run();
