/** Tokens that predictions of a row leave open, against what the loss says of each of them. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { TrainingSequence } from '../../../data/index.ts';
import { compile, type Device, requestDevice, type Tensor } from '../../../engine/index.ts';
import { initializeParameters, type Kosmos2Parameters } from '../../../model/index.ts';
import { type LossInput, lossSum } from '../../../model/loss.ts';
import { PositionTable } from '../../../model/positions.ts';
import { microBatchOf } from '../../../train/batch.ts';
import { adapterChoice } from '../../adapter.ts';
import { tinyRun } from '../tiny.ts';

const test = suite('open ids');
let device: Device;
test.before(async () => {
  device = await requestDevice({ adapter: adapterChoice() });
});
test.after(() => device.close());

test('−log p of a prediction among the tokens that it does not leave open, each prediction with its own', async () => {
  const { training, setup, steps } = await tinyRun({ steps: 3 });
  const { config } = setup;
  const parameters = await initializeParameters(config, device, 1, training.model);
  const table = new PositionTable(config.text, device).withRows(64);
  const loss = compile((own: Kosmos2Parameters, positions: Tensor, input: LossInput) =>
    lossSum(own, config, positions, input),
  );
  const [{ examples }] = steps[0];
  const lossOf = async (sequences: readonly TrainingSequence[]) => {
    const { feed } = microBatchOf([{ ...examples[0], sequences }], config, { lengthMultiple: 8 });
    return (await loss(parameters, table, feed)).item();
  };
  const [first, second] = examples[0].sequences;
  const open = [[5, 9, 30], [], [7], [5, 9, 30]];
  const counted = (sequence: TrainingSequence) => sequence.lossMask.flatMap((mask, i) => (mask === 1 ? [i] : []));
  /** The sequence with one prediction that counts, and `label` there instead of its token. */
  const only = (sequence: TrainingSequence, at: number, label = sequence.ids[at + 1]): TrainingSequence => ({
    ...sequence,
    readIds: sequence.ids,
    ids: sequence.ids.with(at + 1, label),
    lossMask: sequence.lossMask.map((_, i) => Number(i === at)),
  });
  const expectedOf = async (sequence: TrainingSequence) => {
    let sum = 0;
    for (const at of counted(sequence)) {
      let rest = 1;
      for (const id of leftAt(sequence, at)) rest -= Math.exp(-(await lossOf([only(sequence, at, id)])));
      sum += (await lossOf([only(sequence, at)])) + Math.log(rest);
    }
    return sum;
  };
  const leftAt = (sequence: TrainingSequence, at: number) =>
    open[at % open.length].filter((id) => id !== sequence.ids[at + 1]);
  const withOpen = (sequence: TrainingSequence): TrainingSequence => ({
    ...sequence,
    openIds: sequence.ids.map((_, at) => leftAt(sequence, at)),
  });
  const expected = (await expectedOf(first)) + (await expectedOf(second));
  const found = await lossOf([withOpen(first), withOpen(second)]);
  const plain = await lossOf([first, second]);
  assert.ok(Math.abs(found - expected) < 1e-5 * expected, `${found}, not ${expected}`);
  assert.ok(plain - found > 0.01, `leaving tokens open makes the loss ${found} smaller than ${plain}`);
  const mixed = await lossOf([withOpen(first), second]);
  assert.ok(mixed > found && mixed < plain, 'only rows that leave something open cost less');
  const crowded = [first, second].map((sequence, row) => ({
    ...sequence,
    openIds: sequence.ids.map((_, at) => [40 * row + 2 * at, 40 * row + 2 * at + 1]),
  }));
  assert.throws(
    () => microBatchOf([{ ...examples[0], sequences: crowded }], config, { lengthMultiple: 8 }),
    /^a micro-batch leaves \d+ tokens open, more than 32$/,
  );
});

test.run();
