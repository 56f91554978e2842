/** The demo: its picture, its checkpoint, and a run. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { exitCodeOf } from '../../../cli/command.ts';
import { decodeImage } from '../../../data/index.ts';
import { demoModelFolder, randomTensors } from '../../../demo/checkpoint.ts';
import { drawHouse, HOUSE_BOXES } from '../../../demo/house.ts';
import { demo } from '../../../demo/run.ts';
import { openCheckpointFiles } from '../../../engine/safetensors.ts';
import { namedLeaves, parameterShapes, readConfig } from '../../../model/index.ts';
import { adapterChoice } from '../../adapter.ts';
import { captured } from '../../cli/terminal.ts';
import { repositoryRoot } from '../../shared.ts';

/** Elements, their sum and the sum of their squares. */
const WEIGHTS = [284672, '997.9070', '12083.0406'];

const root = mkdtempSync(join(tmpdir(), 'demo-'));
test.after(() => rmSync(root, { recursive: true }));

test('the picture that ships is the one that is drawn', async () => {
  const { width, height, data } = await decodeImage(new Uint8Array(readFileSync(`${repositoryRoot()}demo/house.png`)));
  const drawn = drawHouse();
  assert.equal([width, height], [drawn.width, drawn.height]);
  assert.equal(data, drawn.data);
});

test('the checkpoint is made once, and holds what its configuration asks for', async () => {
  const folder = await demoModelFolder();
  assert.is(await demoModelFolder(), folder);
  const files = await openCheckpointFiles(folder);
  const shapes = namedLeaves(parameterShapes(await readConfig(folder)));
  assert.equal([...files.tensors.keys()].sort(), [...shapes.keys()].sort());
  for (const [name, { shape }] of shapes) assert.equal(files.tensors.get(name)!.shape, shape, name);
  await files.close();
});

test('its weights are the same on every machine', async () => {
  const tensors = randomTensors(parameterShapes(await readConfig(await demoModelFolder())));
  let sum = 0;
  let squares = 0;
  let count = 0;
  for (const { data } of tensors) {
    for (const value of data as Float32Array) {
      sum += value;
      squares += value * value;
      count++;
    }
  }
  assert.equal([count, sum.toFixed(4), squares.toFixed(4)], WEIGHTS);
});

test('a run says that the weights are random, shows the boxes of the prompt, and writes the picture', async () => {
  const terminal = captured();
  const out = join(root, 'demo.png');
  const code = await exitCodeOf('demo', demo, ['--adapter', adapterChoice(), '--out', out], terminal);
  assert.is(code, 0, terminal.errors);
  assert.match(terminal.out, /RANDOM/);
  assert.match(terminal.out, /WebGPU adapter: ./);
  assert.match(terminal.out, /first token after \d+ ms/);
  assert.match(terminal.out, / {4}the tree {3}\(0\.719, 0\.406\)–\(0\.969, 0\.844\)\n/);
  assert.ok(existsSync(out));
  const { width, height, data } = await decodeImage(new Uint8Array(readFileSync(out)));
  assert.equal([width, height], [640, 480]);
  const [x1, y1] = HOUSE_BOXES['the house'];
  const at = 3 * (Math.round((y1 + 0.2) * height) * width + Math.round(x1 * width));
  assert.equal([...data.subarray(at, at + 3)], [230, 48, 62], 'the left side of the first box');
});

test('wrong usage', async () => {
  for (const words of [['--adapter', 'x'], ['--foo'], ['word']]) {
    const terminal = captured();
    assert.is(await exitCodeOf('demo', demo, words, terminal), 2);
    assert.match(terminal.errors, /^demo: [^\n]+\n$/);
  }
});

test.run();
