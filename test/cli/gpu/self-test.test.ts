/** The command `selftest`: a line for each op, JSON, and exit codes. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { exitCodeOf } from '../../../cli/command.ts';
import { selfTestCommand } from '../../../cli/self-test.ts';
import { adapterChoice } from '../../adapter.ts';
import { captured } from '../terminal.ts';

async function selftest(...words: string[]) {
  const own = captured();
  const code = await exitCodeOf('selftest', selfTestCommand, ['--adapter', adapterChoice(), ...words], own);
  return { code, stdout: own.out, stderr: own.errors };
}

test('a line for each op, and a sum', async () => {
  const { code, stdout } = await selftest('--op', 'add', '--op', 'sum');
  assert.is(code, 0, stdout);
  const lines = stdout.trim().split('\n');
  assert.match(lines[0]!, /^ok {3}add /);
  assert.match(lines[1]!, /^ok {3}sum /);
  assert.match(lines[2]!, /^2 of 2 ops work on .+, with the kernels for (GPUs|software adapters)$/);
});

test('one JSON document', async () => {
  const { code, stdout } = await selftest('--op', 'add', '--json', '--kernels', 'gpu');
  assert.is(code, 0);
  const { passed, kernels, ops } = JSON.parse(stdout);
  assert.equal([passed, kernels, ops.length], [true, 'gpu', 1]);
});

test('wrong usage', async () => {
  assert.equal(await selftest('add'), {
    code: 2,
    stdout: '',
    stderr: 'selftest: "add" is not expected (see --help)\n',
  });
  assert.is((await selftest('--kernels', 'cpu')).code, 2);
  assert.match((await selftest('--op', 'fold')).stderr, /^selftest: selfTest: there is no op fold; there are add, /);
  assert.match((await selftest('--help')).stdout, /^Usage: selftest /);
});

test.run();
