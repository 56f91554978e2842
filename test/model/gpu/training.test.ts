/** Gradients and twenty optimiser steps of the small model against the reference, through the checkers of the command `golden`. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { adapterChoice } from '../../adapter.ts';
import { checkGradients } from '../../golden/gradients.ts';
import { ModelOnDevice } from '../../golden/model-on-device.ts';
import { checkTraining } from '../../golden/training.ts';
import { copyParameters, disposeTree } from '../../golden/training-run.ts';
import { TINY } from './tiny.ts';

const test = suite('training');
const onDevice = new ModelOnDevice(TINY, adapterChoice());
const altered = mkdtempSync(join(tmpdir(), 'golden-training-'));
test.after(() => {
  onDevice.close();
  rmSync(altered, { recursive: true });
});

test('loss and gradient of every parameter', async () => {
  const cases = await checkGradients(TINY, await onDevice.get());
  assert.equal(
    cases.filter(({ ok }) => !ok),
    [],
  );
  assert.ok(cases.length > 100);
});

test('twenty steps of AdamW with clipping; memory stays as planned', async () => {
  const model = await onDevice.get();
  // the plans of the eager ops that copy parameters stay, each with a few bytes for its number
  disposeTree(copyParameters(model.parameters));
  const before = model.device.buffers.bytesByOwner();
  const cases = await checkTraining(TINY, model);
  assert.equal(
    cases.filter(({ ok }) => !ok),
    [],
  );
  const after = model.device.buffers.bytesByOwner();
  assert.equal([after.tensor ?? 0, after.plan ?? 0], [before.tensor ?? 0, before.plan ?? 0], 'nothing is left behind');
});

test('altered values are noticed', async () => {
  for (const name of readdirSync(TINY)) {
    if (/^(gradients|training)/.test(name) && name.endsWith('.safetensors'))
      symlinkSync(join(TINY, name), join(altered, name));
  }
  const gradients = JSON.parse(readFileSync(join(TINY, 'gradients.json'), 'utf8'));
  gradients.loss += 2e-4;
  writeFileSync(join(altered, 'gradients.json'), JSON.stringify(gradients));
  const training = JSON.parse(readFileSync(join(TINY, 'training.json'), 'utf8'));
  // another optimiser ends elsewhere
  training.optimizer.weight_decay = 0;
  training.optimizer.betas = [0.9, 0.999];
  writeFileSync(join(altered, 'training.json'), JSON.stringify(training));
  const model = await onDevice.get();
  const wrong = [...(await checkGradients(altered, model)), ...(await checkTraining(altered, model))].filter(
    ({ ok }) => !ok,
  );
  assert.ok(wrong.some(({ name }) => name === 'gradients.json loss'));
  assert.ok(wrong.some(({ name }) => name.startsWith('training.json final')));
  assert.ok(wrong.some(({ name }) => /training\.json step \d+ loss/.test(name)));
});

test.run();
