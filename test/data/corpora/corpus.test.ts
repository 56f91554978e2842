/** Corpora of every kind: what becomes of their records, what is left out, and going on exactly. */
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  type CorpusConfig,
  type CorpusContext,
  type CorpusState,
  openCorpus,
  packDocuments,
  type TrainingExample,
} from '../../../data/corpora/index.ts';
import { gritParquet } from '../../../data/grit/parquet.ts';
import type { GritRecord, GritRow } from '../../../data/grit/records.ts';
import { ShardWriter } from '../../../data/grit/shards.ts';
import { rejects } from '../../rejects.ts';
import { sharedPath, skipUnlessShared } from '../../shared.ts';
import { temporaryFolder } from '../grit/files.ts';
import { colors, contextWith, png, SAMPLES, show, take, tarOf } from './files.ts';

const folder = temporaryFolder();
test.after(folder.remove);

/** Pictures under the names that the samples give them, beside each other. */
const pictures = temporaryFolder();
test.after(pictures.remove);
for (let i = 1; i <= 10; i++) pictures.file(`9000000000${String(i).padStart(2, '0')}.jpg`, png(i));
for (let document = 1; document <= 5; document++) {
  for (let i = 0; i < 6; i++) pictures.file(`synthetic_${document}_${i}.jpg`, png(10 * document + i, 80, 70));
}

const lines = (rows: readonly unknown[]) => rows.map((row) => `${JSON.stringify(row)}\n`).join('');

async function examplesOf(
  config: CorpusConfig,
  count: number,
  context: Partial<CorpusContext> = {},
): Promise<{ examples: TrainingExample[]; shown: string[]; problems: [string, number, string | undefined][] }> {
  const stream = await openCorpus(
    { workers: config.kind === 'text' ? undefined : 0, shuffleBuffer: 0, ...config },
    contextWith(context),
  );
  try {
    const examples = await take(stream, count);
    const problems = stream
      .problems()
      .map(({ reason, count, examples }): [string, number, string | undefined] => [reason, count, examples[0]]);
    return { examples, shown: examples.map(({ sequences }) => show(sequences[0]!)), problems };
  } finally {
    await stream.close();
  }
}

/** A stream that is opened anew with the state behind each example gives the same as one that is read through. */
async function goesOnAnywhere(
  config: CorpusConfig,
  count: number,
  context: Partial<CorpusContext> = {},
): Promise<void> {
  const open = (state?: unknown) =>
    openCorpus(
      { workers: config.kind === 'text' ? undefined : 0, shuffleBuffer: 3, readAhead: 4, ...config },
      contextWith(context),
      state,
    );
  const stream = await open();
  const states = [stream.state()];
  const examples: TrainingExample[] = [];
  for (let i = 0; i < count; i++) {
    examples.push(await stream.next());
    states.push(JSON.parse(JSON.stringify(stream.state())));
  }
  const problems = stream.problems();
  await stream.close();
  for (let i = 0; i < count; i++) {
    const again = await open(states[i]);
    assert.equal(await take(again, Math.min(3, count - i)), examples.slice(i, i + 3), `behind ${i} examples`);
    if (i + 3 >= count) assert.equal(again.problems(), problems);
    await again.close();
  }
}

test('texts are packed, epoch after epoch, as a list of them would be', async () => {
  const documents = ['a dog in a field\na fire', 'in', 'a dog\nin a dog', 'a field a field a field'];
  const path = folder.file('text.jsonl', lines(documents.map((text) => ({ text }))));
  const context = { sequenceLength: 10 };
  const { examples } = await examplesOf({ kind: 'text', path }, 12, context);
  const packed = packDocuments(Array.from({ length: 12 }, () => documents).flat(), contextWith(context));
  assert.equal(
    examples.map(({ sequences }) => sequences[0]),
    packed.slice(0, 12),
  );
  assert.ok(examples.every(({ images }) => images.length === 0));
  await goesOnAnywhere({ kind: 'text', path }, 14, context);
});

test('texts of archives and parquet files', async () => {
  const { parquetWriteBuffer } = await import('hyparquet-writer');
  const columnData = [{ name: 'text', data: ['a dog', 'in'] }];
  const parquet = folder.file('texts.parquet', new Uint8Array(parquetWriteBuffer({ columnData })));
  const tar = folder.file(
    'texts.tar',
    tarOf([
      ['0.txt', 'a dog'],
      ['1.json', '{"text": "in"}'],
    ]),
  );
  const context = { sequenceLength: 6 };
  for (const path of [parquet, tar]) {
    const { shown } = await examplesOf({ kind: 'text', path }, 2, context);
    assert.equal(shown, ['<s> A DOG</S> IN</S>', '<s> A DOG</S> IN</S>'], path);
  }
});

test('empty texts, texts that are none and cut files are counted, not used', async () => {
  const rows = [{ text: 'a dog' }, { text: ' \n' }, { text: 7 }, { caption: 'a' }, { text: 'in' }];
  const path = folder.file('bad-text.jsonl', `${lines(rows)}{"text": "a fi`);
  const { shown, problems } = await examplesOf({ kind: 'text', path }, 1, { sequenceLength: 6 });
  assert.equal(shown, ['<s> A DOG</S> IN</S>']);
  assert.equal(problems, [
    ['record without a text', 3, `${path} line 2: it is empty`],
    ['record that the file ends in the middle of', 1, `${path} line 6`],
  ]);
  await goesOnAnywhere({ kind: 'text', path }, 6, { sequenceLength: 6 });
});

test('captions from TSV, archives and JSONL, with pictures inside, by path and by key', async () => {
  const base64 = (color: number) => Buffer.from(png(color)).toString('base64');
  const tsv = folder.file('c.tsv', [1, 2].map((color) => `md5\ta dog\t${base64(color)}\t12\t12\n`).join(''));
  const tar = folder.file(
    'c.tar',
    tarOf([
      ['0.png', png(1)],
      ['0.txt', 'a dog'],
      ['1.png', png(2)],
      ['1.json', '{"caption": "a dog"}'],
    ]),
  );
  folder.file('1.png', png(1));
  folder.file('two.webp.png', png(2));
  const jsonl = folder.file(
    'c.jsonl',
    lines([
      { image: '1.png', caption: 'a dog' },
      { key: 'two.webp', text: 'a dog' },
    ]),
  );
  for (const path of [tsv, tar, jsonl]) {
    const { examples, shown, problems } = await examplesOf({ kind: 'captions', path }, 2);
    assert.equal(examples.map(colors), [[1], [2]], path);
    assert.equal(shown, ['<s><image>#</image> A DOG</S>', '<s><image>#</image> A DOG</S>']);
    assert.equal([examples[0]!.images[0]!.width, examples[0]!.images[0]!.height], [8, 8]);
    assert.equal(problems, []);
  }
});

test('what is wrong with pictures and captions is named, and the rest is used', async () => {
  const broken = temporaryFolder();
  for (let color = 1; color <= 3; color++) broken.file(`${color}.png`, png(color));
  broken.file('cut.png', png(4).slice(0, 50));
  broken.file('text.jpg', 'no picture');
  const rows = [
    { image: '1.png', caption: 'a dog' },
    { image: 'cut.png', caption: 'a dog' },
    { image: 'text.jpg', caption: 'a dog' },
    { image: 'none.png', caption: 'a dog' },
    { image: '2.png', caption: '' },
    { image: '2.png' },
    { caption: 'a dog' },
    { image: '2.png', caption: 'a dog '.repeat(100) },
    { base64: '***', caption: 'a dog' },
    { image: '3.png', caption: 'in' },
  ];
  const path = broken.file('rows.jsonl', lines(rows));
  const { examples, problems } = await examplesOf({ kind: 'captions', path }, 2, { sequenceLength: 100 });
  assert.equal(examples.map(colors), [[1], [3]]);
  assert.equal(
    problems.map(([reason, count]) => [reason, count]),
    [
      ['picture that cannot be decoded', 2],
      ['picture without a file', 1],
      ['record without a caption', 2],
      ['record without a picture', 1],
      ['record that makes too many tokens', 1],
      ['picture that cannot be read', 1],
    ],
  );
  assert.match(problems[0]![2]!, /rows\.jsonl line 2: /);
  assert.is(problems[1]![2], `${path} line 4: ${broken.path}/none.png`);
  await goesOnAnywhere({ kind: 'captions', path }, 5, { sequenceLength: 100 });
  const small = await examplesOf({ kind: 'captions', path, images: broken.path, minImageSide: 12 }, 1);
  assert.equal(colors(small.examples[0]!), [1]);
  await rejects(
    () => examplesOf({ kind: 'captions', path, minImageSide: 13 }, 1, { sequenceLength: 100 }),
    Error,
    /rows\.jsonl: no training data of the kind captions in the 1 files: 3 × picture that is too small \(.* line 1: 12x12 pixels\); /,
  );
  broken.remove();
});

const box = (start: number, end: number, x1: number, x2: number, score = 0.9): GritRow => [
  start,
  end,
  x1,
  0.1,
  x2,
  0.9,
  score,
];

test('grounded captions: half of them without tags, chosen by record and epoch', async () => {
  const rows = Array.from({ length: 100 }, (_, i) => ({
    image: '900000000001.jpg',
    caption: `a dog in a field ${i}`,
    ref_exps: [box(0, 16, 0.1, 0.9), box(9, 16, 0, 1)],
    noun_chunks: [box(0, 5, 0.1, 0.9), box(9, 16, 0, 1)],
  }));
  const path = pictures.file('grounded.jsonl', lines(rows));
  const tagged = (shown: readonly string[]) => shown.map((text) => text.includes('<PHRASE>'));
  const { shown } = await examplesOf({ kind: 'grounded', path }, 200);
  const count = tagged(shown).filter(Boolean).length;
  assert.ok(count > 70 && count < 130, `${count} of 200 have tags`);
  assert.not.equal(tagged(shown.slice(0, 100)), tagged(shown.slice(100)));
  assert.ok(shown.every((text) => text.includes('<PHRASE>') === text.includes('<GROUNDING>')));

  const shuffled = await examplesOf({ kind: 'grounded', path, shuffleBuffer: 7 }, 100);
  assert.equal([...shuffled.shown].sort(), shown.slice(0, 100).sort(), 'the choice does not depend on the order');

  const all = await examplesOf({ kind: 'grounded', path, untaggedShare: 0 }, 1);
  const object = '<OBJECT><PATCH_INDEX_0000><PATCH_INDEX_0015></OBJECT>';
  assert.is(all.shown[0], `<s><image>#</image><GROUNDING><PHRASE> A DOG IN A FIELD</PHRASE>${object} 0</S>`);
  const chunks = await examplesOf({ kind: 'grounded', path, untaggedShare: 0, spans: 'nounChunks' }, 1);
  assert.is(chunks.shown[0]!.match(/<PHRASE>/g)!.length, 2);
  assert.ok(
    (await examplesOf({ kind: 'grounded', path, untaggedShare: 1 }, 20)).shown.every(
      (text) => !text.includes('<PHRASE>'),
    ),
  );
  await goesOnAnywhere({ kind: 'grounded', path }, 12);
});

test('boxes move with the crop, or stay where pictures are squashed', async () => {
  pictures.file('wide.png', png(7, 40, 20));
  const row = { image: 'wide.png', caption: 'a dog', ref_exps: [box(0, 5, 0.3, 0.7)], noun_chunks: [] };
  const path = pictures.file('wide.jsonl', lines([row]));
  const config: CorpusConfig = { kind: 'grounded', path, untaggedShare: 0 };
  const patches = ({ shown }: { shown: string[] }) => shown[0]!.match(/PATCH_INDEX_\d+/g);
  assert.equal(patches(await examplesOf(config, 1)), ['PATCH_INDEX_0000', 'PATCH_INDEX_0015']);
  assert.equal(patches(await examplesOf({ ...config, imageOnlyResize: true }, 1)), [
    'PATCH_INDEX_0001',
    'PATCH_INDEX_0014',
  ]);
});

test('bad boxes cost the box, not the caption', async () => {
  const ref_exps = [
    box(0, 5, 0.1, 0.9),
    box(0, 500, 0.1, 0.9),
    box(0, 5, 0.9, 0.1),
    box(0, 5, 1.1, 1.9),
    [0, 5, 'left', 0, 1, 1, 0.9],
    [0, 5],
  ];
  const path = pictures.file(
    'boxes.jsonl',
    lines([
      { image: '900000000001.jpg', caption: 'a dog', ref_exps },
      { image: '900000000001.jpg', caption: 'in', ref_exps: JSON.stringify([]) },
      { image: '900000000001.jpg', caption: 'a fire' },
    ]),
  );
  const { shown, problems } = await examplesOf({ kind: 'grounded', path, untaggedShare: 0 }, 3);
  assert.match(shown[0]!, /<PHRASE> A DOG<\/PHRASE><OBJECT><PATCH_INDEX_\d+><PATCH_INDEX_\d+><\/OBJECT><\/S>$/);
  assert.is(shown[1], '<s><image>#</image> IN</S>', 'without boxes the caption goes without tags');
  assert.is(shown[2], shown[0]);
  const where = `${path} line 1: ref_exps`;
  assert.equal(problems.slice(0, 5), [
    ['box with a span that is not in the caption', 2, `${where}[1]`],
    ['box that is inverted or has no area', 2, `${where}[2]`],
    ['box outside the picture', 2, `${where}[3]`],
    ['box that is not seven numbers', 4, `${where}[4]`],
    ['record without boxes', 1, `${path} line 3: it has no list ref_exps`],
  ]);
});

test('what the GRIT pipeline writes is read: parquet and JSONL, pictures by key and by id', async () => {
  const out = temporaryFolder();
  const record = (key: string | null, id: number, color: number): GritRecord => {
    out.file(`${key ?? id}.jpg`, png(color));
    const rows = [box(0, 5, 0.1, 0.9)];
    const facts = {
      clip_similarity_vitb32: null,
      clip_similarity_vitl14: null,
      url: 'https://example.org/a.jpg',
      width: 12,
      height: 12,
    };
    return { key, id, caption: 'a dog 🐕 in a field', ...facts, noun_chunks: rows, ref_exps: rows };
  };
  const writer = new ShardWriter(out.path, 2);
  for (const one of [record('000000001', 1, 1), record(null, 22, 2), record('000000003', 3, 3)]) await writer.add(one);
  await writer.finish({});
  for (const format of ['parquet', 'jsonl'] as const) {
    const { examples, shown, problems } = await examplesOf(
      { kind: 'grounded', path: out.path, format, untaggedShare: 0 },
      3,
    );
    assert.equal(examples.map(colors), [[1], [2], [3]], format);
    assert.match(shown[0]!, /<GROUNDING><PHRASE> A DOG<\/PHRASE><OBJECT>/);
    assert.equal(problems, []);
  }
  await goesOnAnywhere({ kind: 'grounded', path: `${out.path}/grit-*.parquet` }, 7);

  const images = temporaryFolder();
  mkdirSync(join(images.path, '00000'));
  for (const [key, color] of [
    ['000000001', 11],
    ['000000003', 13],
  ] as const)
    images.file(`00000/${key}.png`, png(color));
  images.file('22.webp', png(12));
  const elsewhere = await examplesOf({ kind: 'grounded', path: out.path, format: 'parquet', images: images.path }, 3);
  assert.equal(elsewhere.examples.map(colors), [[11], [12], [13]], 'folders as img2dataset writes them');
  images.remove();
  out.remove();
});

test('interleaved documents: pictures before their sentences, not more than five', async () => {
  const path = join(SAMPLES, 'interleaved_mmc4.jsonl');
  const config: CorpusConfig = { kind: 'interleaved', path, images: pictures.path, singleImageShare: 1 };
  const { examples, shown, problems } = await examplesOf(config, 5);
  assert.equal(problems, []);
  assert.equal(
    examples.map(({ images }) => images.length),
    [2, 1, 1, 5, examples[4]!.images.length],
  );
  assert.equal(colors(examples[0]!), [10, 11]);
  assert.equal(shown[0]!.split('<image>#</image>').length, 3);
  assert.ok(shown[0]!.startsWith('<s> ') && shown[0]!.endsWith('</S>'));
  for (const { images, sequences } of examples)
    assert.is(sequences[0]!.imageMask.filter((slot) => slot === 1).length, 3 * images.length);
  const { image_info: listed } = JSON.parse(readFileSync(path, 'utf8').split('\n')[3]!);
  const places = listed.map(({ matched_text_index: at }: { matched_text_index: number }) => at);
  const names: string[] = listed.map(({ image_name: name }: { image_name: string }) => name);
  const inOrder = [...places.keys()].sort((x, y) => places[x] - places[y]);
  assert.not.equal(inOrder, [...places.keys()], 'the list of document 4 is not in the order of the text');
  assert.equal(
    colors(examples[3]!),
    inOrder.slice(0, 5).map((index) => 40 + Number(/_(\d)\.jpg/.exec(names[index]!)![1])),
  );
  const fewer = await examplesOf({ ...config, maxImages: 1, singleImageShare: 1 }, 4);
  assert.equal(
    fewer.examples.map(({ images }) => images.length),
    [1, 1, 1, 1],
  );
  await goesOnAnywhere(config, 9);
});

test('interleaved documents of an archive, with their pictures in it', async () => {
  const image_info = [1, 0].map((i) => ({ image_name: `7.${i}.png`, matched_text_index: i }));
  const entries: [string, string | Uint8Array][] = [
    ['a/7.0.png', png(1, 64, 64)],
    ['a/7.1.png', png(2, 64, 64)],
    ['a/7.json', JSON.stringify({ text_list: ['a dog', 'in'], image_info })],
  ];
  const { examples, shown } = await examplesOf({ kind: 'interleaved', path: folder.file('i.tar', tarOf(entries)) }, 1);
  assert.equal(colors(examples[0]!), [1, 2]);
  assert.is(shown[0], '<s><image>#</image> A DOG<image>#</image> IN</S>');
});

test('half of the documents with one picture are passed over, and small pictures', async () => {
  const path = join(SAMPLES, 'interleaved_mmc4.jsonl');
  const single = { text_list: ['a dog'], image_info: [{ image_name: 'synthetic_1_0.jpg', matched_text_index: 0 }] };
  const many = folder.file('single.jsonl', lines(Array(41).fill(single)));
  const stream = await openCorpus(
    { kind: 'interleaved', path: many, images: pictures.path, workers: 0 },
    contextWith(),
  );
  await take(stream, 100);
  const { epoch } = (stream.state() as CorpusState).cursor;
  assert.ok(epoch >= 3 && epoch <= 6, `a hundred examples of 41 documents took ${epoch} epochs`);
  assert.equal(stream.problems(), []);
  await stream.close();
  const none = { kind: 'interleaved', path: many, images: pictures.path, singleImageShare: 0 } as const;
  await rejects(() => examplesOf(none, 1), Error, /no training data of the kind interleaved/);
  const small = { kind: 'interleaved', path, images: pictures.path, minImageSide: 71, singleImageShare: 1 } as const;
  await rejects(() => examplesOf(small, 1), Error, /× picture that is too small \(.*: 80x70 pixels\)/);
});

test('documents without texts or pictures, and pictures that are missing', async () => {
  const info = (image_name: unknown, matched_text_index: unknown) => ({ image_name, matched_text_index });
  const rows = [
    { text_list: ['a dog', 'in'], image_info: [info('none.jpg', 0), info('synthetic_1_0.jpg', 1), info('x.jpg', 2)] },
    { text_list: ['a dog'], image_info: [] },
    { text_list: [''], image_info: [info('synthetic_1_0.jpg', 0)] },
    { text_list: 'a dog', image_info: [] },
    { text_list: ['a dog'] },
    { text_list: ['a dog'], image_info: [info('none.jpg', 0)] },
    { text_list: ['in'], image_info: [info('synthetic_1_1.jpg', 0), info('synthetic_1_2.jpg', 0)] },
  ];
  const path = folder.file('documents.jsonl', lines(rows));
  const config: CorpusConfig = { kind: 'interleaved', path, images: pictures.path, singleImageShare: 1 };
  const { shown, problems } = await examplesOf(config, 2);
  assert.equal(shown, ['<s> A DOG<image>#</image> IN</S>', '<s><image>#</image><image>#</image> IN</S>']);
  assert.equal(
    problems.map(([reason, count]) => [reason, count]),
    [
      ['picture without a name or a place in the text', 1],
      ['picture without a file', 2],
      ['document without a picture', 1],
      ['document without a text', 1],
      ['document without a list of texts', 1],
      ['document without a list of pictures', 1],
    ],
  );
});

test('instructions of LLaVA, Unnatural Instructions and Flan', async () => {
  const llava = await examplesOf(
    { kind: 'instructions', path: join(SAMPLES, 'llava_instruct.json'), images: pictures.path },
    10,
  );
  assert.equal(llava.examples.map(colors), [[1], [2], [3], [4], [5], [6], [7], [8], [9], [10]]);
  assert.equal(llava.problems, []);
  const turns = (text: string) => text.match(/<\/S>/g)!.length;
  assert.is(turns(llava.shown[0]!), 3);
  assert.ok(llava.shown.every((text) => text.startsWith('<s><image>#</image> ') && !/image>.*<image/.test(text)));
  assert.match(llava.shown[0]!, /^<s><image>#<\/image> .*: What is .*\? .*:/);
  for (const name of ['unnatural_instructions.jsonl', 'flan_v2.jsonl']) {
    const { examples, shown, problems } = await examplesOf({ kind: 'instructions', path: join(SAMPLES, name) }, 10);
    assert.ok(examples.every(({ images }) => images.length === 0));
    assert.ok(shown.every((text) => turns(text) === 1 && text.endsWith('</S>')));
    assert.equal(problems, []);
    await goesOnAnywhere({ kind: 'instructions', path: join(SAMPLES, name) }, 12);
  }
  const all = [join(SAMPLES, 'llava_instruct.json'), join(SAMPLES, 'flan_v2.jsonl')];
  await goesOnAnywhere({ kind: 'instructions', path: all, images: pictures.path }, 22);
});

test('instructions that cannot be used', async () => {
  const human = { from: 'human', value: '<image>\nDescribe' };
  const gpt = { from: 'gpt', value: 'a dog' };
  const rows = [
    { conversations: [human, gpt] },
    { image: '900000000001.jpg', conversations: [gpt, human] },
    { image: '900000000001.jpg', conversations: [human] },
    { image: '900000000001.jpg', conversations: 'a dog' },
    { image: '900000000001.jpg', conversations: [{ from: 'human', value: '<image>' }, gpt] },
    { instruction: 'Describe', instances: [] },
    { inputs: 'Describe', targets: '' },
    { prompt: 'Describe' },
    { inputs: 'a dog '.repeat(30), targets: 'a dog' },
    { conversations: [{ from: 'human', value: 'Describe' }, gpt, { from: 'human', value: 'in' }] },
  ];
  const path = folder.file('instructions.jsonl', lines(rows));
  const { shown, problems } = await examplesOf({ kind: 'instructions', path, images: pictures.path }, 1, {
    sequenceLength: 50,
  });
  assert.match(shown[0]!, /^<s> Describe A DOG<\/S>$/);
  assert.equal(
    problems.map(([reason, count]) => [reason, count]),
    [
      ['record without a picture', 1],
      ['conversation that does not go in turns', 1],
      ['record without a response', 2],
      ['conversation that is no list', 1],
      ['record without an instruction', 2],
      ['record without instances', 1],
      ['record that makes too many tokens', 1],
    ],
  );
});

test('grounded instructions: both directions, every template, one of a record in an epoch', async () => {
  const ref_exps = [box(0, 5, 0.1, 0.9), box(9, 16, 0.1, 0.4), box(9, 16, 0.5, 0.9)];
  const rows = Array.from({ length: 60 }, () => ({ image: '900000000001.jpg', caption: 'a dog in a field', ref_exps }));
  const path = pictures.file('instructions.jsonl', lines(rows));
  const { shown } = await examplesOf({ kind: 'groundedInstructions', path }, 60);
  const referring = shown.filter((text) => text.endsWith(' A DOG.</S>'));
  const grounding = shown.filter((text) => /<grounding><phrase> a (dog|field)<\/phrase><OBJECT>/.test(text));
  assert.is(referring.length + grounding.length, 60);
  assert.ok(referring.length > 5 && grounding.length > 20, `${referring.length} and ${grounding.length}`);
  const prompts = new Set(referring.map((text) => text.replace(/<patch_index_\d+>/g, '')));
  assert.ok(prompts.size >= 5, [...prompts].join('\n'));
  assert.ok(
    grounding.some((text) => text.includes('</DELIMITER_OF_MULTI_OBJECTS/>')),
    'a phrase with two boxes',
  );
  const only = await examplesOf({ kind: 'groundedInstructions', path, groundingShare: 1, groundingTag: false }, 20);
  assert.ok(only.shown.every((text) => text.startsWith('<s><image>#</image><phrase>') && text.includes('<OBJECT>')));
  await goesOnAnywhere({ kind: 'groundedInstructions', path }, 10);
  const high = { kind: 'groundedInstructions', path, minScore: 0.95 } as const;
  await rejects(() => examplesOf(high, 1), Error, /60 × record of which no box is left/);
});

test('a configuration that cannot be used is refused by the name of its field', async () => {
  const path = folder.file('config.jsonl', '{"text": "a dog"}\n');
  const refused: [object, RegExp][] = [
    [{ path }, /corpus: "kind" must be one of text, captions/],
    [{ kind: 'text' }, /corpus: "path" must be a text or a list of texts, found nothing/],
    [{ kind: 'text', path: [] }, /corpus: "path" must be/],
    [{ kind: 'text', path, shufflebuffer: 3 }, /corpus: "shufflebuffer" is no field; there are kind, path, /],
    [{ kind: 'text', path, shuffleBuffer: 1.5 }, /"shuffleBuffer" must be a whole number of at least 0, found 1\.5/],
    [{ kind: 'text', path, untaggedShare: 0.5 }, /"untaggedShare" is for grounded, and this one is of the kind text/],
    [{ kind: 'grounded', path, untaggedShare: 2 }, /"untaggedShare" must be a number from 0 to 1, found 2/],
    [
      { kind: 'text', path, format: 'csv' },
      /"format" must be one of jsonl, tsv, webdataset, parquet, json, found "csv"/,
    ],
    [{ kind: 'text', path, format: 'tsv' }, /"format" tsv holds pictures with captions/],
    [{ kind: 'text', path: `${path}.gone` }, /there is no such file or folder/],
  ];
  for (const [config, message] of refused)
    await rejects(() => openCorpus(config as CorpusConfig, contextWith()), Error, message);
  const open = (context: Partial<CorpusContext>) => openCorpus({ kind: 'text', path }, contextWith(context));
  await rejects(() => open({ latents: 0 }), Error, /latents must be a whole number of at least 1, found 0/);
  await rejects(() => open({ gridSize: 5 }), Error, /the tokenizer has no token <patch_index_0024>/);
});

test('a state of another corpus is refused, saying what is different', async () => {
  const path = folder.file('state.jsonl', '{"text": "a dog"}\n');
  const config: CorpusConfig = { kind: 'text', path };
  const stream = await openCorpus(config, contextWith());
  const state = stream.state();
  await stream.close();
  const open = (given: unknown, change: Partial<CorpusConfig> = {}, context: Partial<CorpusContext> = {}) =>
    openCorpus({ ...config, ...change }, contextWith(context), given);
  await rejects(() => open(state, {}, { seed: 2 }), Error, /the state is of another corpus: seed was 1 and is 2/);
  await rejects(() => open(state, { shuffleBuffer: 3 }), Error, /shuffleBuffer was 1000 and is 3/);
  await rejects(() => open(state, { path: [path, folder.file('more.jsonl', '')] }), Error, /files was 1 and is 2/);
  await rejects(() => open({}), Error, /the state to go on from is none: \{\}/);
  await rejects(() => open({ ...(state as object), line: -1 }), Error, /has a place that is none/);
  await (await open(null)).close();
});

test('a corpus without any record says so, instead of being read for ever', async () => {
  const path = folder.file('nothing.jsonl', '\n\n');
  const stream = await openCorpus({ kind: 'text', path }, contextWith());
  await rejects(
    () => stream.next(),
    Error,
    /nothing\.jsonl: no training data of the kind text in the 1 files: they hold no record$/,
  );
  await stream.close();
  await rejects(() => stream.next(), Error, /nothing is left to read/);
});

skipUnlessShared(
  test,
  'data/eval/text_corpus.jsonl',
  'the sample of texts, packed into sequences of 2,048',
  async (path) => {
    const { loadTokenizer } = await import('../../../data/files.ts');
    const real = await loadTokenizer(sharedPath('tokenizer')!);
    const context = contextWith({ tokenizer: real, gridSize: 32, sequenceLength: 2048 });
    const stream = await openCorpus({ kind: 'text', path }, context);
    const examples = await take(stream, 20);
    await stream.close();
    assert.ok(examples.every(({ sequences }) => sequences[0]!.ids.length <= 2048));
    const lengths = examples.map(({ sequences }) => sequences[0]!.ids.length);
    assert.ok(lengths.reduce((sum, length) => sum + length) / 20 > 1800, lengths.join(' '));
  },
);

test('a parquet file of GRIT is gone on with in the middle of a row group', async () => {
  const rows = [box(0, 5, 0.1, 0.9)];
  const records = Array.from(
    { length: 1500 },
    (_, i): GritRecord => ({
      key: `90000000000${1 + (i % 9)}`,
      id: i,
      caption: 'a dog',
      clip_similarity_vitb32: null,
      clip_similarity_vitl14: null,
      url: null,
      width: 12,
      height: 12,
      noun_chunks: rows,
      ref_exps: rows,
    }),
  );
  const path = pictures.file('large.parquet', await gritParquet(records));
  await goesOnAnywhere({ kind: 'grounded', path, shuffleBuffer: 500 }, 6);
});

test.run();
