/** The demo: its picture, the model that ships, and a run. */
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { exitCodeOf } from '../../../cli/command.ts';
import { shippedModelFolder } from '../../../cli/package.ts';
import { buildShapesTokenizer, decodeImage } from '../../../data/index.ts';
import { demo } from '../../../demo/run.ts';
import { drawScene } from '../../../demo/scene.ts';
import { openCheckpointFiles } from '../../../engine/safetensors.ts';
import { namedLeaves, parameterShapes, readConfig } from '../../../model/index.ts';
import { adapterChoice } from '../../adapter.ts';
import { captured, runInfer } from '../../cli/terminal.ts';
import { repositoryRoot } from '../../shared.ts';

const root = mkdtempSync(join(tmpdir(), 'demo-'));
test.after(() => rmSync(root, { recursive: true }));

const scene = `${repositoryRoot()}demo/scene.png`;

test('the picture that ships is the one that is drawn', async () => {
  const { width, height, data } = await decodeImage(new Uint8Array(readFileSync(scene)));
  const drawn = drawScene();
  assert.equal([width, height], [drawn.width, drawn.height]);
  assert.equal(data, drawn.data);
});

test('the model that ships holds what its configuration asks for, in f16, with the words of its world', async () => {
  const folder = await shippedModelFolder();
  const files = await openCheckpointFiles(folder);
  const shapes = namedLeaves(parameterShapes(await readConfig(folder)));
  assert.equal([...files.tensors.keys()].sort(), [...shapes.keys()].sort());
  for (const [name, { shape }] of shapes) {
    assert.equal(files.tensors.get(name)!.shape, shape, name);
    assert.is(files.tensors.get(name)!.dtype, 'F16');
  }
  await files.close();
  assert.ok(statSync(`${folder}/model.safetensors`).size <= 10e6);
  const { tokenizerJson } = buildShapesTokenizer({ gridSize: 16 });
  assert.equal(JSON.parse(readFileSync(`${folder}/tokenizer.json`, 'utf8')), JSON.parse(JSON.stringify(tokenizerJson)));
});

test('a run answers, and writes the picture with boxes', async () => {
  const terminal = captured();
  const out = join(root, 'demo.png');
  const code = await exitCodeOf('demo', demo, ['--adapter', adapterChoice(), '--out', out], terminal);
  assert.is(code, 0, terminal.errors);
  assert.match(terminal.out, /WebGPU adapter: ./);
  assert.match(terminal.out, /answer: An image of .*\n {4}.* {2}\(0\.\d+, 0\.\d+\)–\(0\.\d+, 0\.\d+\)\n/);
  assert.match(terminal.out, /How many stars are there\?\n.*\n {2}answer: Question: .* Answer: [a-z]+\n/);
  assert.ok(existsSync(out));
  const { width, height } = await decodeImage(new Uint8Array(readFileSync(out)));
  assert.ok(width >= 448 && height >= 448);
});

test('infer without --model says which one it takes', async () => {
  const { code, out, errors } = await runInfer(scene, '--adapter', adapterChoice());
  assert.is(code, 0, errors);
  assert.match(
    errors,
    /No --model: the small one that ships with this package, which knows drawings of coloured shapes/,
  );
  assert.match(out, /^An image of /);
});

test('wrong usage', async () => {
  for (const words of [['--adapter', 'x'], ['--foo'], ['word']]) {
    const terminal = captured();
    assert.is(await exitCodeOf('demo', demo, words, terminal), 2);
    assert.match(terminal.errors, /^demo: [^\n]+\n$/);
  }
});

test.run();
