/** Grounders that look at pictures: what a model is asked and how its answers are read; detectors that are made up (the real package: `zero-shot.test.ts`). */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { GroundingRequest } from '../../../data/grit/grounder.ts';
import {
  type FoundBox,
  ModelGrounder,
  type PhraseModel,
  type PhraseQuestion,
  promptFor,
} from '../../../data/grit/grounders/model-grounder.ts';
import {
  type DetectorBox,
  type DetectorPipeline,
  loadTransformers,
  openZeroShot,
  phraseOf,
  type Transformers,
} from '../../../data/grit/grounders/zero-shot.ts';
import { Problems } from '../../../data/grit/problems.ts';
import { png } from '../corpora/files.ts';
import { countsOf, temporaryFolder } from './files.ts';

const test = suite('grounders');
const folder = temporaryFolder();
test.after(folder.remove);

const CAPTION = 'A red dog 🐕 and a blue star';
const picture = { bytes: new Uint8Array(png(9, 40, 20)) };
const request = (id: string, changes: Partial<GroundingRequest> = {}): GroundingRequest => ({
  id,
  caption: CAPTION,
  phrases: [
    { chunk: 0, start: 0, end: 9, text: 'A red dog' },
    { chunk: 2, start: 16, end: 27, text: 'a blue star' },
  ],
  chunkCount: 3,
  picture,
  ...changes,
});

/** Answers by turns, and keeps what it was asked. */
class FakeModel implements PhraseModel {
  readonly identity = 'fake';
  readonly imageSize = 8;
  readonly gridSize = 4;
  readonly batch = 3;
  readonly asked: PhraseQuestion[][] = [];
  readonly #answers: (readonly FoundBox[] | null)[];

  constructor(answers: (readonly FoundBox[] | null)[]) {
    this.#answers = answers;
  }

  async find(questions: readonly PhraseQuestion[]): Promise<(readonly FoundBox[] | null)[]> {
    this.asked.push([...questions]);
    return questions.map(() => this.#answers.shift()!);
  }

  async close(): Promise<void> {}
}

test('a phrase is asked for behind the caption before it, in code points', () => {
  assert.is(promptFor(CAPTION, { start: 0, end: 9 }), '<grounding><phrase>A red dog</phrase>');
  assert.is(promptFor(CAPTION, { start: 16, end: 27 }), '<grounding>A red dog 🐕 and <phrase>a blue star</phrase>');
});

test('a model answers in batches; its cells become boxes, its certainty scores, and pictures are loaded once', async () => {
  const sure = { cells: [0, 10] as const, certainty: [0.9, 0.4] as const };
  const inverted = { cells: [10, 0] as const, certainty: [1, 1] as const };
  const model = new FakeModel([[sure], [sure, inverted], null, []]);
  const grounder = new ModelGrounder(model, { workers: 0 });
  const problems = new Problems();
  const requests = [
    request('a'),
    request('gone', { picture: { paths: ['/nowhere/a.jpg'] } }),
    request('broken', { picture: { bytes: Uint8Array.of(1, 2, 3) } }),
    request('none', { picture: null }),
    request('quiet', { phrases: [], picture: null }),
    request('b'),
  ];
  const answers = await grounder.ground(requests, problems);
  await grounder.close();
  assert.equal(
    model.asked.map(({ length }) => length),
    [3, 1],
  );
  assert.is(model.asked[0]![0]!.image, model.asked[0]![1]!.image);
  assert.equal([model.asked[0]![0]!.image.width, model.asked[0]![0]!.image.height], [8, 8]);
  const box = [0.125, 0.125, 0.625, 0.625];
  const score = Math.sqrt(0.9 * 0.4);
  assert.equal(answers[0], {
    detections: [
      { chunk: 0, box, score },
      { chunk: 2, box, score },
    ],
    picture: { width: 40, height: 20 },
  });
  assert.equal(answers.slice(1, 4), [null, null, null]);
  assert.equal(answers[4], { detections: [], picture: {} });
  assert.equal(answers[5]!.detections, []);
  assert.equal(countsOf(problems), { 'box-inverted': 1, 'image-missing': 2, 'image-broken': 1, 'phrase-too-long': 1 });
  assert.ok(picture.bytes.length > 0, 'the bytes were not given away');
});

/** A package whose pipeline finds what it is told to. */
function fakeTransformers(found: readonly DetectorBox[], kind = 'owlv2'): Transformers & { labels: string[][] } {
  const labels: string[][] = [];
  const pipeline: DetectorPipeline = Object.assign(
    async (_: unknown, asked: readonly string[]) => {
      labels.push([...asked]);
      return found;
    },
    { model: { config: { model_type: kind } }, dispose: async () => {} },
  );
  return {
    labels,
    env: { localModelPath: '/models/' },
    RawImage: class {},
    pipeline: async (_, model) => {
      if (model === 'missing') throw new Error('file was not found');
      return pipeline;
    },
  };
}

const boxAt = (xmin: number, ymin: number, xmax: number, ymax: number) => ({ xmin, ymin, xmax, ymax });

test('a detector is asked for the phrases, and what it finds is checked', async () => {
  const transformers = fakeTransformers([
    { label: 'a blue star', score: 0.9, box: boxAt(-0.01, 0, 0.5, 1) },
    { label: 'a red dog', score: 0.4, box: boxAt(0.5, 0.5, 0.4, 1) },
    { label: 'a green cow', score: 0.4, box: boxAt(0, 0, 1, 1) },
    { label: 'a red dog', score: Number.NaN, box: boxAt(0, 0, 1, 1) },
  ]);
  const grounder = await openZeroShot('owner/name', { transformers });
  const problems = new Problems();
  const requests = [request('a'), request('quiet', { phrases: [] }), request('none', { picture: null })];
  const [seen, quiet, none] = await grounder.ground(requests, problems);
  assert.equal(transformers.labels, [['a red dog', 'a blue star']]);
  assert.equal(seen, {
    detections: [{ chunk: 2, box: [0, 0, 0.5, 1], score: 0.9 }],
    picture: { width: 40, height: 20 },
  });
  assert.equal([quiet, none], [{ detections: [], picture: {} }, null]);
  assert.equal(countsOf(problems), { 'box-inverted': 1, 'score-invalid': 1, 'image-missing': 1 });
  await grounder.close();
});

test('a detector that reads one line gets one, and pieces of it are told apart', async () => {
  const transformers = fakeTransformers([{ label: 'blue star', score: 0.5, box: boxAt(0, 0, 1, 1) }], 'grounding-dino');
  const grounder = await openZeroShot('owner/name', { transformers });
  const [seen] = await grounder.ground([request('a')], new Problems());
  assert.equal(transformers.labels, [['a red dog. a blue star.']]);
  assert.is(seen!.detections[0]!.chunk, 2);
  const { phrases } = request('a');
  assert.is(phraseOf('red', phrases)!.chunk, 0);
  assert.is(phraseOf('a', phrases), null);
});

test('a model that cannot be loaded is named, and so is the package', async () => {
  try {
    await openZeroShot('missing', { transformers: fakeTransformers([]) });
    assert.unreachable();
  } catch (error) {
    assert.match((error as Error).message, /^missing: file was not found/);
  }
  const isInstalled = await loadTransformers().then(
    () => true,
    () => false,
  );
  if (isInstalled) return;
  try {
    await openZeroShot('owner/name');
    assert.unreachable();
  } catch (error) {
    assert.match((error as Error).message, /npm install @huggingface\/transformers/);
  }
});

test.run();
