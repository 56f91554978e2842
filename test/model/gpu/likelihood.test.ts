/** Likelihoods of alternatives: the values of the plain forward pass, whatever is shared and batched. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Device, requestDevice } from '../../../engine/device.ts';
import type { Tensor } from '../../../engine/tensor.ts';
import { Kosmos2 } from '../../../model/kosmos2.ts';
import { type AlternativeSet, LikelihoodScorer } from '../../../model/likelihood.ts';
import { adapterChoice } from '../../adapter.ts';
import { rejection, TINY, tinyPrompts } from './tiny.ts';

const test = suite('likelihood');
const { prompts, pictures } = await tinyPrompts();

let device: Device;
let model: Kosmos2;
let scorer: LikelihoodScorer;

test.before(async () => {
  device = await requestDevice({ adapter: adapterChoice() });
  model = await Kosmos2.load(TINY, device);
  scorer = new LikelihoodScorer(model);
});
test.after(() => device?.close());

/** Log-probabilities from the logits of the whole sequence, in float64. */
async function plainScores(set: AlternativeSet, images: Tensor | null): Promise<number[][]> {
  const all: number[][] = [];
  for (const { ids, scoredFrom } of set.alternatives) {
    const mask = ids.map((_, at) => set.imageMask?.[at] ?? 0);
    const batch = { inputIds: [ids], attentionMask: [ids.map(() => 1)], imageEmbedsPositionMask: [mask] };
    const { logits } = await model.forward(batch, images);
    const values = (await logits.read()) as Float32Array;
    logits.dispose();
    const { vocabSize } = model.config.text;
    all.push(
      ids.slice(scoredFrom).map((id, i) => {
        const row = values.subarray((scoredFrom + i - 1) * vocabSize, (scoredFrom + i) * vocabSize);
        const largest = row.reduce((most, value) => Math.max(most, value));
        return row[id] - largest - Math.log(row.reduce((sum, value) => sum + Math.exp(value - largest), 0));
      }),
    );
  }
  return all;
}

function assertClose(actual: readonly number[][], expected: readonly number[][]): void {
  assert.equal(
    actual.map((one) => one.length),
    expected.map((one) => one.length),
  );
  const differences = actual.flat().map((value, i) => Math.abs(value - expected.flat()[i]));
  assert.ok(Math.max(...differences) < 2e-5, `differs by ${Math.max(...differences)}`);
}

const endings: AlternativeSet = {
  alternatives: [
    { ids: [0, 40, 41, 42, 43, 50, 51, 52], scoredFrom: 5 },
    { ids: [0, 40, 41, 42, 43, 60], scoredFrom: 5 },
    { ids: [0, 40, 41, 42, 43, 50, 51, 61, 62, 63], scoredFrom: 5 },
  ],
};
/** One ending behind two contexts that differ in their middle. */
const contexts: AlternativeSet = {
  alternatives: [
    { ids: [0, 30, 31, 70, 32, 33, 34], scoredFrom: 4 },
    { ids: [0, 30, 31, 71, 72, 73, 32, 33, 34], scoredFrom: 6 },
  ],
};
/** Nothing but the beginning is shared, or not even that. */
const apart: AlternativeSet = {
  alternatives: [
    { ids: [0, 80], scoredFrom: 1 },
    { ids: [5, 81, 82], scoredFrom: 2 },
  ],
};

test('sets of different lengths in one batch, endings and contexts', async () => {
  const scores = await scorer.score([endings, contexts, apart]);
  for (const [i, set] of [endings, contexts, apart].entries()) assertClose(scores[i], await plainScores(set, null));
});

test('the order and the company of sets change nothing', async () => {
  const together = await scorer.score([apart, contexts, endings]);
  for (const [i, set] of [apart, contexts, endings].entries()) assertClose(together[i], (await scorer.score([set]))[0]);
});

test('behind pictures', async () => {
  const images = await model.encodeImages(pictures);
  const sets = prompts.map(({ inputIds: [ids], imageEmbedsPositionMask }): AlternativeSet => {
    const tails = [[44, 45], [46], [44, 47, 48]];
    return {
      alternatives: tails.map((tail) => ({ ids: [...ids, ...tail], scoredFrom: ids.length })),
      imageMask: imageEmbedsPositionMask![0],
    };
  });
  const scores = await scorer.score(sets, images);
  for (const [i, set] of sets.entries()) {
    const single = pictures.data.length / pictures.shape[0];
    const [, ...size] = pictures.shape;
    const own = await model.encodeImages({
      data: pictures.data.slice(i * single, (i + 1) * single),
      shape: [1, ...size],
    });
    assertClose(scores[i], await plainScores(set, own));
    own.dispose();
  }
  images.dispose();
});

test('an embedding in shards', async () => {
  const small = await requestDevice({ adapter: adapterChoice(), maxBindingBytes: 120_000 });
  try {
    const other = new LikelihoodScorer(await Kosmos2.load(TINY, small));
    const [scores] = await other.score([endings]);
    assertClose(scores, await plainScores(endings, null));
  } finally {
    small.close();
  }
});

test('what is refused', async () => {
  const score = (set: AlternativeSet) => rejection(scorer.score([set]));
  assert.match(await score({ alternatives: [] }), /no alternatives/);
  assert.match(await score({ alternatives: [{ ids: [0, 1], scoredFrom: 0 }] }), /none is scored, or the first/);
  assert.match(await score({ alternatives: [{ ids: [0, 1], scoredFrom: 2 }] }), /of 2 tokens none is scored/);
  const long = Array.from({ length: model.config.text.maxPositionEmbeddings + 1 }, () => 40);
  assert.match(await score({ alternatives: [{ ids: long, scoredFrom: 1 }] }), /more than the context of this model/);
  const pictured = { alternatives: [{ ids: [0, 4, 5, 6], scoredFrom: 2 }], imageMask: [0, 1, 1, 0] };
  assert.match(await score(pictured), /pictures do not stand before/);
});

test.run();
