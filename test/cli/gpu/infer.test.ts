/** The command `infer` on a device: its outputs, the golden ids, and how its process ends. */
import { spawn, spawnSync } from 'node:child_process';
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { decodeImage } from '../../../data/index.ts';
import { adapterChoice } from '../../adapter.ts';
import { randomModelFolder } from '../../fixtures/random-model.ts';
import { repositoryRoot, skipUnlessShared } from '../../shared.ts';
import { runInfer } from '../terminal.ts';

const root = mkdtempSync(join(tmpdir(), 'infer-gpu-'));
test.after(() => rmSync(root, { recursive: true }));

const house = `${repositoryRoot()}test/fixtures/house.png`;
const adapter = ['--adapter', adapterChoice(), '--model', await randomModelFolder()];

test('--json prints one document, and draws', async () => {
  const out = join(root, 'out.png');
  const box = ['--box', 'the sun=0.09375,0.09375,0.28125,0.34375'];
  const {
    code,
    out: printed,
    errors,
  } = await runInfer(house, ...adapter, ...box, '--json', '--max-new-tokens', '8', '--out', out);
  assert.is(code, 0, errors);
  const document = JSON.parse(printed);
  assert.equal(Object.keys(document), [
    ...[
      'model',
      'adapter',
      'prompt',
      'inputIds',
      'generatedIds',
      'raw',
      'text',
      'entities',
      'stopped',
      'out',
      'timings',
    ],
  ]);
  assert.is(document.prompt, '<grounding><phrase>the sun</phrase> is');
  assert.is(document.generatedIds.length, 8);
  assert.is(document.stopped, 'length');
  assert.equal(document.entities[0], { text: 'the sun', span: [0, 7], boxes: [[0.09375, 0.09375, 0.28125, 0.34375]] });
  assert.ok(document.text.startsWith('the sun is '));
  assert.is(document.out, out);
  const drawn = await decodeImage(new Uint8Array(readFileSync(out)));
  assert.equal([drawn.width, drawn.height], [640, 480]);
  // the sun's frame is in the first colour of the palette
  const at = 3 * (Math.round(0.2 * 480) * 640 + Math.round(0.09375 * 640) + 1);
  assert.equal([...drawn.data.subarray(at, at + 3)], [230, 48, 62]);
});

test('text for people, and Markdown', async () => {
  const words = [house, ...adapter, '--max-new-tokens', '5', '--box', 'a house=0.1,0.1,0.9,0.9', '--prompt'];
  const plain = await runInfer(...words, '<grounding>I see a house.');
  assert.is(plain.code, 0, plain.errors);
  assert.match(plain.out, /^I see a house\..*\n {2}a house {2}\(0\.\d{3}, 0\.\d{3}\)–\(0\.\d{3}, 0\.\d{3}\)\n/);
  assert.match(plain.errors, /5 tokens/);
  const markdown = await runInfer(...words, '<grounding>I see a house.', '--markdown');
  assert.match(markdown.out, /^I see \[a house\]\(0\.094,0\.094,0\.906,0\.906\)\..*\n$/);
});

test('sampling follows the seed, beams search, f16 loads', async () => {
  const ids = async (...words: string[]): Promise<number[]> => {
    const { code, out, errors } = await runInfer(house, ...adapter, '--json', '--max-new-tokens', '6', ...words);
    assert.is(code, 0, errors);
    return JSON.parse(out).generatedIds;
  };
  const one = await ids('--seed', '1');
  assert.equal(await ids('--seed', '1'), one);
  assert.not.equal(await ids('--seed', '2'), one);
  assert.ok((await ids('--beams', '2')).length > 0);
  assert.is((await ids('--dtype', 'f16')).length, 6);
  assert.equal(await ids('--temperature', '1', '--top-p', '0.000001'), await ids(), 'only the likeliest token is left');
});

test('a prompt longer than the context is one clear line', async () => {
  const { code, out, errors } = await runInfer(house, ...adapter, '--prompt', 'the sun '.repeat(200));
  assert.is(code, 1);
  assert.is(out, '');
  assert.match(errors, /^infer: the prompt has \d+ tokens.* the context of this model ends at 256; shorten it\n$/);
});

test('nothing is written where the run failed', async () => {
  const out = join(root, 'never.png');
  const { code } = await runInfer(house, ...adapter, '--prompt', 'the sun '.repeat(200), '--out', out);
  assert.is(code, 1);
  assert.not.ok(existsSync(out));
});

/** What the runtime that runs this test is to run. */
const script = [...('Deno' in globalThis ? ['run', '-A'] : ['--import', 'tsx']), 'infer.ts'];
const cwd = repositoryRoot();

/** The command as a process of its own. */
function start(...words: string[]) {
  const child = spawn(process.execPath, [...script, house, ...adapter, ...words], { cwd });
  let out = '';
  let errors = '';
  child.stdout.on('data', (data) => {
    out += data;
  });
  child.stderr.on('data', (data) => {
    errors += data;
  });
  const ended = new Promise<{ code: number | null; out: string; errors: string }>((resolve) =>
    child.on('close', (code) => resolve({ code, out, errors })),
  );
  return { child, ended };
}

test('the process ends by itself', async () => {
  const { code, out } = await start('--json', '--max-new-tokens', '2').ended;
  assert.is(code, 0);
  assert.is(JSON.parse(out).generatedIds.length, 2);
});

test('Ctrl-C ends the generation, and what has come is printed', async () => {
  const { child, ended } = start('--max-new-tokens', '230', '--no-repeat-ngram', '1');
  // not by child.kill: after that, Deno reports the signal as what ended the child, whatever did
  child.stdout.once('data', () => process.kill(child.pid!, 'SIGINT'));
  const { code, out, errors } = await ended;
  assert.is(code, 1);
  assert.match(out, /^An image of .*\n$/);
  assert.match(errors, /infer: interrupted\n$/);
});

test('a reader that has seen enough is no error', async () => {
  const { child, ended } = start('--max-new-tokens', '100');
  child.stdout.once('data', () => child.stdout.destroy());
  const { code, errors } = await ended;
  assert.is(code, 0);
  assert.not.match(errors, /EPIPE|BrokenPipe/);
});

test('an output that cannot be written is one clear line', () => {
  // Linux has a file that is always full
  if (!existsSync('/dev/full')) return console.log('skipped: an output that cannot be written (needs /dev/full)');
  const full = openSync('/dev/full', 'w');
  const { status, stderr } = spawnSync(process.execPath, [...script, '--help'], {
    cwd,
    stdio: ['ignore', full, 'pipe'],
  });
  closeSync(full);
  assert.is(status, 1);
  assert.match(stderr.toString(), /^infer: .*no space left on device.*\n$/i);
});

skipUnlessShared(test, 'goldens/model/e2e', 'the golden of a snowman', async (folder) => {
  const { generations } = JSON.parse(readFileSync(`${folder}/expected.json`, 'utf8'));
  const prompt = '<grounding>An image of';
  const golden = generations.find((one: { image: number; prompt: string }) => one.image === 1 && one.prompt === prompt);
  const image = `${folder}/images/snowman.png`;
  const { code, out, errors } = await runInfer(image, ...adapter, '--model', folder, '--prompt', prompt, '--json');
  assert.is(code, 0, errors);
  const { inputIds, generatedIds, raw, text } = JSON.parse(out);
  assert.equal(
    [inputIds, generatedIds, raw, text],
    [golden.input_ids, golden.generated_ids, golden.caption, golden.text],
  );
});

test.run();
