/** The grounder for detectors with the package that runs them and very small models with random weights. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { randomIds } from '../../../bench/data.ts';
import { exitCodeOf } from '../../../cli/command.ts';
import { grit } from '../../../cli/grit.ts';
import type { GroundingRequest } from '../../../data/grit/grounder.ts';
import { openZeroShot, phraseOf } from '../../../data/grit/grounders/zero-shot.ts';
import { Problems } from '../../../data/grit/problems.ts';
import type { Detection } from '../../../data/grit/records.ts';
import { encodePng } from '../../../data/image/encode.ts';
import { captured } from '../../cli/terminal.ts';
import { rejects } from '../../rejects.ts';
import { countsOf, sentence, temporaryFolder } from './files.ts';
import { boxOf, type Color, logit, patchVector, sigmoid, writeModel } from './zero-shot-models.ts';
import { installTransformers } from './zero-shot-package.ts';

const test = suite('detectors, by @huggingface/transformers');
const folder = temporaryFolder();
test.after(folder.remove);

const unavailable = await installTransformers(folder.path);

interface Blocks {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Of the blocks, row by row. */
  readonly colors: readonly Color[];
}

/** A picture of blocks, each of one colour. */
function blocks(columns: number, rows: number, size: number): Blocks {
  const values = randomIds(`${columns} by ${rows}`, columns * rows * 3, 256);
  const [width, height] = [columns * size, rows * size];
  const data = Uint8Array.from({ length: width * height * 3 }, (_, at) => {
    const [x, y] = [Math.floor(at / 3) % width, Math.floor(at / 3 / width)];
    return values[(Math.floor(y / size) * columns + Math.floor(x / size)) * 3 + (at % 3)]!;
  });
  const colors = Array.from({ length: columns * rows }, (_, at): Color => {
    const [red, green, blue] = values.subarray(at * 3, at * 3 + 3);
    return [red!, green!, blue!];
  });
  return { bytes: new Uint8Array(encodePng({ width, height, data })), colors };
}

/** Its noun chunks are all of the caption. */
function request({ bytes }: Blocks, ...chunks: string[]): GroundingRequest {
  const phrases = chunks.map((text, chunk) => ({ chunk, start: 0, end: text.length, text }));
  return { id: chunks.join(), caption: chunks.join(' '), phrases, chunkCount: chunks.length, picture: { bytes } };
}

/** How much of what the model sees the picture is. */
type Share = readonly [width: number, height: number];

/** A box that the model gives, cut at the picture's edges, as a detection; none where nothing is left of it. */
function detection(chunk: number, score: number, patch: readonly number[], share: Share): Detection[] {
  const [left, top, right, bottom] = boxOf(patch).map((edge, at) =>
    Math.min(Math.max(edge / share[at % 2 === 0 ? 0 : 1], 0), 1),
  );
  return left! < right! && top! < bottom! ? [{ chunk, score, box: [left!, top!, right!, bottom!] }] : [];
}

/** Each patch has a box for each label that it is above 0.05 for. */
function owlv2Finds(colors: readonly Color[], labels: readonly string[], share: Share = [1, 1]): Detection[] {
  return colors.map(patchVector).flatMap((patch) =>
    labels.flatMap((label, chunk) => {
      const score = sigmoid(label.split(' ').reduce((sum, word) => sum + logit(patch, word), 0));
      return score > 0.05 ? detection(chunk, score, patch, share) : [];
    }),
  );
}

/** Each patch has one box, of the phrase that has most of the words that it is above 0.25 for; its score is that of the best word. */
function dinoFinds(colors: readonly Color[], { phrases }: GroundingRequest): Detection[] {
  const words = `[CLS] ${phrases.map(({ text }) => `${text} .`).join(' ')} [SEP]`.split(' ');
  return colors.map(patchVector).flatMap((patch) => {
    const scores = words.map((word) => sigmoid(logit(patch, word)));
    const sure = words.filter((_, at) => at > 0 && scores[at]! > 0.25).join(' ');
    const phrase = phraseOf(sure, phrases);
    const score = Math.max(...scores);
    return score > 0.25 && phrase ? detection(phrase.chunk, score, patch, [1, 1]) : [];
  });
}

function assertSame(actual: readonly Detection[], expected: readonly Detection[]): void {
  const [ours, theirs] = [actual, expected].map((all) => all.toSorted((a, b) => b.score - a.score));
  assert.ok(theirs!.length > 1, 'there is something to find');
  assert.equal(
    ours!.map(({ chunk }) => chunk),
    theirs!.map(({ chunk }) => chunk),
  );
  for (const [at, { score, box }] of ours!.entries()) {
    const difference = [score, ...box].map((value, i) => value - [theirs![at]!.score, ...theirs![at]!.box][i]!);
    assert.ok(Math.max(...difference.map(Math.abs)) < 1e-5, `detection ${at} is off by ${difference}`);
  }
}

if (unavailable) {
  for (const name of ['OWLv2', 'Grounding DINO', 'the command', 'a folder without a model']) {
    console.log(`skipped: ${name}, by @huggingface/transformers (${unavailable})`);
    test.skip(name);
  }
} else {
  test('OWLv2', async () => {
    const model = join(folder.path, 'owlv2--tiny random');
    writeModel('owlv2', model);
    const grounder = await openZeroShot(model);
    const problems = new Problems();
    const [wide, high, square] = [blocks(4, 2, 8), blocks(3, 4, 4), blocks(4, 4, 8)];
    const answers = await grounder.ground(
      [
        request(wide, 'A red dog', 'star'),
        request(high, 'a big  blue star'),
        request(square, 'a dog', 'A star', 'a dog', 'a red star'),
      ],
      problems,
    );
    await grounder.close();
    const black = (count: number) => Array.from({ length: count }, (): Color => [0, 0, 0]);
    const highColors = [0, 1, 2, 3].flatMap((row) => [...high.colors.slice(row * 3, row * 3 + 3), ...black(1)]);
    assert.equal(
      answers.map((answer) => answer!.picture),
      [
        { width: 32, height: 16 },
        { width: 12, height: 16 },
        { width: 32, height: 32 },
      ],
    );
    assertSame(answers[0]!.detections, owlv2Finds([...wide.colors, ...black(8)], ['a red dog', 'star'], [1, 0.5]));
    assertSame(answers[1]!.detections, owlv2Finds(highColors, ['a big blue star'], [0.75, 1]));
    const labels = ['a dog', 'a star', 'a red star'];
    const once = owlv2Finds(square.colors, labels).map((found) => ({ ...found, chunk: [0, 1, 3][found.chunk]! }));
    assertSame(answers[2]!.detections, once);
    assert.equal(countsOf(problems), {});
  });

  test('Grounding DINO', async () => {
    mkdirSync(join(folder.path, 'models'));
    writeModel('groundingDino', join(folder.path, 'models/dino'));
    const before = process.cwd();
    process.chdir(folder.path);
    // a name that could be one of the hub
    const grounder = await openZeroShot('models/dino');
    process.chdir(before);
    const problems = new Problems();
    const pictures = [blocks(8, 4, 8), blocks(8, 2, 4)];
    const requests = [request(pictures[0]!, 'a red dog', 'a blue star', 'a big dog'), request(pictures[1]!, 'a star')];
    const answers = await grounder.ground(requests, problems);
    await grounder.close();
    for (const [at, answer] of answers.entries())
      assertSame(answer!.detections, dinoFinds(pictures[at]!.colors, requests[at]!));
    assert.equal(answers[0]!.picture, { width: 64, height: 32 });
    assert.equal(countsOf(problems), {});
  });

  test('the command', async () => {
    const model = join(folder.path, 'for-command');
    writeModel('owlv2', model);
    const picture = blocks(4, 4, 8);
    folder.file('one.png', picture.bytes);
    const parse = sentence('a a DET 3 det', 'red red ADJ 3 amod', 'dog dog NOUN 0 root');
    const parses = folder.file('one.conllu', `# sent_id = one\n# text = a red dog\n${parse}`);
    const words = ['--parses', parses, '--images', folder.path, '--grounder', `detector:${model}`, '--json'];
    const terminal = captured();
    const code = await exitCodeOf('grit', grit, [...words, '--iou', '1', '--min-score', '0.3'], terminal);
    assert.equal([code, terminal.errors], [0, '']);
    const rows: number[][] = JSON.parse(terminal.out).captions[0].record.noun_chunks;
    const found = rows.map(
      ([, , left, top, right, bottom, score]): Detection => ({
        chunk: 0,
        box: [left!, top!, right!, bottom!],
        score: score!,
      }),
    );
    const expected = owlv2Finds(picture.colors, ['a red dog']).filter(({ score }) => score > 0.3);
    assertSame(found, expected);
  });

  test('a folder without a model', async () => {
    const empty = join(folder.path, 'empty');
    mkdirSync(empty);
    await rejects(() => openZeroShot(empty), Error, /empty: .*missing at .*config\.json/);
  });
}

test.run();
