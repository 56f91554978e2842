/** Token batches on their way to the decoder: what the graphs get, and one clear error for each batch that makes no sense. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { hostBatch, type TokenBatch } from '../../model/batch.ts';
import { parseConfig } from '../../model/config.ts';

const config = parseConfig({ text_config: { vocab_size: 20 }, vision_config: {} });

test('two rows, padded on different sides, with slots', () => {
  const host = hostBatch(
    {
      inputIds: [
        [0, 4, 5, 9],
        [1, 1, 0, 4],
      ],
      attentionMask: [
        [1, 1, 1, 1],
        [0, 0, 1, 1],
      ],
      imageEmbedsPositionMask: [
        [0, 1, 1, 0],
        [0, 0, 0, 1],
      ],
    },
    config,
  );
  assert.equal([host.rows, host.length, host.slotCount, host.lastPosition], [2, 4, 3, 5]);
  assert.equal([...host.ids.data], [0, 4, 5, 9, 1, 1, 0, 4]);
  assert.equal([...host.positionIds.data], [2, 3, 4, 5, 1, 1, 2, 3]);
  assert.equal([...host.bounds.data], [0, 4, 2, 4]);
  assert.equal([...host.slots!.mask.data], [0, 1, 1, 0, 0, 0, 0, 1]);
  assert.equal([...host.slots!.index.data], [0, 0, 1, 0, 0, 0, 0, 2]);
  assert.equal(host.slots!.mask.shape, [2, 4, 1]);
});

test('the mask says what padding is, whatever token stands there', () => {
  const host = hostBatch({ inputIds: [[0, 7, 8, 8]], attentionMask: [[1, 1, 0, 0]] }, config);
  assert.equal([...host.positionIds.data], [2, 3, 1, 1]);
  assert.equal([...host.bounds.data], [0, 2]);
  assert.is(host.slots, null);
});

test('a mask of slots without any is as good as none', () => {
  const inputIds = [[0, 7]];
  const host = hostBatch({ inputIds, attentionMask: [[1, 1]], imageEmbedsPositionMask: [[0, 0]] }, config);
  assert.equal([host.slots, host.slotCount], [null, 0]);
});

test('batches that make no sense', () => {
  const wrong: [TokenBatch, RegExp][] = [
    [{ inputIds: [], attentionMask: [] }, /the batch is empty/],
    [{ inputIds: [[]], attentionMask: [[]] }, /the batch is empty/],
    [{ inputIds: [[0, 4], [0]], attentionMask: [[1, 1], [1]] }, /rows of inputIds do not all have the length 2/],
    [{ inputIds: [[0, 4]], attentionMask: [[1]] }, /rows of attentionMask do not all/],
    [
      {
        inputIds: [[0, 4]],
        attentionMask: [
          [1, 1],
          [1, 1],
        ],
      },
      /rows of attentionMask/,
    ],
    [
      { inputIds: [[0, 4]], attentionMask: [[1, 1]], imageEmbedsPositionMask: [[0, 0, 1]] },
      /rows of imageEmbedsPositionMask/,
    ],
    [{ inputIds: [[0, 20]], attentionMask: [[1, 1]] }, /token id 20 lies outside the model's vocabulary of 20/],
    [{ inputIds: [[-1, 4]], attentionMask: [[1, 1]] }, /token id -1 lies outside/],
    [{ inputIds: [[0, 1.5]], attentionMask: [[1, 1]] }, /token id 1.5 lies outside/],
    [{ inputIds: [[0, Number.NaN]], attentionMask: [[1, 1]] }, /token id NaN lies outside/],
    [{ inputIds: [[0, 4, 5]], attentionMask: [[1, 0, 1]] }, /row 0 of the batch has padding between its tokens/],
    [{ inputIds: [[0], [0]], attentionMask: [[1], [0]] }, /row 1 of the batch has no token that is not padding/],
  ];
  for (const [batch, message] of wrong) assert.throws(() => hostBatch(batch, config), message);
});

test.run();
