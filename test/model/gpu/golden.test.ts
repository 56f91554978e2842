/** The small model against the reference, through the checkers of the command `golden`, which notice what is wrong. */
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { openSafetensorsFile, type TensorToWrite, writeSafetensors } from '../../../engine/safetensors.ts';
import { adapterChoice } from '../../adapter.ts';
import type { GoldenCase } from '../../golden/case.ts';
import { checkForward } from '../../golden/forward.ts';
import { checkGeneration } from '../../golden/generation.ts';
import { ModelOnDevice } from '../../golden/model-on-device.ts';
import { golden } from '../../golden/run-command.ts';
import { TINY } from './tiny.ts';

const test = suite('golden');
const onDevice = new ModelOnDevice(TINY, adapterChoice());
const altered = mkdtempSync(join(tmpdir(), 'golden-model-'));
test.after(() => {
  onDevice.close();
  rmSync(altered, { recursive: true });
});

const wrong = (cases: readonly GoldenCase[]) => cases.filter(({ ok }) => !ok);

test('forward pass', async () => {
  const cases = await checkForward(TINY, await onDevice.get());
  assert.equal(wrong(cases), []);
  assert.is(cases.length, 63);
  assert.ok(cases.every(({ deviation }) => (deviation as number) < 5e-6));
});

test('greedy search, beam search and a padded batch', async () => {
  const cases = await checkGeneration(TINY, await onDevice.get());
  assert.equal(wrong(cases), []);
  assert.is(cases.length, 3 * 2 * 5 + (6 + 4 + 4) * 2 + 3);
});

test('an altered value of the forward pass is noticed, padding is not looked at', async () => {
  const path = join(altered, 'forward.safetensors');
  const source = join(TINY, 'forward.safetensors');
  const file = await openSafetensorsFile(source);
  const bytes = readFileSync(source);
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const alter = (name: string, row: number) => {
    const { offset, shape } = file.tensors.get(name)!;
    const at = offset + 4 * row * shape[shape.length - 1];
    view.setFloat32(at, view.getFloat32(at, true) + 0.01, true);
  };
  alter('text_only.logits', 3);
  alter('image.vision.layer.1', 2);
  const mask = file.tensors.get('left_padded.attention_mask')!;
  const isPad = (at: number) => view.getInt32(mask.offset + 4 * at, true) === 0;
  const [rows, length] = mask.shape;
  const pad = Array.from({ length: rows * length }, (_, i) => i).find(isPad)!;
  alter('left_padded.text.layer_norm', pad);
  await file.close();
  writeFileSync(path, bytes);
  const cases = await checkForward(altered, await onDevice.get());
  assert.equal(
    wrong(cases).map(({ name }) => name),
    ['forward.safetensors image vision.layer.1', 'forward.safetensors text_only logits'],
  );
});

test('altered values of a generation are noticed', async () => {
  const golden = JSON.parse(readFileSync(join(TINY, 'generation.json'), 'utf8'));
  const [prompt] = golden.prompts;
  golden.max_new_tokens = 6;
  delete golden.left_padded_batch;
  golden.prompts = [prompt];
  const [greedy] = prompt.greedy;
  prompt.greedy = [greedy];
  prompt.beam = [{ ...prompt.beam[0], sequences: [{ generated_ids: [1], score: -1 }] }];
  greedy.generated_ids = greedy.generated_ids.slice(0, 6);
  greedy.steps = greedy.steps.slice(0, 6);
  greedy.steps[1].top5[4][1] += 2e-4;
  greedy.steps[2].margin += 2e-4;
  greedy.steps[3].token = 1;
  greedy.steps[4].banned = [7];
  greedy.min_margin = Math.min(...greedy.steps.map(({ margin }: { margin: number }) => margin));
  copyFileSync(join(TINY, 'generation_inputs.safetensors'), join(altered, 'generation_inputs.safetensors'));
  writeFileSync(join(altered, 'generation.json'), JSON.stringify(golden));
  const cases = await checkGeneration(altered, await onDevice.get());
  const name = 'generation.json prompt 0';
  const beams = `${name} 5 beams, 0-grams, no early stopping, length penalty 1`;
  assert.equal(
    cases.map((one) => [one.name, one.ok]),
    [
      [`${name} greedy, 0-grams ids`, true],
      [`${name} greedy, 0-grams tokens of the steps`, false],
      [`${name} greedy, 0-grams likeliest tokens`, false],
      [`${name} greedy, 0-grams margins`, false],
      [`${name} greedy, 0-grams banned tokens`, false],
      [`${beams} ids`, false],
      [`${beams} scores`, false],
    ],
  );
});

test('the command ends by itself', async () => {
  const folder = join(altered, 'command');
  mkdirSync(folder);
  for (const file of ['config.json', 'model.safetensors']) copyFileSync(join(TINY, file), join(folder, file));
  const file = await openSafetensorsFile(join(TINY, 'forward.safetensors'));
  const tensors: TensorToWrite[] = [];
  for (const [name, { dtype, shape }] of file.tensors) {
    if (name.startsWith('text_only.')) tensors.push({ name, dtype, shape, data: await file.read(name) });
  }
  await file.close();
  await writeSafetensors(join(folder, 'forward.safetensors'), tensors);
  const { code, report, errors } = golden(folder, '--adapter', adapterChoice());
  assert.is(code, 0, errors);
  assert.is(report.cases.length, 5);
});

test('a folder without weights is one clear failure', async () => {
  const other = new ModelOnDevice(altered, adapterChoice());
  try {
    await other.get();
    assert.unreachable();
  } catch (error) {
    assert.match((error as Error).message, /config\.json/);
  } finally {
    other.close();
  }
});

test.run();
