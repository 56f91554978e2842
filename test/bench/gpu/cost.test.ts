/** The formulas of `bench/cost.md` against what plans tell. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { decoderParameters, trainingFlops } from '../../../bench/cost/formulas.ts';
import { costTables } from '../../../bench/cost/tables.ts';
import { modelWeights } from '../../../bench/data.ts';
import { trainingConfig } from '../../../bench/models.ts';
import type { TrainingWork } from '../../../bench/works.ts';
import { requestDevice } from '../../../engine/index.ts';
import { adapterChoice } from '../../adapter.ts';

const test = suite('bench: cost');

const work: TrainingWork = { kind: 'training', layers: 3, width: 24, heads: 2, length: 10, batch: 2, vocabulary: 50 };

test('the number of parameters', () => {
  const weights = modelWeights(trainingConfig(work), (name) => name.startsWith('text_model.'));
  const count = [...weights.values()].reduce((sum, { data }) => sum + data.length, 0);
  assert.is(decoderParameters(work), count);
});

test('work doubles with the batch', () => {
  assert.is(trainingFlops({ ...work, batch: 4 }), 2 * trainingFlops(work));
});

if (adapterChoice() === 'swiftshader') {
  console.log("skipped: the tables (on the system's adapter only, for a training step compiles long)");
  test.skip('the tables');
} else {
  test('the tables: plans do the work of the formulas and a little more, and keep what they should', async () => {
    const device = await requestDevice({ adapter: adapterChoice() });
    const tables = await costTables(device, true, () => {});
    device.close();
    assert.is(tables.length, 4);
    const column = (table: number, name: string) =>
      tables[table].rows.map((row) => Number(row[tables[table].columns.indexOf(name)]));
    // norms and the optimiser weigh much at this size
    for (const ratio of [0, 1, 2].flatMap((table) => column(table, '÷ formula')))
      assert.ok(ratio > 1 && ratio < 1.8, `${ratio}`);
    for (const ratio of column(3, '÷ formula')) assert.ok(ratio > 1 && ratio < 1.02, `${ratio}`);
    for (const ratio of column(0, '÷ 12 P')) assert.ok(ratio > 1 && ratio < 1.1, `${ratio}`);
  });
}

test.run();
