import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { TrainProgress } from '../../cli/train-progress.ts';

function progressOn(output: { isTTY: boolean; columns?: number }) {
  const written: string[] = [];
  let now = 0;
  const progress = new TrainProgress({ write: (text) => written.push(text), ...output }, () => now);
  const stepAt = (time: number, step: number, loss = 2, tokensPerSecond = 12_345) => {
    now = time;
    progress.report({ step, steps: 1000, loss, tokensPerSecond, learningRate: 1.984e-4 });
  };
  return { written, progress, stepAt };
}

test('a terminal gets one line, redrawn at most ten times a second', () => {
  const { written, stepAt, progress } = progressOn({ isTTY: true, columns: 120 });
  for (let step = 1; step <= 100; step++) stepAt(20 * step, step);
  assert.is(written.length, 20);
  assert.is(
    written.at(-1),
    `\r██░░░░░░░░░░░░░░░░░░ step 96/1,000 · loss 2 · 18 s left · 12,345 tokens/s · learning rate 1.98e-4\x1b[K`,
  );
  progress.clear();
  assert.is(written.at(-1), '\r\x1b[K');
});

test('the first step and the last are shown at once', () => {
  const { written, stepAt } = progressOn({ isTTY: true, columns: 120 });
  stepAt(0, 1);
  stepAt(10, 999);
  stepAt(20, 1000);
  assert.is(written.length, 2);
  assert.match(written[0]!, /step 1\/1,000 · loss 2 · 12,345 tokens/);
  assert.match(written[1]!, /█{20} step 1,000\/1,000 · loss 2 · 12,345 tokens/);
});

test('what a narrow screen has no room for is left out whole', () => {
  const { written, stepAt } = progressOn({ isTTY: true, columns: 60 });
  stepAt(0, 1);
  stepAt(1000, 2);
  assert.is(written[1], `\r${'░'.repeat(20)} step 2/1,000 · loss 2\x1b[K`);
});

test('a log gets a line every ten seconds', () => {
  const { written, stepAt } = progressOn({ isTTY: false });
  for (let second = 0; second <= 25; second++) stepAt(1000 * second, second + 1);
  assert.equal(written, [
    'step 11/1,000 · loss 2 · 16 min 29 s left · 12,345 tokens/s · learning rate 1.98e-4\n',
    'step 21/1,000 · loss 2 · 16 min 19 s left · 12,345 tokens/s · learning rate 1.98e-4\n',
  ]);
});

test('a step that was done while a checkpoint was written does not make the pace look fast', () => {
  const { written, stepAt } = progressOn({ isTTY: true, columns: 120 });
  for (let step = 1; step < 30; step++) stepAt(1000 * step, step, 2, 1000);
  stepAt(30_000, 30, 2, 1e9);
  const shown = Number(/([\d,]+) tokens/.exec(written.at(-1)!)![1].replace(',', ''));
  assert.ok(shown > 1000 && shown < 1100, `${shown} tokens a second`);
});

test('the loss is smoothed, and a loss that is no number does not spoil it', () => {
  const { written, stepAt } = progressOn({ isTTY: true, columns: 120 });
  for (const [i, loss] of [4, 2, Number.NaN, 3].entries()) stepAt(1000 * i, i + 1, loss);
  const shown = written.map((line) => /loss ([\d.]+)/.exec(line)![1]);
  assert.equal([shown[0], shown[1], shown[2]], ['4', '2.983', '2.983']);
});

test('a resumed run has no time left until it knows its pace', () => {
  const { written, stepAt } = progressOn({ isTTY: true, columns: 120 });
  stepAt(0, 501);
  stepAt(2000, 502);
  assert.not.match(written[0]!, /left/);
  assert.match(written[1]!, /16 min 36 s left/);
});

test.run();
