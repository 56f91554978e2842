/** Labels on their way to the loss. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { parseConfig } from '../../model/config.ts';
import { nextTokenLabels } from '../../model/loss.ts';

const config = parseConfig({ text_config: { vocab_size: 12 }, vision_config: {} });

test('labels move to the position that predicts them', () => {
  const { data, shape } = nextTokenLabels(
    [
      [-100, 4, 2],
      [-100, -100, 11],
    ],
    config,
  );
  assert.equal([...data], [4, 2, -100, -100, 11, -100]);
  assert.equal(shape, [6]);
});

test('a label outside the vocabulary is refused', () => {
  assert.throws(
    () => nextTokenLabels([[0, 12]], config),
    /label 12 is neither -100 nor a token of the vocabulary of 12/,
  );
  assert.throws(() => nextTokenLabels([[0, -1]], config), /label -1/);
  assert.throws(() => nextTokenLabels([[0.5]], config), /label 0.5/);
});

test.run();
