/** How Node's event loop turns while Dawn has something pending: seldom, but without delaying what comes soon. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Pace } from '../../engine/runtime/node-pace.ts';

/** Turns of the event loop until the promise is settled. */
async function turnsDuring(promise: Promise<unknown>): Promise<number> {
  let [turns, done] = [0, false];
  promise.then(() => {
    done = true;
  });
  while (!done) {
    turns++;
    await new Promise((resolve) => setImmediate(resolve));
  }
  return turns;
}

const after = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

test('a long wait turns the loop some hundred times instead of some ten thousand times', async () => {
  const spinning = await turnsDuring(after(200));
  const pace = new Pace();
  const paced = await turnsDuring(pace.watch(after(200)));
  assert.ok(paced < 600, `${paced} turns`);
  assert.ok(paced < spinning / 5, `${paced} turns, unpaced ${spinning}`);
});

test('many short waits one after the other leave one sleep a turn for the next long one', async () => {
  const fresh = await turnsDuring(new Pace().watch(after(200)));
  const pace = new Pace();
  for (let i = 0; i < 300; i++) await pace.watch(Promise.resolve());
  const turns = await turnsDuring(pace.watch(after(200)));
  assert.ok(turns > fresh / 4, `${turns} turns in 200 ms, without short waits before ${fresh}`);
});

test('what is settled at once is not slept through, values and errors pass, and nothing turns afterwards', async () => {
  const pace = new Pace();
  const began = performance.now();
  for (let i = 0; i < 50; i++) assert.is(await pace.watch(Promise.resolve(i)), i);
  assert.ok(performance.now() - began < 50);
  let message = '';
  try {
    await pace.watch(Promise.reject(new Error('lost')));
  } catch (error) {
    message = (error as Error).message;
  }
  assert.is(message, 'lost');
  assert.ok((await turnsDuring(after(100))) > 600, 'the loop is free again');
});

test.run();
