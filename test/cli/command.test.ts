/** What goes wrong before there is a device: one line, the right exit code, nothing on standard output. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { INFER_HELP } from '../../cli/arguments.ts';
import { exitCodeOf, UsageError } from '../../cli/command.ts';
import { repositoryRoot } from '../shared.ts';
import { captured, runInfer } from './terminal.ts';

const root = mkdtempSync(join(tmpdir(), 'infer-'));
test.after(() => rmSync(root, { recursive: true }));

const house = `${repositoryRoot()}test/fixtures/house.png`;
const model = `${repositoryRoot()}test/fixtures/random-model`;

function folder(name: string, files: Record<string, string>): string {
  mkdirSync(join(root, name), { recursive: true });
  for (const [file, text] of Object.entries(files)) writeFileSync(join(root, name, file), text);
  return join(root, name);
}

test('an error is one line and 1, wrong usage one line and 2', async () => {
  const run = async (error: unknown) => {
    const terminal = captured();
    const code = await exitCodeOf('name', async () => Promise.reject(error), [], terminal);
    return [code, terminal.errors];
  };
  assert.equal(await run(new Error('first\n  second\n')), [1, 'name: first second\n']);
  assert.equal(await run('thrown'), [1, 'name: thrown\n']);
  assert.equal(await run(new UsageError('no')), [2, 'name: no (see --help)\n']);
});

test('--help and --version', async () => {
  assert.equal(await runInfer('--help'), { code: 0, out: `${INFER_HELP}\n`, errors: '' });
  const { code, out } = await runInfer('--version');
  assert.is(code, 0);
  assert.match(out, /^\d+\.\d+\.\d+\n$/);
});

function file(name: string, content: string): string {
  writeFileSync(join(root, name), content, 'latin1');
  return join(root, name);
}

const FAILING: [what: string, words: () => string[], code: number, message: RegExp][] = [
  ['wrong usage', () => [house, '--nothing'], 2, /^infer: Unknown option '--nothing' \(see --help\)\n$/],
  ['a missing picture', () => [join(root, 'none.png')], 1, /none\.png: no such file or folder/],
  ['a folder as picture', () => [root], 1, /it is not a file/],
  ['a file that is no picture', () => [file('text.png', 'hello')], 1, /text\.png: only PNG, JPEG and WebP/],
  ['a damaged picture', () => [file('cut.png', '\x89PNG\r\n\x1a\n')], 1, /cut\.png: .*png/i],
  ['an output folder that is not there', () => [house, '--out', join(root, 'no/x.png')], 1, /there is no folder/],
  ['an output that is a folder', () => [house, '--out', folder('d.png', {})], 1, /it is a folder/],
  ['a model that is nowhere', () => [house, '--model', join(root, 'no-model')], 1, /There is no folder/],
  ['a model that is a file', () => [house, '--model', house], 1, /is a file: name the folder/],
  ['a folder without config', () => [house, '--model', folder('empty', {})], 1, /config\.json: no such file/],
  ['a broken config', () => [house, '--model', folder('broken', { 'config.json': '{"a":' })], 1, /is no valid JSON/],
  [
    'a config of something else',
    () => [house, '--model', folder('other', { 'config.json': '{"model_type":"bert"}' })],
    1,
    /model_type/,
  ],
];

for (const [what, words, expected, message] of FAILING) {
  test(`${what}: one line, exit code ${expected}`, async () => {
    const { code, out, errors } = await runInfer(...words());
    assert.is(code, expected);
    assert.is(out, '');
    assert.match(errors, message);
    assert.match(errors, /^infer: [^\n]+\n$/);
  });
}

test('a folder without tokenizer, and one whose tokenizer is too large for the model', async () => {
  const { readFileSync } = await import('node:fs');
  const config = readFileSync(`${model}/config.json`, 'utf8');
  const bare = await runInfer(house, '--model', folder('bare', { 'config.json': config }));
  assert.is(bare.code, 1);
  assert.match(bare.errors, /holds no tokenizer\.json/);
  const small = folder('small', {
    'config.json': config.replace('1343', '1000'),
    'tokenizer.json': `${model}/tokenizer.json`,
  });
  const { code, errors } = await runInfer(house, '--model', small);
  assert.is(code, 1);
  assert.match(errors, /the tokenizer has 1343 ids, but the model only 1000/, 'and the link that is text was followed');
});

test.run();
