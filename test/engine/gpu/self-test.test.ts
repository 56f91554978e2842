/** The self-test passes where the ops work, and tells which op fails where one does not. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { OpError } from '../../../engine/index.ts';
import { elementwiseOps } from '../../../engine/ops/elementwise.ts';
import { referenceOf } from '../../../engine/reference/index.ts';
import { formatOpReport, selfTest } from '../../../engine/self-test.ts';
import { adapterChoice } from '../../adapter.ts';
import { rejects } from '../../rejects.ts';

test('one report an op, with the worst deviation', async () => {
  const seen: string[] = [];
  const report = await selfTest({
    adapter: adapterChoice(),
    ops: ['add', 'gather', 'sum'],
    onOp: ({ op }) => seen.push(op),
  });
  assert.ok(report.passed, JSON.stringify(report));
  assert.equal(seen, ['add', 'gather', 'sum'], 'in the order in which they are named');
  assert.ok(report.adapter.length > 0);
  for (const { cases, deviation, failures } of report.ops) {
    assert.ok(cases > 0);
    assert.ok(deviation >= 0 && deviation <= report.tolerance);
    assert.equal(failures, []);
  }
  assert.match(formatOpReport(report.ops[0]), /^ok {3}add +\d cases, worst deviation \d\.\de[+-]\d+$/);
});

test('a wrong result and an error are told, with the shapes, and the other ops are still tried', async () => {
  const [abs, exp] = [elementwiseOps.abs, elementwiseOps.exp].map(referenceOf);
  const wrong = { ...abs, values: () => [new Float64Array(24).fill(7)] };
  const infer = () => {
    throw new OpError('exp', 'broken on purpose');
  };
  const broken = { ...exp, op: { ...exp.op, infer } };
  const report = await selfTest({ adapter: adapterChoice(), ops: [wrong, broken, 'neg'] });
  assert.not(report.passed);
  const byName = new Map(report.ops.map((op) => [op.op, op]));
  assert.match(byName.get('abs')!.failures[1], /^case 1, \[2, 3, 4\]: deviates by \d/);
  assert.equal(byName.get('exp')!.failures[0], 'case 0, [5]: exp: broken on purpose');
  assert.equal(byName.get('neg')!.failures, []);
  assert.match(formatOpReport(byName.get('exp')!), /^FAIL exp .*\n {7}case 0, \[5\]: exp: broken/);
});

test('an op that does not exist', async () => {
  await rejects(
    () => selfTest({ ops: ['convolve'] }),
    OpError,
    /^selfTest: there is no op convolve; there are add, sub/,
  );
});

test.run();
