/** Several corpora in the steps of a training run. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  type ExampleStream,
  type MicroBatch,
  type Mixture,
  type MixtureSource,
  type MixtureState,
  openCorpus,
  openMixture,
} from '../../../data/corpora/index.ts';
import { rejects } from '../../rejects.ts';
import { temporaryFolder } from '../grit/files.ts';
import { contextWith, png, show } from './files.ts';

const folder = temporaryFolder();
test.after(folder.remove);
folder.file('a.png', png(1));

const words = ['a', 'dog', 'in', 'field', 'fire'];
const texts = folder.file('texts.jsonl', words.map((text) => `${JSON.stringify({ text })}\n`).join(''));
const rows = words.map((caption) => ({ image: 'a.png', caption }));
const captions = folder.file('captions.jsonl', [...rows, {}].map((row) => `${JSON.stringify(row)}\n`).join(''));

async function sourcesFrom(states: Readonly<Record<string, unknown>> = {}): Promise<MixtureSource[]> {
  const context = contextWith({ sequenceLength: 16 });
  const text = await openCorpus({ kind: 'text', path: texts, shuffleBuffer: 2 }, context, states.text);
  const pairs = await openCorpus({ kind: 'captions', path: captions, workers: 0 }, context, states.pairs);
  return [
    { name: 'text', stream: text, perStep: 2, microBatch: 1 },
    { name: 'pairs', stream: pairs, perStep: 7, microBatch: 3 },
  ];
}

const shown = (steps: readonly { name: string; examples: readonly { sequences: readonly object[] }[] }[][]) =>
  steps.map((step) =>
    step.map(({ name, examples }) => [name, examples.map(({ sequences }) => show(sequences[0] as never))]),
  );

/** The next steps of a mixture and its states behind them; the mixture is closed. */
async function taken(mixture: Mixture, count: number): Promise<{ steps: MicroBatch[][]; states: MixtureState[] }> {
  const steps: MicroBatch[][] = [];
  const states: MixtureState[] = [];
  while (steps.length < count) {
    steps.push(await mixture.nextStep());
    states.push(mixture.state());
  }
  await mixture.close();
  return { steps, states };
}

test('a step has so many of each, in micro-batches of one source; it goes on where it was', async () => {
  const mixture = openMixture(await sourcesFrom());
  const steps = [await mixture.nextStep()];
  assert.equal(
    steps[0]!.map(({ name, examples }) => [name, examples.length]),
    [
      ['text', 1],
      ['text', 1],
      ['pairs', 3],
      ['pairs', 3],
      ['pairs', 1],
    ],
  );
  const { streams } = JSON.parse(JSON.stringify(mixture.state()));
  for (let i = 0; i < 3; i++) steps.push(await mixture.nextStep());
  const problems = mixture.problems();
  assert.equal(
    problems.map(({ name, problems }) => [name, problems.map(({ reason }) => reason)]),
    [['pairs', ['record without a caption']]],
  );
  await mixture.close();

  const again = openMixture(await sourcesFrom(streams));
  const rest = [await again.nextStep(), await again.nextStep(), await again.nextStep()];
  assert.equal(shown(rest), shown(steps.slice(1)));
  assert.equal(again.problems(), problems);
  await again.close();
});

test('a source may take part in every n-th step only, also when a mixture goes on', async () => {
  const open = async (steps: number, streams = {}) => {
    const [text, pairs] = await sourcesFrom(streams);
    return openMixture([pairs, { ...text, every: 3 }], steps);
  };
  const { steps, states } = await taken(await open(0), 7);
  const withText = steps.map((step) => step.filter(({ name }) => name === 'text').length);
  assert.equal(withText, [0, 0, 2, 0, 0, 2, 0]);
  const again = await open(states[3].steps, states[3].streams);
  assert.equal(shown((await taken(again, 3)).steps), shown(steps.slice(4)));
});

test('a source may begin late or end early, also when a mixture goes on', async () => {
  const open = async (steps: number, streams = {}) => {
    const [text, pairs] = await sourcesFrom(streams);
    return openMixture(
      [
        { ...pairs, until: 3 },
        { ...text, from: 3 },
      ],
      steps,
    );
  };
  const { steps, states } = await taken(await open(0), 5);
  const names = steps.map((step) => [...new Set(step.map(({ name }) => name))].join());
  assert.equal(names, ['pairs', 'pairs', 'pairs,text', 'text', 'text']);
  const again = await open(states[1].steps, states[1].streams);
  assert.equal(shown((await taken(again, 3)).steps), shown(steps.slice(2)));
});

test('sources that cannot be used are refused by name', async () => {
  const stream = {} as ExampleStream;
  const source = { name: 'a', stream, perStep: 2, microBatch: 1 };
  await rejects(() => openMixture([]), Error, /there is no source/);
  await rejects(() => openMixture([source, source]), Error, /two sources have the name "a"/);
  await rejects(
    () => openMixture([{ ...source, perStep: 0 }]),
    Error,
    /perStep of "a" must be a whole number of at least 1, found 0/,
  );
  await rejects(() => openMixture([{ ...source, microBatch: 0.5 }]), Error, /microBatch of "a"/);
  await rejects(() => openMixture([{ ...source, every: 0 }]), Error, /every of "a"/);
  await rejects(() => openMixture([{ ...source, every: 2 }]), Error, /one source must take part in every step/);
  await rejects(() => openMixture([{ ...source, from: 2 }]), Error, /in every step .*, and none does in step 1/);
  const late = { ...source, name: 'b', from: 6 };
  await rejects(() => openMixture([{ ...source, until: 4 }, late]), Error, /none does in step 5/);
  await rejects(() => openMixture([{ ...source, from: 3, until: 2 }]), Error, /"a" takes part until step 2, before/);
  await rejects(() => openMixture([{ ...source, from: 0 }]), Error, /from of "a"/);
});

test.run();
