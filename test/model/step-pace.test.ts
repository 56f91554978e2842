/** Which steps count as short. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { StepPace } from '../../model/step-pace.ts';

const test = suite('step pace');

const milliseconds = (count: number) => new Promise((resolve) => setTimeout(resolve, count));

test('a step is short where the one before it was; the first one is not', async () => {
  const pace = new StepPace();
  assert.not(pace.isShort);
  pace.begin();
  pace.end();
  assert.ok(pace.isShort);
  await milliseconds(80);
  pace.end();
  assert.not(pace.isShort, 'steps follow each other where none begins anew');
  await milliseconds(80);
  pace.begin();
  pace.end();
  assert.ok(pace.isShort, 'what passes before a step begins does not count');
});

test.run();
