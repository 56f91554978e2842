/** Readers of data files: records, going on at any of them, and files that are damaged. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { dataFiles, FORMATS, type Format } from '../../../data/corpora/data-files.ts';
import { Unusable } from '../../../data/corpora/problems.ts';
import { type DataRecord, type Place, START } from '../../../data/corpora/readers/record.ts';
import { gritParquet } from '../../../data/grit/parquet.ts';
import type { GritRecord } from '../../../data/grit/records.ts';
import { runtime } from '../../../engine/runtime/index.ts';
import { rejects } from '../../rejects.ts';
import { collected, temporaryFolder } from '../grit/files.ts';
import { GRIT_SAMPLES, png, SAMPLES, tarOf } from './files.ts';

const folder = temporaryFolder();
test.after(folder.remove);

async function read(path: string, format: Format, from: Place = START): Promise<DataRecord[]> {
  const file = await (await runtime()).openFile(path);
  try {
    return await collected(FORMATS[format].read(path, file, from));
  } finally {
    await file.close();
  }
}

/** What stands in a record, or why nothing does. */
const contents = (records: readonly DataRecord[]) =>
  records.map(({ content }) => (content instanceof Unusable ? content.reason : content));

/** Those of files in the schema of GRIT. */
const rows = (records: readonly DataRecord[]) => contents(records) as unknown as GritRecord[];

/** From the place behind each record the rest of the file is read as from the start. */
async function goesOnAnywhere(path: string, format: Format): Promise<DataRecord[]> {
  const all = await read(path, format);
  for (const [index, { next }] of all.entries()) {
    if (next === null) assert.is(index, all.length - 1, `${path} ends at record ${index}`);
    else assert.equal(await read(path, format, next), all.slice(index + 1), `${path} behind record ${index}`);
  }
  return all;
}

test('JSONL: blank lines, line ends of both kinds, identifiers of 64 bits', async () => {
  const path = folder.file('a.jsonl', '\ufeff{"text": "é"}\r\n\n{"id": 9007199254740993}\n{"text": "c"}');
  const all = await goesOnAnywhere(path, 'jsonl');
  assert.equal(contents(all), [{ text: 'é' }, { id: 9007199254740993n }, { text: 'c' }]);
  assert.equal(
    all.map(({ where, number }) => [where, number]),
    [1, 3, 4].map((line) => [`${path} line ${line}`, line - 1]),
  );
});

test('JSONL: bad lines are named, and a last one that is cut', async () => {
  const path = folder.file('bad.jsonl', '{"text": "a"}\n[1]\n{"text": \n{"text": "b"}\n{"text": "c');
  assert.equal(contents(await goesOnAnywhere(path, 'jsonl')), [
    { text: 'a' },
    'record that is no JSON object',
    'record that is no JSON object',
    { text: 'b' },
    'record that the file ends in the middle of',
  ]);
});

test('a list of JSON, in pieces and with brackets in strings', async () => {
  const members = [{ a: 'é ] , " \\ [' }, { a: [1, { b: '}' }] }, {}, { a: '\\"],'.repeat(500_000) }, { a: 2 }];
  const path = folder.file('list.json', `\ufeff \n${JSON.stringify(members, null, 1)}\n`);
  const all = await goesOnAnywhere(path, 'json');
  assert.equal(contents(all), members);
  assert.is(all[1]!.where, `${path} [1]`);
  assert.equal(contents(await read(folder.file('none.json', '[ ]'), 'json')), []);
});

test('a list of JSON that is cut, holds other things, or is none', async () => {
  const at = async (name: string, text: string) => contents(await read(folder.file(name, text), 'json'));
  assert.equal(await at('cut.json', '[{"a": 1}, 7, {"a": [2, '), [
    { a: 1 },
    'record that is no JSON object',
    'record that the file ends in the middle of',
  ]);
  assert.equal(await at('open.json', '[{"a": 1}, {"a": 2}'), [{ a: 1 }, { a: 2 }]);
  assert.equal(await at('object.json', '{"a": 1}'), ['file that is no JSON list']);
  assert.equal(await at('empty.json', ''), ['file that is no JSON list']);
});

test('TSV with boxes as JSON or as Python prints them, or without', async () => {
  const box = '[[0, 5, 0.1, 0.1, 0.9, 0.9, 0.8]]';
  const rows = [
    `md5\ta dog\tAAAA\t4\t4\t{"phrase": ${box}, "expression_v1": ${box}}`,
    `md5\ta cat\tBBBB\t4\t4\t{'phrase': ${box}, 'expression_v1': []}`,
    'md5\ta kite\tCCCC\t4\t4',
    'a caption alone',
    `md5\ta dog\tAAAA\t4\t4\t{"phrase": [[`,
  ];
  const path = folder.file('pictures.tsv', `${rows.join('\n')}\n`);
  const boxes = JSON.parse(box);
  assert.equal(contents(await goesOnAnywhere(path, 'tsv')), [
    { caption: 'a dog', base64: 'AAAA', noun_chunks: boxes, ref_exps: boxes },
    { caption: 'a cat', base64: 'BBBB', noun_chunks: boxes, ref_exps: [] },
    { caption: 'a kite', base64: 'CCCC' },
    'record without the columns of a TSV of pictures',
    'record with boxes that cannot be read',
  ]);
});

test('WebDataset: samples by name, long names, other files', async () => {
  const long = `${'folder/'.repeat(20)}0002`;
  const entries: [string, string | Uint8Array][] = [
    ['./0000.jpg', png(1)],
    ['./0000.txt', 'a dog'],
    ['0001.json', '{"caption": "a cat", "key": "0001"}'],
    ['0001.png', png(2)],
    ['0001.txt', 'not this'],
    ['.hidden', ''],
    [`${long}.jpg`, png(3)],
    [`${long}.cls`, '7'],
    [`${long}.txt`, 'a kite'],
  ];
  const path = folder.file('a.tar', tarOf(entries));
  const all = await goesOnAnywhere(path, 'webdataset');
  assert.equal(contents(all), [
    { caption: 'a dog', text: 'a dog' },
    { caption: 'a cat', text: 'not this', key: '0001' },
    { caption: 'a kite', text: 'a kite' },
  ]);
  assert.equal(
    all.map(({ pictures }) => [...pictures!.keys()]),
    [['0000.jpg'], ['0001.png'], ['0002.jpg']],
  );
  assert.equal(all[1]!.pictures!.get('0001.png'), png(2));
  assert.is(all[2]!.where, `${path} ${long}`);
});

test('WebDataset that is cut in each place, damaged, or none', async () => {
  const whole = tarOf([
    ['0000.txt', 'a dog'],
    ['0001.png', png(2)],
    ['0001.txt', 'a cat'],
  ]);
  const cutAt = async (length: number) =>
    contents(await read(folder.file('cut.tar', whole.subarray(0, length)), 'webdataset'));
  const [dog, cat] = [
    { caption: 'a dog', text: 'a dog' },
    { caption: 'a cat', text: 'a cat' },
  ];
  const cut = 'record that the file ends in the middle of';
  const damaged = 'file with a damaged archive';
  assert.equal(await cutAt(514), [cut]);
  assert.equal(await cutAt(1024), [dog]);
  assert.equal(await cutAt(1100), [dog, damaged]);
  assert.equal(await cutAt(1024 + 520), [dog, cut]);
  const content = whole.length - 1024 - 512;
  assert.equal(await cutAt(content + 3), [dog, cut], 'the sample that is cut goes as a whole');
  assert.equal(await cutAt(content + 5), [dog, cat]);
  const other = new Uint8Array(whole);
  other[1024 + 3] ^= 1;
  assert.equal(contents(await read(folder.file('damaged.tar', other), 'webdataset')), [dog, damaged]);
  assert.equal(contents(await read(folder.file('text.tar', 'no archive'.repeat(100)), 'webdataset')), [damaged]);
});

test('parquet: the published files, several row groups, other columns', async () => {
  const sample = join(GRIT_SAMPLES, 'grit_sample.parquet');
  const all = await goesOnAnywhere(sample, 'parquet');
  const lines = readFileSync(join(GRIT_SAMPLES, 'grit_sample.jsonl'), 'utf8').trim().split('\n');
  assert.equal(
    rows(all).map(({ caption }) => caption),
    lines.map((line) => JSON.parse(line).caption),
  );
  assert.is(all[20]!.where, `${sample} row 20`);

  const [first] = rows(await read(join(GRIT_SAMPLES, 'grit_sample.jsonl'), 'jsonl'));
  const records = Array.from({ length: 2100 }, (_, id) => ({ ...first!, id }));
  const large = folder.file('large.parquet', await gritParquet(records));
  const ids = (read: readonly DataRecord[]) => rows(read).map(({ id }) => Number(id));
  assert.equal(
    ids(await read(large, 'parquet', { offset: 0, number: 999 })),
    Array.from({ length: 1101 }, (_, i) => i + 999),
  );
  assert.equal(ids(await read(large, 'parquet', { offset: 0, number: 2100 })), []);

  const { parquetWriteBuffer } = await import('hyparquet-writer');
  const columnData = [{ name: 'score', data: [1] }];
  const other = folder.file('other.parquet', new Uint8Array(parquetWriteBuffer({ columnData })));
  assert.equal(contents(await read(other, 'parquet')), ['file without a column of training data']);
});

test('the samples of the data sets have as many records as they should', async () => {
  const counts: [string, Format, number][] = [
    ['llava_instruct.json', 'json', 10],
    ['unnatural_instructions.jsonl', 'jsonl', 10],
    ['flan_v2.jsonl', 'jsonl', 10],
    ['interleaved_mmc4.jsonl', 'jsonl', 5],
  ];
  for (const [name, format, count] of counts) {
    const records = await goesOnAnywhere(join(SAMPLES, name), format);
    assert.is(records.filter(({ content }) => !(content instanceof Unusable)).length, count, name);
  }
});

test('files, folders, patterns and ranges of numbers', async () => {
  const shards = temporaryFolder();
  for (const name of ['b-01.jsonl', 'b-00.jsonl', 'b-10.jsonl', 'summary.json', '.hidden.jsonl', 'notes.md'])
    shards.file(name, '{}\n');
  const names = async (path: string | string[], format: Format | null = null) =>
    (await dataFiles([path].flat(), format)).map((file) => `${file.path.slice(shards.path.length + 1)} ${file.format}`);
  const all = ['b-00.jsonl jsonl', 'b-01.jsonl jsonl', 'b-10.jsonl jsonl'];
  assert.equal(await names(shards.path), all);
  assert.equal(await names(`${shards.path}/`), all);
  assert.equal(await names(`${shards.path}/b-*.jsonl`), all);
  assert.equal(await names(`${shards.path}/b-0?.jsonl`), all.slice(0, 2));
  assert.equal(await names(`${shards.path}/b-{00..01}.jsonl`), all.slice(0, 2));
  assert.equal(await names([`${shards.path}/b-10.jsonl`, shards.path]), all);
  assert.equal(await names(shards.path, 'json'), ['summary.json json']);
  assert.equal(await names(`${shards.path}/notes.md`, 'jsonl'), ['notes.md jsonl']);

  const refused: [string, RegExp][] = [
    ['nothing.jsonl', /nothing\.jsonl: there is no such file/],
    ['nothing', /nothing: there is no such file or folder/],
    ['notes.md', /notes\.md: its ending does not tell its format; "format" may be jsonl, tsv/],
    ['*.tar', /\*\.tar: no file matches/],
    ['b-{00..02}.jsonl', /b-02\.jsonl: there is no such file/],
    ['*', /notes\.md: its ending/],
  ];
  for (const [name, message] of refused) await rejects(() => names(`${shards.path}/${name}`), Error, message);
  shards.file('c.parquet', '');
  await rejects(() => names(shards.path), Error, /files of several formats: "format" must say which of jsonl, parquet/);
  assert.equal(await names(shards.path, 'parquet'), ['c.parquet parquet']);
  await rejects(() => names(shards.path, 'tsv'), Error, /holds no file that ends in \.tsv$/);
  shards.remove();
});

test.run();
