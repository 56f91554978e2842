/** Metrics against the values of the official programs, and what they do at the edges. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { bleu } from '../../evaluate/metrics/bleu.ts';
import { cider } from '../../evaluate/metrics/cider.ts';
import { boxesOfPhrase, comprehensionOverlap, groundingRecall } from '../../evaluate/metrics/grounding.ts';
import { choiceAccuracy, choose, scoreTokens } from '../../evaluate/metrics/multiple-choice.ts';
import { tokenizeCaptions, tokenizePtb } from '../../evaluate/metrics/ptb-tokenizer.ts';
import { rougeL } from '../../evaluate/metrics/rouge.ts';
import { vqaAccuracy } from '../../evaluate/metrics/vqa.ts';
import { normaliseAnswer } from '../../evaluate/metrics/vqa-answer.ts';
import type { GoldenCase } from '../golden/case.ts';
import { checkCaptionMetrics, checkPtbTokenizer } from '../golden/metrics-captions.ts';
import { checkMultipleChoice } from '../golden/metrics-choice.ts';
import { checkGrounding } from '../golden/metrics-grounding.ts';
import { checkVqa } from '../golden/metrics-vqa.ts';
import { repositoryRoot, skipUnlessShared } from '../shared.ts';

const GOLDENS = `${repositoryRoot()}test/goldens/metrics`;

const CHECKS: readonly (readonly [string, (folder: string) => Promise<GoldenCase[]>, number, number])[] = [
  ['nlg.json', checkCaptionMetrics, 80, 400],
  ['ptb_tokenizer.json', checkPtbTokenizer, 288, 288],
  ['vqa.json', checkVqa, 114, 134],
  ['grounding.json', checkGrounding, 220, 280],
  ['multiple_choice.json', checkMultipleChoice, 6, 14],
];

for (const [file, check, atLeast, atLeastOfAll] of CHECKS) {
  test(`${file}: the official values`, async () => assertAllOk(await check(GOLDENS), atLeast));
  skipUnlessShared(test, `goldens/metrics/${file}`, `${file}: all official values`, async (path) =>
    assertAllOk(await check(path.slice(0, path.lastIndexOf('/'))), atLeastOfAll),
  );
}

function assertAllOk(cases: readonly GoldenCase[], atLeast: number): void {
  assert.ok(cases.length >= atLeast, `${cases.length} cases`);
  assert.equal(
    cases.filter((one) => !one.ok),
    [],
  );
}

test('a caption that equals its reference scores 1, and CIDEr-D 10', () => {
  const items = ['a man rides a brown horse', 'two cats sleep on a red sofa'].map((text) => ({
    hypothesis: text,
    references: [text],
  }));
  for (const value of [...bleu(items).corpus, rougeL(items).corpus]) assert.ok(Math.abs(value - 1) < 1e-6, `${value}`);
  assert.ok(Math.abs(cider(items).corpus - 10) < 1e-9);
});

test('CIDEr-D clips repeated words, CIDEr does not', () => {
  const items = [
    { hypothesis: 'dog dog dog dog', references: ['a dog runs here'] },
    { hypothesis: 'a cat', references: ['a cat'] },
  ];
  assert.ok(cider(items, 'cider').perItem[0] > cider(items).perItem[0]);
});

test('nothing to score, and nothing to compare with, are errors', () => {
  for (const metric of [bleu, rougeL, cider]) {
    assert.throws(() => metric([]), /no item to score/);
    assert.throws(() => metric([{ hypothesis: 'a dog', references: [] }]), /item 0 \("a dog"\) has no reference/);
  }
  assert.throws(() => vqaAccuracy([]), /no answer to score/);
  assert.throws(() => groundingRecall([]), /no query to score/);
  assert.throws(() => groundingRecall([{ predicted: [], truth: [], types: [] }]), /query 0 has no true box/);
  assert.throws(() => choiceAccuracy([]), /no item to score/);
  assert.throws(() => scoreTokens([]), /no token to score/);
});

test('the tokenizer looks at the line that follows', () => {
  assert.equal(tokenizePtb('Platform D.'), ['platform', 'd.']);
  assert.equal(tokenizePtb('Platform D.', 'There is a train.'), ['platform', 'd', '.']);
  assert.equal(tokenizeCaptions(['Platform D.', 'A train.', '(a) dog']), [
    'platform d',
    'a train',
    '-lrb- a -rrb- dog',
  ]);
});

test('common British spellings become American, in lower case only', () => {
  const american = (text: string) => tokenizeCaptions([text])[0];
  assert.is(american('grey and colourful theatres, a neighbour'), 'gray and colorful theaters a neighbor');
  assert.is(
    american('travelling programmes organised, realised, analysed'),
    'traveling programs organised realized analyzed',
  );
  assert.is(
    american("my favourite colour's four hours of glamour; Grey"),
    "my favorite color 's four hours of glamour grey",
  );
});

test('the tokenizer takes time in proportion to long words', () => {
  const began = performance.now();
  assert.is(tokenizePtb('a;'.repeat(50_000)).length, 100_000);
  assert.ok(performance.now() - began < 10_000);
});

test('answers are normalised only where people disagree', () => {
  const item = { answer: 'Yes!', answerType: 'yes/no', questionType: 'is' };
  const agreed = Array.from({ length: 10 }, () => 'yes');
  assert.is(vqaAccuracy([{ ...item, humanAnswers: agreed }]).overall, 0);
  assert.is(vqaAccuracy([{ ...item, humanAnswers: [...agreed.slice(1), 'no'] }]).overall, 100);
  assert.is(normaliseAnswer('The two dogs, dont'), "2 dogs don't");
});

test('a malformed box is no box, and no box is a miss', () => {
  const phrase = '<phrase>a dog</phrase>';
  assert.equal(boxesOfPhrase(`${phrase}<object><patch_index_0000></object>`, 'a dog'), []);
  assert.equal(boxesOfPhrase(`${phrase}<object><patch_index_0000><patch_index_1023>`, 'a dog'), []);
  assert.equal(boxesOfPhrase(`${phrase}<object><patch_index_0000><patch_index_1023></object>`, 'A dog'), []);
  assert.is(boxesOfPhrase(`${phrase}<object><patch_index_0000><patch_index_1023></object>`, ' a dog ').length, 1);
  assert.equal(comprehensionOverlap([], [0, 0, 1, 1]), { first: 0, meanBox: 0, best: 0 });
  assert.equal(comprehensionOverlap([[0, 0, 0, 0]], [0, 0, 0, 0]), { first: 0, meanBox: 0, best: 0 });
});

test('a phrase counts in each of its types', () => {
  const box = [0, 0, 2, 2] as const;
  const recall = groundingRecall([
    { predicted: [[5, 5, 6, 6], box], truth: [box], types: ['other', 'people'] },
    { predicted: [box], truth: [[8, 8, 9, 9], box], types: ['people'] },
  ]);
  assert.equal(recall['1'], { all: 0.5, other: 0, people: 0.5 });
  assert.equal(recall['5'], { all: 1, other: 1, people: 1 });
});

test('of equal options the first wins; sum and mean may differ', () => {
  const options = [scoreTokens([-1, -1, -1]), scoreTokens([-2]), scoreTokens([-2])];
  assert.is(choose(options, 'sum'), 1);
  assert.is(choose(options, 'mean'), 0);
  assert.throws(() => choose([{ sum: Number.NaN, length: 1 }], 'sum'), /option 0 has the score NaN/);
});

test.run();
