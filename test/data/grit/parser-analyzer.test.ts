/** Raw captions through the parser that ships, in threads and in place, and the command on them. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { exitCodeOf } from '../../../cli/command.ts';
import { grit } from '../../../cli/grit.ts';
import type { CaptionPair } from '../../../data/grit/pairs/pair.ts';
import { shippedParserFolder } from '../../../data/grit/parser/index.ts';
import { openParserAnalyzer } from '../../../data/grit/parser-analyzer.ts';
import { Problems } from '../../../data/grit/problems.ts';
import { captured } from '../../cli/terminal.ts';
import { countsOf, temporaryFolder } from './files.ts';

const folder = temporaryFolder();
test.after(folder.remove);

const CAPTIONS = [
  'a dog in a field of flowers',
  '',
  'There is a red star and two blue rings.',
  'собака',
  'A dog 🐕 runs.',
];
const pairs = CAPTIONS.map((caption, id): CaptionPair => {
  const facts = { key: String(id), id, url: null, width: null, height: null };
  const similarities = { clip_similarity_vitb32: null, clip_similarity_vitl14: null };
  return { id: String(id), caption, parsed: null, picture: null, facts: { ...facts, ...similarities } };
});

async function hasWeights(): Promise<boolean> {
  try {
    await shippedParserFolder();
    return true;
  } catch {
    return false;
  }
}

/** A checkout may lack the weights, which are made by train-parser. */
const ship = await hasWeights();
function withWeights(name: string, run: () => Promise<void>): void {
  if (!ship) console.log(`skipped: ${name} (there are no weights of the parser)`);
  (ship ? test : test.skip)(name, run);
}

withWeights('threads and none give the same analyses, in the order of the pairs, many at a time', async () => {
  const results: unknown[] = [];
  for (const threads of [0, 2]) {
    const analyzer = await openParserAnalyzer({ threads });
    const problems = Array.from({ length: 5 }, () => new Problems());
    const runs = await Promise.all(problems.map((own) => analyzer.analyze(pairs, own)));
    await analyzer.close();
    const [first] = runs;
    for (const run of runs) assert.equal(run, first);
    for (const own of problems)
      assert.equal(countsOf(own), { 'caption-empty': 1, 'caption-other-script': 1, 'caption-emoji': 1 });
    assert.equal(
      first!.map((analysis) => analysis?.caption),
      CAPTIONS.map((caption) => (caption === '' || caption === 'собака' ? undefined : caption)),
    );
    results.push(first);
  }
  assert.equal(results[0], results[1]);
});

withWeights("the paper's example from the raw caption, and pairs with boxes of a file", async () => {
  const captions = folder.file('captions.txt', `${CAPTIONS.join('\n')}\n`);
  const shown = captured();
  assert.is(await exitCodeOf('grit', grit, ['--captions', captions, '--workers', '0'], shown), 0);
  assert.match(shown.out, /expressions {2}a dog in a field of flowers/);
  const rows = ['{"key": "a", "caption": "a dog in a field of flowers"}', '{"key": "b", "caption": "a cat"}'];
  const words = [
    ...['--pairs', folder.file('pairs.jsonl', `${rows.join('\n')}\n`)],
    ...[
      '--grounder',
      folder.file('boxes.jsonl', '{"id":"a","detections":[{"phrase":"a dog","box":[0,0,1,1],"score":0.9}]}\n'),
    ],
    ...['--out', `${folder.path}/out`, '--workers', '0', '--json'],
  ];
  const run = captured();
  assert.is(await exitCodeOf('grit', grit, words, run), 0, run.errors);
  const { summary, out, captions: list } = JSON.parse(run.out);
  assert.equal([summary.pairs, summary.images, summary.meanExpressionLength], [2, 1, 7]);
  assert.equal(list, []);
  assert.ok(out.files.includes('grit-00000.parquet') && out.files.includes('sheet.html'));
});

test.run();
