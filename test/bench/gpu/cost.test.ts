/** The formulas of `bench/cost.md` against what plans tell. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { costCurves } from '../../../bench/cost/curves.ts';
import {
  decoderParameters,
  kosmosIntermediates,
  kosmosParameters,
  kosmosPeak,
  kosmosStepFlops,
  trainingFlops,
} from '../../../bench/cost/formulas.ts';
import { planStep, publishedModel, runStep } from '../../../bench/cost/full-size.ts';
import { costTables } from '../../../bench/cost/tables.ts';
import { modelWeights } from '../../../bench/data.ts';
import { smallerModel, trainingConfig } from '../../../bench/models.ts';
import type { TrainingWork } from '../../../bench/works.ts';
import { type DeviceTraits, requestDevice } from '../../../engine/index.ts';
import { tilesFor } from '../../../kernels/tiles.ts';
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

const near = (value: number, formula: number, share: number, what: string) =>
  assert.ok(Math.abs(value / formula - 1) < share, `${what}: ${value}, by formula ${formula}`);

/** Of a software adapter with the smallest bindings that there are. */
const traits: DeviceTraits = {
  software: true,
  subgroupLanes: 8,
  maxBindingBytes: 2 ** 27,
  maxBindings: 16,
  tiles: tilesFor({ vendor: '', architecture: '' }),
};

test('a step of the published model, on paper: bytes and work by formula, and few pipelines', () => {
  const work = { pictures: 1, texts: 0, length: 128 };
  const { step, planned } = planStep(traits, publishedModel(), work, true);
  assert.is(kosmosParameters(step.config), 1_664_485_376);
  const { gradients, optimiser } = planned;
  near(planned.stateBytes, 16 * 1_664_485_376, 1e-3, 'parameters, moments and gradients');
  near(gradients.bytes.slots, kosmosIntermediates(step), 0.1, 'intermediates');
  near(planned.peakBytes, kosmosPeak(step), 0.02, 'peak');
  near(gradients.flops + optimiser.flops, kosmosStepFlops(step), 0.02, 'work');
  assert.ok(gradients.pipelines + optimiser.pipelines <= 80, `${gradients.pipelines} + ${optimiser.pipelines}`);
});

if (adapterChoice() === 'swiftshader') {
  console.log("skipped: the tables (on the system's adapter only, for a training step compiles long)");
  test.skip('the tables');
} else {
  test('a step that runs: what lives on the device is what was planned, and near the formula', async () => {
    const device = await requestDevice({ adapter: adapterChoice() });
    const model = smallerModel(128, 2, 1037, 56);
    const result = await runStep(device, model, { pictures: 2, texts: 0, length: 32 }, true);
    device.close();
    const { planned, step, measuredPeak, ranFlops } = result;
    assert.is(measuredPeak, planned.peakBytes);
    assert.is(ranFlops, planned.gradients.flops + planned.optimiser.flops);
    near(measuredPeak!, kosmosPeak(step), 0.05, 'peak');
    near(ranFlops!, kosmosStepFlops(step), 0.05, 'work');
  });

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
    const picture = costCurves(tables);
    assert.is(picture.match(/<g transform/g)!.length, 4);
    assert.not.match(picture, /NaN|Infinity|undefined/);
  });
}

test.run();
