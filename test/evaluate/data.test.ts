/** Readers of the data sets' own files: right, incomplete and broken ones. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { readCaptions } from '../../evaluate/data/captions.ts';
import { type ChoiceSetName, readChoices } from '../../evaluate/data/choices.ts';
import type { DataSet } from '../../evaluate/data/data-set.ts';
import { readFlickrFolder, readFlickrMdetr } from '../../evaluate/data/flickr30k-entities.ts';
import { readLines } from '../../evaluate/data/lines.ts';
import { readCsv, readRecords } from '../../evaluate/data/records.ts';
import { groupByObject, readRefcoco } from '../../evaluate/data/refcoco.ts';
import { readSeedBench } from '../../evaluate/data/seed-bench.ts';
import { readVqa } from '../../evaluate/data/vqav2.ts';
import { readJson } from '../golden/json.ts';
import { repositoryRoot, skipUnlessShared } from '../shared.ts';

const DATA = `${repositoryRoot()}test/goldens/data/eval`;
const root = mkdtempSync(join(tmpdir(), 'evaluate-data-'));
test.after(() => rmSync(root, { recursive: true }));

function file(name: string, content: unknown): string {
  const path = join(root, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, typeof content === 'string' || content instanceof Uint8Array ? content : JSON.stringify(content));
  return path;
}

async function messageOf(attempt: Promise<unknown>): Promise<string> {
  return attempt.then(
    () => 'accepted',
    (error) => error.message,
  );
}

/** Problems as `id: kind`. */
function kinds({ problems }: DataSet): string[] {
  return problems.map(({ id, kind }) => `${id}: ${kind}`);
}

async function all<T>(generator: AsyncGenerator<T>): Promise<T[]> {
  const values: T[] = [];
  for await (const value of generator) values.push(value);
  return values;
}

test('lines: endings, pieces, compression, damage', async () => {
  assert.equal(await all(readLines(file('ends.txt', 'a\r\n\nb\nlast'))), ['a', '', 'b', 'last']);
  const long = `${'é'.repeat(600_000)}\nx`;
  assert.equal(
    (await all(readLines(file('long.txt', long)))).map((line) => line.length),
    [600_000, 1],
  );
  assert.equal(await all(readLines(file('packed.txt.gz', gzipSync('a\nb\n')))), ['a', 'b']);
  const cut = await messageOf(all(readLines(file('cut.txt.gz', gzipSync(long).subarray(0, 200)))));
  assert.match(cut, /cut\.txt\.gz/);
  assert.match(await messageOf(all(readLines(file('latin.txt', new Uint8Array([0xe9, 0x0a]))))), /latin\.txt/);
  assert.match(await messageOf(all(readLines(join(root, 'absent.txt')))), /absent\.txt/);
});

test('records name the line that is wrong', async () => {
  assert.match(
    await messageOf(all(readRecords(file('bad.jsonl', '{"a":1}\n\n{"a":')))),
    /bad\.jsonl:3 is no valid JSON/,
  );
  assert.match(await messageOf(all(readRecords(file('list.jsonl', '[1]\n')))), /list\.jsonl:1: an object is expected/);
  assert.match(await messageOf(all(readRecords(file('object.json', {})))), /object\.json: a list is expected/);
  const rows = await all(readCsv(file('quoted.csv', 'a,b\r\n"1, ""one""\nline",2\n,\n')));
  assert.equal(
    rows.map(({ row }) => row),
    [
      { a: '1, "one"\nline', b: '2' },
      { a: '', b: '' },
    ],
  );
  assert.match(await messageOf(all(readCsv(file('open.csv', 'a,b\n"1,2\n')))), /never closed/);
  assert.match(await messageOf(all(readCsv(file('wide.csv', 'a,b\n1,2,3\n')))), /wide\.csv:2: 3 fields where 2/);
});

test('VQAv2: questions joined with annotations, what is alone reported', async () => {
  const { items, problems } = await readVqa(`${DATA}/vqav2`);
  assert.equal([items.length, problems.length, items[0].question], [100, 0, 'Where is he looking?']);
  assert.equal(items[0].humanAnswers.length, 10);
  const annotation = { question_id: 1, answer_type: 'other', question_type: 'what', answers: [{ answer: 'x' }] };
  const question = { question_id: 1, image_id: 5, question: 'What?' };
  file('vqa/a_annotations.json', { annotations: [annotation, { ...annotation, question_id: 3 }] });
  file('vqa/a_questions.json', { questions: [question, { ...question, question_id: 2 }] });
  const partial = await readVqa(join(root, 'vqa'));
  assert.equal([partial.items.length, kinds(partial)], [1, ['2: row without annotation', '3: row without annotation']]);
  file('vqa/b_questions.json', { questions: [question, { ...question, question_id: 2 }] });
  assert.match(await messageOf(readVqa(join(root, 'vqa'))), /several files of questions \(a_questions/);
  file('empty/x.txt', '');
  assert.match(await messageOf(readVqa(join(root, 'empty'))), /holds no VQAv2 questions .*https:/);
  file('vqa2/questions.json', { questions: [{ image_id: 5 }] });
  file('vqa2/annotations.json', { annotations: [] });
  assert.match(
    await messageOf(readVqa(join(root, 'vqa2'))),
    /questions\[0\]: "question_id" should be .* there is nothing/,
  );
});

test('Flickr30k Entities: both forms give the same queries, which are those of the goldens', async () => {
  const folder = `${DATA}/flickr30k_entities`;
  const official = await readFlickrFolder(folder, 'val');
  const mdetr = await readFlickrMdetr(`${folder}/final_flickr_separateGT_val.json`);
  const untyped = official.items.map((item) => ({ ...item, types: [] }));
  assert.equal(untyped, mdetr.items);
  const { queries } = (await readJson(`${repositoryRoot()}test/goldens/metrics/grounding.json`)).phrase_grounding_val;
  assert.equal(
    official.items.map(({ id, phrase, truth, types }) => ({ id, phrase, truth, types })),
    queries.map((query: Record<string, never>) => ({
      id: `${query.image_id}/${query.sentence_id}/${query.span[0]}`,
      phrase: query.phrase,
      truth: query.ground_truth,
      types: query.types,
    })),
  );
});

test('Flickr30k Entities: a missing file is reported by image, a broken one named', async () => {
  file('flickr/val.txt', '1\n2\n');
  file('flickr/Sentences/1.txt', '[/EN#1/people A man] walks .\n');
  file('flickr/Annotations/1.xml', '<annotation><size><width>4</width><height>3</height></size></annotation>');
  const data = await readFlickrFolder(join(root, 'flickr'), 'val');
  assert.equal([data.items, kinds(data)], [[], ['2: row without annotation']]);
  file('flickr/Annotations/1.xml', '<annotation></annotation>');
  assert.match(await messageOf(readFlickrFolder(join(root, 'flickr'), 'val')), /1\.xml: <width> with a number/);
  assert.match(await messageOf(readFlickrFolder(join(root, 'flickr'), 'test')), /test\.txt/);
});

test('RefCOCO: both forms, objects with all their expressions', async () => {
  const { items } = await readRefcoco(`${DATA}/refcoco/finetune_refcoco_testA_50.json`);
  const objects = groupByObject(items);
  assert.equal([items.length, objects.length], [50, 17]);
  assert.equal(objects[0].captions.slice(0, 2), ['person in red', 'far left cut off']);
  const exported = [
    { sent: 'a dog', gt_box: [1, 2, 3, 4], pred_boxes_img_id: ['COCO_train2014_000000000009_12.jpg'] },
    { sent: 'no box' },
  ];
  const data = await readRefcoco(file('refs.json', exported));
  assert.equal(data.items, [
    { id: '0', caption: 'a dog', box: [1, 2, 4, 6], fileName: 'COCO_train2014_000000000009.jpg', size: null },
  ]);
  assert.equal(kinds(data), ['1: row without annotation']);
  const twice = { images: [1, 1, 2].map((id) => ({ id, caption: 'x', file_name: 'f', width: 1, height: '2' })) };
  const annotations = [{ image_id: 1, bbox: [0, 0, 1, 1] }];
  const duplicated = await readRefcoco(file('twice.json', { ...twice, annotations }));
  assert.equal(kinds(duplicated), ['1: duplicated id in the data', '2: row without annotation']);
  const broken = { ...twice, annotations: [{ image_id: 1, bbox: [0, 0, 1] }] };
  assert.match(
    await messageOf(readRefcoco(file('box.json', broken))),
    /annotations\[0\]: a box \[x, y, width, height\]/,
  );
});

test('captions: COCO, Karpathy and rows', async () => {
  const coco = {
    images: [
      { id: 9, file_name: 'a.jpg' },
      { id: 10, file_name: 'b.jpg' },
    ],
    annotations: [
      { image_id: 9, caption: 'one' },
      { image_id: 9, caption: 'two' },
      { image_id: 11, caption: 'lost' },
    ],
  };
  const data = await readCaptions(file('captions.json', coco), 'test');
  assert.equal(data.items, [{ id: '9', fileName: 'a.jpg', captions: ['one', 'two'] }]);
  assert.equal(kinds(data), ['10: row without annotation', '11: row without annotation']);
  const image = (filename: string, split: string, more = {}) => ({
    filename,
    split,
    sentences: [{ raw: 'x' }],
    ...more,
  });
  const karpathy = { images: [image('12.jpg', 'test'), image('13.jpg', 'val'), image('c.jpg', 'test', { cocoid: 7 })] };
  const test = await readCaptions(file('dataset.json', karpathy), 'test');
  assert.equal(
    test.items.map(({ id }) => id),
    ['12', '7'],
  );
  assert.match(
    await messageOf(readCaptions(file('dataset.json', karpathy), 'train')),
    /no picture is of the split "train"/,
  );
  const rows = await readCaptions(file('rows.jsonl', '{"id":"a","captions":["x"]}\n'), 'test');
  assert.equal(rows.items[0].captions, ['x']);
});

test('multiple choice: templates', async () => {
  const first = async (name: ChoiceSetName, path: string, at = 0) => (await readChoices(name, path)).items[at];
  const story = await first('storycloze', `${DATA}/storycloze_synthetic_6.csv`, 2);
  assert.match(story.options[0].context, /^Our cat, Biscuit, hid under the bed\. We could .* quiet voice\.$/);
  assert.equal(
    [story.id, story.label, story.options[0].text],
    ['synthetic-0003', 0, ' Biscuit slowly came out and ate a treat.'],
  );
  const hellaswag = await first('hellaswag', `${DATA}/hellaswag_original_format.jsonl`);
  assert.equal([hellaswag.id, hellaswag.options.length, hellaswag.label], ['24', 4, 3]);
  assert.equal(hellaswag.options[3], {
    context: 'A man is sitting on a roof. he',
    text: ' starts pulling up roofing on a roof.',
  });
  const cb = await first('cb', `${DATA}/cb_synthetic_6.jsonl`, 1);
  assert.match(cb.options[1].context, /^Read the following paragraph .* Hypothesis: the horses had come back\. $/);
  assert.equal([cb.label, cb.options.map(({ text }) => text)], [1, ['Yes', 'No', 'Maybe']]);

  const row = async (name: ChoiceSetName, content: unknown) => first(name, file(`${name}.jsonl`, content));
  const copa = await row('copa', {
    premise: 'It rained.',
    choice1: 'We left.',
    choice2: 'X.',
    question: 'effect',
    label: 0,
  });
  assert.equal(copa, {
    id: '0',
    options: [' we left.', ' x.'].map((text) => ({ context: 'It rained so', text })),
    label: 0,
  });
  const gap = await row('winogrande', { qID: 'q', sentence: 'So _ won.', option1: 'Ann', option2: 'Bo', answer: '2' });
  assert.equal(gap.options, [
    { context: 'So Ann', text: ' won.' },
    { context: 'So Bo', text: ' won.' },
  ]);
  const boolq = await row('boolq', { question: 'is it so', passage: 'P.', idx: 4, label: true });
  const context = 'Passage: P. After reading this passage, I have a question: is it so? True or False?';
  assert.equal(boolq, { id: '4', options: [' False', ' True'].map((text) => ({ context, text })), label: 1 });
  file('piqa-labels.lst', '1\n');
  const piqa = await row('piqa', { goal: 'Boil it', sol1: 'x', sol2: 'y' });
  assert.equal([piqa.label, piqa.options[1]], [1, { context: 'Boil it', text: ' y' }]);
  const schema = {
    text: { txt1: 'A dog saw', pron: 'its', txt2: 'tail.' },
    answers: ['The dog', 'Ann'],
    correctAnswer: 'B',
  };
  assert.equal((await row('winograd', schema)).options, [
    { context: "A dog saw the dog's", text: ' tail.' },
    { context: "A dog saw Ann's", text: ' tail.' },
  ]);
});

test('multiple choice: wrong labels, missing labels, rows there twice', async () => {
  const row = { premise: 'A.', choice1: 'B', choice2: 'C', question: 'cause', idx: 1 };
  const lines = [
    { ...row, label: 1 },
    { ...row, label: 0 },
    { ...row, idx: 2 },
  ]
    .map((one) => JSON.stringify(one))
    .join('\n');
  const data = await readChoices('copa', file('twice.jsonl', lines));
  assert.equal([data.items.length, data.items[0].label], [1, 1]);
  assert.equal(kinds(data), ['1: duplicated id in the data', '2: row without annotation']);
  const wrong = file('wrong.jsonl', JSON.stringify({ ...row, label: 2 }));
  assert.match(await messageOf(readChoices('copa', wrong)), /wrong\.jsonl:1: "label" should be 0, 1, but there is 2/);
  assert.match(await messageOf(readChoices('piqa', file('lone.jsonl', '{}'))), /lone-labels\.lst/);
});

test('SEED-Bench: pictures only', async () => {
  const question = {
    question_id: '1',
    data_id: 'd',
    question: 'Q?',
    choice_a: 'a',
    choice_b: 'b',
    choice_c: 'c',
    choice_d: 'd',
  };
  const questions = [
    { ...question, answer: 'C', data_type: 'image', question_type_id: 1 },
    { ...question, question_id: '2', answer: 'A', data_type: 'video', question_type_id: 10 },
    { ...question, question_id: '3', data_type: 'image' },
  ];
  const data = await readSeedBench(file('seed.json', { questions, question_type: { 'Scene Understanding': 1 } }));
  assert.equal([data.items.length, data.items[0].label, data.items[0].type], [1, 2, 'Scene Understanding']);
  assert.equal(kinds(data), ['3: row without annotation']);
});

skipUnlessShared(test, 'data/eval', 'samples of every multiple-choice set', async (folder) => {
  const counts = async (name: ChoiceSetName, path: string) => {
    const { items, problems } = await readChoices(name, `${folder}/${path}`);
    return [items.length, problems.length];
  };
  assert.equal(await counts('hellaswag', 'hellaswag_val_300.jsonl'), [300, 0]);
  assert.equal(await counts('winogrande', 'winogrande_dev_300.jsonl'), [300, 0]);
  assert.equal(await counts('piqa', 'piqa_valid_300.jsonl'), [300, 0]);
  assert.equal(await counts('boolq', 'boolq_val_200.jsonl'), [200, 0]);
  assert.equal(await counts('copa', 'copa_val_100.jsonl'), [100, 0]);
  const contexts = (await readChoices('winograd', `${folder}/wsc273.jsonl`)).items;
  const schemas = (await readChoices('winograd', `${folder}/wsc_schema_form.jsonl`)).items;
  const same = contexts.filter((item, at) => JSON.stringify(item) === JSON.stringify(schemas[at]));
  // The two others have lower case after an exclamation mark in one of the sources.
  assert.equal([contexts.length, same.length], [273, 271]);
  assert.is((await readCaptions(`${folder}/caps_boxes_coco2014_val_80.jsonl`, 'test')).items.length, 80);
});

test.run();
