/** Suppression, records, and the files that hold them. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { gritParquet } from '../../../data/grit/parquet.ts';
import { Problems } from '../../../data/grit/problems.ts';
import { gritJsonLine, readGritFiles } from '../../../data/grit/record-files.ts';
import { type GritRecord, maximalRows } from '../../../data/grit/records.ts';
import { SummaryCounter } from '../../../data/grit/summary.ts';
import { keptBoxes, suppressNonMaxima } from '../../../data/grit/suppression.ts';
import { checkRecords, checkSuppression } from '../../golden/grit-records.ts';
import { collected, countsOf, GRIT_GOLDENS, temporaryFolder } from './files.ts';

const folder = temporaryFolder();
test.after(folder.remove);

test('goldens: suppression and whole records', async () => {
  const given = join(GRIT_GOLDENS, 'given');
  const cases = [...(await checkSuppression(given)), ...(await checkRecords(given))];
  assert.equal(
    cases.filter(({ ok }) => !ok),
    [],
  );
  assert.is(cases.length, 3 * 30 + 20);
});

test('suppression comes before the score filter', () => {
  const boxes = [
    { box: [0, 0, 1, 1], score: 0.6 },
    { box: [0, 0, 1, 0.9], score: 0.59 },
    { box: [0, 0, 0.1, 0.1], score: 0.5 },
  ] as const;
  assert.equal(suppressNonMaxima(boxes), [0, 2]);
  assert.equal(keptBoxes(boxes, { score: 0.5 }), [0]);
});

test('the published schema: JSONL and parquet (snappy and zstd) give the same records', async () => {
  const lines = await recordsIn('grit_sample.jsonl');
  assert.is(lines.length, 21);
  const raw = readFileSync(join(GRIT_GOLDENS, 'grit_sample.jsonl'), 'utf8').trim().split('\n');
  assert.equal(
    lines,
    raw.map((line) => JSON.parse(line)),
  );
  assert.equal(await recordsIn('grit_sample.parquet'), lines);
  assert.equal(await recordsIn('grit_sample_zstd.parquet'), lines);
});

test('what is written is read back, identifiers of 64 bits and absent fields too', async () => {
  const [first, ...rest] = await recordsIn('grit_sample.jsonl');
  const absent = {
    key: null,
    clip_similarity_vitb32: null,
    clip_similarity_vitl14: null,
    url: null,
    width: null,
    height: null,
  };
  const records: GritRecord[] = [
    { ...first!, id: 2n ** 63n - 1n, caption: `🐕 "id": 12 ${first!.caption}` },
    { ...first!, ...absent, id: null },
    { ...first!, id: -(2n ** 60n) - 1n, noun_chunks: [], ref_exps: [] },
    ...rest,
  ];
  const parquet = folder.file('written.parquet', await gritParquet(records));
  const lines = folder.file('written.jsonl', records.map((record) => `${gritJsonLine(record)}\n`).join(''));
  for (const path of [parquet, lines]) {
    const problems = new Problems();
    assert.equal(await collected(readGritFiles([path], problems)), records, path);
    assert.equal(problems.list(), []);
  }
});

test('a parquet of several row groups', async () => {
  const [record] = await recordsIn('grit_sample.jsonl');
  const records = Array.from({ length: 2100 }, (_, id) => ({ ...record!, id }));
  const path = folder.file('large.parquet', await gritParquet(records));
  const read = await collected(readGritFiles([path], new Problems()));
  assert.equal(
    read.map(({ id }) => id),
    records.map(({ id }) => id),
  );
});

test('files that are no GRIT files are skipped and told of', async () => {
  const { parquetWriteBuffer } = await import('hyparquet-writer');
  const columnData = [{ name: 'caption', data: ['a dog'] }];
  const without = folder.file('without.parquet', new Uint8Array(parquetWriteBuffer({ columnData })));
  const whole = readFileSync(join(GRIT_GOLDENS, 'grit_sample.parquet'));
  const damaged = new Uint8Array(whole);
  damaged.fill(0xff, 40, 4000);
  const files = [
    without,
    folder.file('without.jsonl', '{"caption": "a dog"}\n{"caption": "a cat"}\n'),
    folder.file('cut.parquet', whole.subarray(0, 9000)),
    folder.file('damaged.parquet', damaged),
    join(folder.path, 'absent'),
    folder.file('empty', ''),
    join(GRIT_GOLDENS, 'grit_sample.jsonl'),
  ];
  const problems = new Problems();
  const records = await collected(readGritFiles(files, problems));
  assert.is(records.length, 21);
  assert.equal(countsOf(problems), { 'file-unreadable': 3, 'file-without-columns': 2 });
  const [unreadable, columns] = problems.list();
  assert.match(unreadable!.first[0]!, /cut\.parquet/);
  assert.is(columns!.first[0], `${without} has no noun_chunks, ref_exps`);
});

test('rows that cannot be used are counted by kind; a bad box costs the box', async () => {
  const good = [0, 5, 0.1, 0.1, 0.5, 0.5, 0.9];
  const row = (rows: unknown, caption: unknown = 'a dog 🐕') => ({ caption, noun_chunks: rows, ref_exps: rows });
  const rows = [
    row([good]),
    row([good, [0, 7, ...good.slice(2)], [0, 8, ...good.slice(2)]]),
    row([
      [0, 5, 0.5, 0.1, 0.1, 0.5, 0.9],
      [0, 5, -0.5, 0, 0.5, 1, 0.9],
      [0, 5, 2, 2, 3, 3, 0.9],
    ]),
    row([
      [0, 5, 0, 0, 1, 1, 'high'],
      [0, 5, 0, 0, 1, 1, 1.5],
      [0, 5, null, 0, 1, 1, 0.9],
    ]),
    row([good], '狗和猫'),
    row([good], '<b>dog</b>'),
    row([good], 7),
    { ...row([good]), ref_exps: [] },
  ];
  const path = folder.file('rows.jsonl', `${rows.map((one) => JSON.stringify(one)).join('\n')}\n[]\n`);
  const problems = new Problems();
  const records = await collected(readGritFiles([path], problems));
  assert.equal(
    records.map((record) => record.ref_exps.map((one) => one.slice(0, 6))),
    [[good.slice(0, 6)], [good.slice(0, 6), [0, 7, 0.1, 0.1, 0.5, 0.5]], [[0, 5, 0, 0, 0.5, 1]], []],
  );
  assert.equal(countsOf(problems), {
    'caption-markup': 1,
    'caption-other-script': 1,
    'score-invalid': 2,
    'box-invalid': 1,
    'box-inverted': 1,
    'box-outside': 1,
    'box-clipped': 1,
    'record-malformed': 4,
  });
});

test("the figures of the paper's table 1", async () => {
  const [printed] = await recordsIn('grit_sample.jsonl');
  const counter = new SummaryCounter();
  assert.equal(counter.corpus(), { images: 0, objects: 0, spans: 0, meanExpressionLength: null });
  counter.addRecord(printed!);
  assert.equal(
    maximalRows(printed!.ref_exps).map(([start, end]) => [start, end]),
    [[0, 66]],
  );
  assert.equal(counter.corpus(), { images: 1, objects: 1, spans: 1, meanExpressionLength: 13 });
  const [start, end, ...box] = printed!.ref_exps[1]!;
  counter.addRecord({
    ...printed!,
    ref_exps: [
      [start, end, ...box],
      [start, end, ...box],
      [0, 0, ...box],
    ],
  });
  assert.equal(counter.corpus(), { images: 2, objects: 3, spans: 2, meanExpressionLength: 13 });
});

async function recordsIn(name: string): Promise<GritRecord[]> {
  const problems = new Problems();
  const records = await collected(readGritFiles([join(GRIT_GOLDENS, name)], problems));
  assert.equal(problems.list(), []);
  return records;
}

test.run();
