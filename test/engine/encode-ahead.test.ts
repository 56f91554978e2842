/** Encoding a step in advance: which steps it is done for, and that nothing else is submitted in their place. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { EncodeAhead } from '../../engine/encode-ahead.ts';

const test = suite('engine: encoding ahead');

const long = (first: number) => Array.from({ length: 20 }, (_, i) => first + i);
const timers = () => new Promise((resolve) => setTimeout(resolve, 5));

/** Counts what is encoded; commands tell what for. */
function recorded() {
  const encoded: number[] = [];
  const discarded: string[] = [];
  const state = { usable: true };
  const ahead = new EncodeAhead<readonly number[], { label: string }>(
    (steps) => {
      encoded.push(steps[0]!);
      return { label: `${steps[0]} ${encoded.length}` };
    },
    ({ label }) => discarded.push(label),
    () => state.usable,
  );
  return { ahead, encoded, discarded, state };
}

test('what came twice in a row is ready for the third time, and from then on', async () => {
  const { ahead, encoded } = recorded();
  const steps = long(1);
  ahead.take(steps);
  await timers();
  assert.is(encoded.length, 1, 'once is no reason');
  ahead.take(steps);
  assert.is(encoded.length, 2);
  await timers();
  assert.is(encoded.length, 3);
  assert.is(ahead.take(steps).label, '1 3');
  assert.is(encoded.length, 3);
  await timers();
  assert.is(ahead.take(steps).label, '1 4', 'commands are submitted once');
});

test('two lists that take turns are both encoded ahead', async () => {
  const { ahead, encoded, discarded } = recorded();
  const [one, other] = [long(1), long(100)];
  for (const steps of [one, other, one]) {
    ahead.take(steps);
    await timers();
  }
  assert.equal(encoded, [1, 100, 1, 100]);
  for (const [steps, label] of [
    [other, '100 4'],
    [one, '1 5'],
    [other, '100 6'],
  ] as const) {
    assert.is(ahead.take(steps).label, label);
    await timers();
  }
  assert.equal(discarded, []);
});

test('calls that follow each other at once encode for themselves', () => {
  const { ahead, encoded } = recorded();
  const steps = long(1);
  const labels = [1, 2, 3, 4].map(() => ahead.take(steps).label);
  assert.equal(labels, ['1 1', '1 2', '1 3', '1 4']);
  assert.is(encoded.length, 4);
});

test('other steps get commands of their own', async () => {
  const { ahead, discarded } = recorded();
  const [one, other] = [long(1), long(100)];
  ahead.take(one);
  ahead.take(one);
  await timers();
  assert.match(ahead.take(other).label, /^100 /);
  assert.equal(discarded, ['1 3']);
  assert.match(ahead.take(one).label, /^1 /);
});

test('short lists, a device that is of no use, and what was let go of are not encoded', async () => {
  const { ahead, encoded, state } = recorded();
  const short = [1, 2, 3];
  for (let i = 0; i < 3; i++) ahead.take(short);
  await timers();
  assert.is(encoded.length, 3);
  const steps = long(5);
  ahead.take(steps);
  ahead.take(steps);
  state.usable = false;
  await timers();
  assert.is(encoded.length, 5);
  state.usable = true;
  ahead.take(steps);
  ahead.clear();
  await timers();
  assert.is(encoded.length, 6);
});

test('what is ready is not taken where it is of no use any more', async () => {
  const { ahead, discarded, state } = recorded();
  const steps = long(1);
  ahead.take(steps);
  ahead.take(steps);
  await timers();
  state.usable = false;
  assert.is(ahead.take(steps).label, '1 4');
  assert.equal(discarded, ['1 3']);
});

test.run();
