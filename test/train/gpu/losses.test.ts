/** The same seed and data give the same losses on every runtime and adapter, but for rounding. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { requestDevice } from '../../../engine/index.ts';
import { adapterChoice } from '../../adapter.ts';
import { tinyRun, trainTiny } from '../tiny.ts';

/** Of four steps, from Node on llvmpipe. */
const LOSSES = [6.396306, 6.288654, 5.78164, 5.725247];
/** Relative. Kernels for different adapters add in different orders, which shows in the seventh digit. */
const TOLERANCE = 1e-5;

test('four steps of training give the losses that are written here', async () => {
  const run = await tinyRun({ steps: LOSSES.length });
  const device = await requestDevice({ adapter: adapterChoice() });
  try {
    const losses = (await trainTiny(run, device)).reports.map(({ loss }) => loss);
    const far = losses.some((loss, i) => !(Math.abs(loss - LOSSES[i]) <= TOLERANCE * LOSSES[i]));
    assert.not(far, `losses of ${losses.join(', ')} instead of ${LOSSES.join(', ')}`);
  } finally {
    device.close();
  }
});

test.run();
