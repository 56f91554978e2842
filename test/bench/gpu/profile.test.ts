/** The command that tells where the time of a step or an answer goes. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { profile } from '../../../bench/profile/command.ts';
import { kernelTable, planTable } from '../../../bench/profile/tables.ts';
import { exitCodeOf } from '../../../cli/command.ts';
import { adapterChoice } from '../../adapter.ts';
import { captured } from '../../cli/terminal.ts';

const test = suite('bench: profile');

const kernels = [
  { plan: 'step', kernel: 'matmul NT', op: 'matmul [4, 8] [8, 8]', dispatches: 2, milliseconds: 4, flops: 8e6 },
  { plan: 'step', kernel: 'adamw', op: 'adamw [8]', dispatches: 1, milliseconds: 3, flops: 0 },
  { plan: 'other', kernel: 'matmul NT', op: 'matmul [1, 8] [8, 8]', dispatches: 1, milliseconds: 1, flops: 1e6 },
];

test('kernels add up, what takes longest first; plans beside the time of the whole', () => {
  assert.is(
    kernelTable(kernels, { top: 9, ops: false }),
    [
      '| kernel | share | dispatches | ms | GFLOP/s |',
      '|---|---|---|---|---|',
      '| matmul NT | 62.5 % | 3 | 5.00 | 1.8 |',
      '| adamw | 37.5 % | 1 | 3.00 |  |',
    ].join('\n'),
  );
  const [, , first, , last] = kernelTable(kernels, { top: 1, ops: true }).split('\n');
  assert.is(first, '| matmul NT · matmul [4, 8] [8, 8] | 50.0 % | 2 | 4.00 | 2.0 |');
  assert.is(last, '2 more');
  assert.match(planTable({ work: '', kernels, wallMilliseconds: 7 }), /\| step \| 3 \| 7\.00 \| 1\.1 \|\n/);
  assert.match(planTable({ work: '', kernels, wallMilliseconds: 7 }), /without a profile \| {2}\| 7\.00 \|/);
});

async function run(...words: string[]) {
  const terminal = captured();
  const code = await exitCodeOf('profile', profile, words, terminal);
  return { code, stdout: terminal.out, stderr: terminal.errors };
}

test('wrong usage is told', async () => {
  const found = 'profile: train or infer, and at most one file, is expected, found';
  assert.equal(await run(), { code: 2, stdout: '', stderr: `${found} nothing (see --help)\n` });
  assert.equal(await run('walk', 'x'), { code: 2, stdout: '', stderr: `${found} walk x (see --help)\n` });
  const { stderr } = await run('infer', '--top', 'x');
  assert.is(stderr, 'profile: --top takes a whole number of at least 1, not "x" (see --help)\n');
  assert.is((await run('train', '--model', 'x')).stderr, 'profile: --model is for infer (see --help)\n');
});

const name = 'an answer of the model that ships';
if (adapterChoice() === 'swiftshader') {
  console.log(`skipped: ${name} (on the system's adapter only, for its kernels compile long)`);
  test.skip(name);
} else {
  test(name, async () => {
    const { code, stdout, stderr } = await run('infer', '--json', '--adapter', adapterChoice());
    assert.is(stderr, '');
    assert.is(code, 0);
    const { kernels: timed, wallMilliseconds } = JSON.parse(stdout);
    assert.ok(wallMilliseconds > 0);
    const plans = new Set(timed.map(({ plan }: { plan: string }) => plan));
    for (const plan of ['image encoder', 'prefill', 'decode step']) assert.ok(plans.has(plan), plan);
    assert.ok(timed.every(({ milliseconds }: { milliseconds: number }) => milliseconds >= 0));
  });
}

test.run();
