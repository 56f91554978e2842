/** The command `quantize`: wrong usage, failures in one line, and what it prints. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { exitCodeOf } from '../../cli/command.ts';
import { quantize } from '../../cli/quantize.ts';
import { QUANTIZE_HELP } from '../../cli/quantize-arguments.ts';
import { randomModelFolder } from '../fixtures/random-model.ts';
import { repositoryRoot } from '../shared.ts';
import { captured } from './terminal.ts';

const root = mkdtempSync(join(tmpdir(), 'quantize-command-'));
const out = join(root, 'out');
test.after(() => rmSync(root, { recursive: true }));

async function run(...words: string[]): Promise<{ code: number; out: string; errors: string }> {
  const terminal = captured();
  const code = await exitCodeOf('quantize', quantize, words, terminal);
  return { code, out: terminal.out, errors: terminal.errors };
}

test('--help', async () => {
  assert.equal(await run('--help'), { code: 0, out: `${QUANTIZE_HELP}\n`, errors: '' });
});

const wrong: [what: string, words: string[], message: RegExp][] = [
  ['no model', ['--bits', '4', '--out', out], /one model is expected, not 0/],
  ['two models', ['a', 'b', '--bits', '4', '--out', out], /one model is expected, not 2/],
  ['no bits', ['a', '--out', out], /--bits 4 or --bits 8 is needed/],
  ['five bits', ['a', '--bits', '5', '--out', out], /--bits takes 4, 8, not "5"/],
  ['no folder', ['a', '--bits', '4'], /--out FOLDER is needed/],
  [
    'a group of three',
    ['a', '--bits', '4', '--out', out, '--group', '3'],
    /--group takes a whole number of at least 8/,
  ],
  ['a group of twelve', ['a', '--bits', '4', '--out', out, '--group', '12'], /--group takes a multiple of 8, not 12/],
];
for (const [what, words, message] of wrong) {
  test(`${what}: exit code 2`, async () => {
    const result = await run(...words);
    assert.is(result.code, 2);
    assert.match(result.errors, message);
  });
}

const failing: [what: string, model: () => Promise<string> | string, words: string[], message: RegExp][] = [
  ['a model that is nowhere', () => join(root, 'none'), [], /There is no folder .*none/],
  [
    'a group that does not divide',
    () => `${repositoryRoot()}test/goldens/model/tiny-odd`,
    [],
    /groups of 32 do not divide all rows, of which some have 48, 80, 90, 150 elements; no multiple of 8 does/,
  ],
  ['a folder that is there', randomModelFolder, ['--out', root], /is there already/],
];
for (const [what, model, words, message] of failing) {
  test(`${what}: one line, exit code 1`, async () => {
    const result = await run(await model(), '--bits', '8', '--out', out, ...words);
    assert.is(result.code, 1);
    assert.is(result.out, '');
    assert.match(result.errors, message);
    assert.match(result.errors, /^quantize: [^\n]+\n$/);
  });
}

test('what it prints, and once more on its own result', async () => {
  const model = await randomModelFolder();
  const { code, out: text } = await run(model, '--bits', '4', '--out', out);
  assert.is(code, 0);
  assert.match(text, /^\d+ matrices in int4, groups of 32; their elements moved by \d\.\d\d % .*\nweights: .*\nwrote /);
  const again = await run(out, '--bits', '8', '--out', join(root, 'again'));
  assert.is(again.code, 1);
  assert.match(again.errors, /is quantised already/);
  const { out: document } = await run(model, '--bits', '8', '--group', '64', '--out', join(root, 'int8'), '--json');
  const report = JSON.parse(document);
  assert.equal([report.bits, report.group, report.folder], [8, 64, join(root, 'int8')]);
  assert.ok(report.change < 0.01 && report.bytesAfter < report.bytesBefore / 2);
});

test.run();
