/** The whole pipeline with the model that ships: scenes in, records out, which are compared with the truth and trained on. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { PhraseFinder } from '../../../../cli/grit/phrase-finder.ts';
import { ShapesScorer } from '../../../../cli/grit/shapes-score.ts';
import { writeSheets } from '../../../../cli/grit/sheet.ts';
import { shippedModelFolder } from '../../../../cli/package.ts';
import { promptFor } from '../../../../data/grit/grounders/model-grounder.ts';
import { ModelGrounder, openShapesPairs, type RunOutcome, runGrit, WHOLE } from '../../../../data/grit/index.ts';
import { decodeImage, makeScene, patchesToBox, renderScene } from '../../../../data/index.ts';
import { requestDevice, runtime } from '../../../../engine/index.ts';
import { Answerer } from '../../../../evaluate/run/answerer.ts';
import { Kosmos } from '../../../../index.ts';
import { adapterChoice } from '../../../adapter.ts';
import { tinyConfiguration, tinyRun, trainTiny } from '../../../train/tiny.ts';
import { sceneAnalyzer } from '../shapes-parser.ts';

const test = suite('grounded scenes');
const folder = mkdtempSync(join(tmpdir(), 'scenes-'));
const out = join(folder, 'out');
let kosmos: Kosmos;
let finder: PhraseFinder;
test.before(async () => {
  kosmos = await Kosmos.load(await shippedModelFolder(), { adapter: adapterChoice() });
  finder = await PhraseFinder.open(kosmos, 'f32', { batch: 16 });
});
test.after(async () => {
  await finder.close();
  rmSync(folder, { recursive: true });
});

test('the boxes of a phrase are those that the model writes when it is asked, and certainty is a probability', async () => {
  const scene = makeScene({ seed: 3, split: 'test', index: 4 });
  const image = renderScene(scene, finder.imageSize);
  const caption = 'An image of a red star and two blue rings.';
  const spans = [
    { start: 12, end: 22 },
    { start: 27, end: 41 },
  ];
  const questions = spans.map((span) => ({ image, prompt: promptFor(caption, span) }));
  const found = await finder.find([...questions, { image, prompt: `<grounding>${'a red star '.repeat(300)}` }]);
  assert.is(found[2], null, 'a prompt that is too long');
  const answerer = new Answerer({ model: kosmos.model, processor: kosmos.processor });
  const written = await answerer.answer(
    questions.map(({ prompt }) => ({ prompt, images: [image] })),
    { maxNewTokens: 25 },
  );
  answerer.dispose();
  for (const [i, { entities }] of written.entries()) {
    const boxes = found[i]!.map(({ cells }) => patchesToBox(cells, finder.gridSize));
    assert.equal(boxes, entities[0]!.boxes.slice(0, boxes.length));
    assert.ok(boxes.length > 0);
    for (const { certainty } of found[i]!) assert.ok(certainty.every((value) => value > 0 && value <= 1));
  }
});

let outcome: RunOutcome;
test('scenes become records whose boxes are mostly right', async () => {
  const scorer = new ShapesScorer();
  const grounder = new ModelGrounder(finder, { workers: 0 });
  outcome = await runGrit(openShapesPairs({ seed: 1, split: 'test', count: 12, shard: WHOLE }), {
    ...{ analyzer: sceneAnalyzer(), grounder, thresholds: { score: 0.5 }, out, shard: WHOLE, pairsPerPart: 100 },
    savePictures: true,
    onResult: async ({ pair, record }) => scorer.add(pair, record),
  });
  const { precision, objects, boxes } = scorer.score();
  assert.ok(boxes >= 5 && objects > 12, `${boxes} boxes of ${objects} objects`);
  assert.ok(precision > 0.4, `precision ${precision}`);
  assert.is(outcome.summary.pairs, 12);
  assert.ok(outcome.summary.stages.ground!.items === 12 && outcome.summary.stages.pictures!.items === 12);
});

test('a page and a picture show samples', async () => {
  assert.equal(await writeSheets(out, outcome.samples, outcome.summary), ['sheet.html', 'sheet.png']);
  const here = await runtime();
  const html = await here.readTextFile(join(out, 'sheet.html'));
  assert.is(html.match(/<article/g)!.length, outcome.samples.length);
  assert.match(html, /<span style="--box:rgb\(\d+ \d+ \d+\)">/);
  assert.ok((await decodeImage(await here.readFile(join(out, 'sheet.png')))).width > 256);
});

/** SwiftShader takes minutes to compile the kernels of a step. */
const trains = adapterChoice() === 'swiftshader' ? test.skip : test;
trains('training reads what was written', async () => {
  const data = [
    {
      name: 'grit',
      kind: 'grounded',
      path: `${out}/*.parquet`,
      images: `${out}/images`,
      minScore: 0.5,
      untaggedShare: 0,
      workers: 0,
      perStep: 2,
      microBatch: 2,
    },
  ];
  const run = await tinyRun({ ...tinyConfiguration(), data, steps: 2, schedule: { kind: 'linear', warmup: 1 } });
  for (const [{ examples }] of run.steps) {
    for (const { images, sequences } of examples) {
      assert.is(images.length, 1);
      const object = run.setup.tokenizer.tokenToId('<object>')!;
      assert.ok(sequences.every(({ ids }) => ids.includes(object)));
    }
  }
  const device = await requestDevice({ adapter: adapterChoice() });
  const { reports } = await trainTiny(run, device);
  device.close();
  assert.is(reports.length, 2);
  for (const { loss } of reports) assert.ok(Number.isFinite(loss) && loss > 0);
});

test.run();
