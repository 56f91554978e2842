/** The network in the engine's ops against the one in plain TypeScript, and a training that learns. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { parameterShapes } from '../../../../data/grit/parser/config.ts';
import type { Rows } from '../../../../data/grit/parser/dense.ts';
import { ParserNetwork } from '../../../../data/grit/parser/network.ts';
import { Vocabulary } from '../../../../data/grit/parser/vocabulary.ts';
import { requestDevice, type Tensor, uniforms } from '../../../../engine/index.ts';
import { packedBatch, packRows, type TrainingSentence } from '../../../../train/parser/batch.ts';
import { countVocabulary } from '../../../../train/parser/count-vocabulary.ts';
import { ParserData, trainingSentence } from '../../../../train/parser/data.ts';
import { initialParameters } from '../../../../train/parser/initialize.ts';
import { freshState, ParserTrainer } from '../../../../train/parser/trainer.ts';
import { parseTreebank } from '../../../../train/parser/treebank.ts';
import { adapterChoice } from '../../../adapter.ts';
import { TINY_TRAINING, TINY_TREEBANK } from '../tiny.ts';

const sentences = parseTreebank(TINY_TREEBANK, 'tiny');
const vocabulary = new Vocabulary(countVocabulary(sentences));
const { model, batch } = TINY_TRAINING;
const shapes = parameterShapes(model, vocabulary);
const device = await requestDevice({ adapter: adapterChoice() });
test.after(() => device.close());

/** Every parameter away from its initial value, zeros too. */
function parametersAtRandom(): Record<string, Float32Array<ArrayBuffer>> {
  const initial = Object.entries(initialParameters(model, vocabulary, 3));
  return Object.fromEntries(
    initial.map(([name, values], i) => {
      const noise = uniforms(9, i, 0, values.length);
      return [name, values.map((value, at) => value + (noise[at] - 0.5) * 0.4)];
    }),
  );
}

test('the losses of both networks agree on sentences packed into rows', async () => {
  const encoded = sentences.map((sentence) => trainingSentence(sentence, vocabulary));
  const parameters = parametersAtRandom();
  const trainer = new ParserTrainer(TINY_TRAINING, freshState(parameters, shapes, device), device);
  const batches = packRows(encoded, batch).map((packed) => packedBatch(packed, batch));
  assert.is(
    batches.reduce((sum, { tokens }) => sum + tokens, 0),
    encoded.flatMap(({ words }) => words).length,
  );
  const given = await trainer.loss(batches);
  const expected = lossOf(new ParserNetwork(model, vocabulary, parameters), encoded);
  assert.ok(Math.abs(given - expected) < 2e-5 * expected, `${given} and ${expected}`);
  trainer.dispose();
});

test('forty steps learn a few sentences by heart', async () => {
  const { noise, seed } = TINY_TRAINING;
  const data = new ParserData(sentences, vocabulary, batch, { noise, seed });
  const state = freshState(initialParameters(model, vocabulary, seed), shapes, device);
  const trainer = new ParserTrainer(TINY_TRAINING, state, device);
  const losses: number[] = [];
  for (let step = 1; step <= TINY_TRAINING.steps; step++) {
    const report = await (await trainer.step(step, data.next())).report;
    assert.ok(Number.isFinite(report.gradientNorm));
    losses.push(report.loss);
  }
  assert.ok(losses.at(-1)! < losses[0] / 5, `from ${losses[0]} to ${losses.at(-1)}`);
  const weights: Record<string, Float32Array> = {};
  for (const [name, tensor] of Object.entries(trainer.state.average))
    weights[name] = (await (tensor as Tensor).read()) as Float32Array;
  trainer.dispose();
  const encoded = sentences.map((sentence) => trainingSentence(sentence, vocabulary));
  const parses = new ParserNetwork(model, vocabulary, weights).parse(encoded);
  assert.equal(
    parses.map(({ heads }) => [...heads]),
    sentences.map(({ heads }) => [...heads]),
  );
});

/** The mean over words of the weighted sum of −log p, as the trainer counts it. */
function lossOf(network: ParserNetwork, encoded: readonly TrainingSentence[]): number {
  const words = network.encode(encoded);
  const { upos, xpos } = network.tagScores(words);
  const column = (name: 'upos' | 'xpos' | 'relations') => encoded.flatMap((sentence) => sentence[name]);
  const heads = encoded.map((sentence) => Int32Array.from(sentence.heads));
  let arcs = 0;
  for (const [i, { size, scores }] of network.arcScores(words).entries()) {
    for (let word = 0; word < size; word++) {
      const row = scores.slice(word * (size + 1), (word + 1) * (size + 1));
      row[word] = Number.NEGATIVE_INFINITY;
      arcs += surprise([...row], heads[i][word] === -1 ? size : heads[i][word]);
    }
  }
  const { lossWeights } = TINY_TRAINING;
  const tags = lossWeights.upos * surprises(upos, column('upos')) + lossWeights.xpos * surprises(xpos, column('xpos'));
  const relations = surprises(network.relationScores(words, heads), column('relations'));
  return (arcs + relations + tags) / words.layout.count;
}

function surprises({ data, width }: Rows, answers: readonly number[]): number {
  return answers.reduce(
    (sum, answer, row) => sum + surprise([...data.slice(row * width, (row + 1) * width)], answer),
    0,
  );
}

function surprise(logits: readonly number[], answer: number): number {
  return Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit - logits[answer]), 0));
}

test.run();
