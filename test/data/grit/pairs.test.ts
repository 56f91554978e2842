/** Pairs from files of all formats: names of columns, pictures, ids, what cannot be used, and who does which part. */
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { openCaptionLines } from '../../../data/grit/pairs/caption-lines.ts';
import { type BadPair, type CaptionPair, isPair } from '../../../data/grit/pairs/pair.ts';
import { openPairFiles } from '../../../data/grit/pairs/pair-files.ts';
import { openShapesPairs, shapesTruth } from '../../../data/grit/pairs/shapes.ts';
import type { PairSource } from '../../../data/grit/pairs/source.ts';
import { type ShardChoice, WHOLE } from '../../../data/grit/pairs/units.ts';
import { png, tarOf } from '../corpora/files.ts';
import { collected, temporaryFolder } from './files.ts';

const folder = temporaryFolder();
test.after(folder.remove);

async function pairsIn(path: string, shard: ShardChoice = WHOLE, images: string | null = null) {
  return found(await openPairFiles({ paths: [path], images, shard }));
}

async function found(source: PairSource, from: unknown = null): Promise<(CaptionPair | BadPair)[]> {
  return (await collected(source.items(from))).map(({ pair }) => pair);
}

function good(pairs: readonly (CaptionPair | BadPair)[]): CaptionPair[] {
  return pairs.filter(isPair);
}

function lines(rows: readonly unknown[]): string {
  return rows.map((row) => `${typeof row === 'string' ? row : JSON.stringify(row)}\n`).join('');
}

test('JSONL: captions, pictures by path, key and id, and facts; what is no pair is named', async () => {
  const path = folder.file(
    'pairs.jsonl',
    lines([
      { caption: 'a dog', image: 'sub/dog.jpg', width: 20, height: 10, url: 'u' },
      { text: 'a cat', key: '000000012', clip_similarity_vitb32: 0.3 },
      '{"caption": "a fox", "id": 1795296605919000123}',
      { caption: 'a cow', id: 7.5 },
      { caption: 7, key: 'k' },
      { key: 'none' },
      'nonsense',
      { caption: 'no picture' },
    ]),
  );
  const pairs = await pairsIn(path);
  const [dog, cat, fox, cow] = good(pairs);
  assert.equal([dog!.id, dog!.facts.width, dog!.facts.url], ['sub/dog', 20, 'u']);
  assert.equal(dog!.picture, { paths: [join(folder.path, 'sub/dog.jpg')] });
  assert.equal([cat!.id, cat!.caption, cat!.facts.clip_similarity_vitb32], ['000000012', 'a cat', 0.3]);
  assert.ok((cat!.picture as { paths: string[] }).paths.includes(`${folder.path}/00000/000000012.png`));
  assert.equal([fox!.id, fox!.facts.id], ['1795296605919000123', 1795296605919000123n]);
  assert.match(cow!.id, /^pairs\.jsonl#\d+$/);
  assert.equal(
    pairs.filter((pair) => !isPair(pair)).map((pair) => (pair as BadPair).kind),
    ['pair-without-caption', 'pair-without-caption', 'pair-malformed'],
  );
  assert.is(good(pairs).at(-1)!.picture, null);
});

test('TSV: headings, two columns in either order, and the published preparation', async () => {
  const headed = good(await pairsIn(folder.file('a.tsv', 'URL\tTEXT\tkey\nhttp://x/y\ta dog\tk1\nh\ta cat\tk2\n')));
  assert.equal(
    headed.map(({ id, caption, facts }) => [id, caption, facts.url]),
    [
      ['k1', 'a dog', 'http://x/y'],
      ['k2', 'a cat', 'h'],
    ],
  );
  const two = await pairsIn(folder.file('b.tsv', 'a dog\thttp://x/y.jpg\nz.png\ta cat\nk3\ta fox\none\na\tb\tc\n'));
  assert.equal(
    good(two).map(({ caption, facts }) => [caption, facts.url, facts.key]),
    [
      ['a dog', 'http://x/y.jpg', 'b.tsv#0'],
      ['a cat', null, 'z'],
      ['a fox', null, 'k3'],
    ],
  );
  assert.is(two.length - good(two).length, 2);
  const base64 = Buffer.from(png(5)).toString('base64');
  const [published] = good(await pairsIn(folder.file('c.tsv', `abc\ta dog\t${base64}\t12\t12\t{'phrase': []}\n`)));
  assert.equal([published!.id, published!.facts.width], ['abc', 12]);
  assert.equal(published!.picture, { base64 });
});

test("parquet: COYO's and LAION's columns; a file without captions is told of once", async () => {
  const { parquetWriteBuffer } = await import('hyparquet-writer');
  const coyo = folder.file(
    'coyo.parquet',
    new Uint8Array(
      parquetWriteBuffer({
        columnData: [
          { name: 'id', data: [1795296605919n, 2n], type: 'INT64' },
          { name: 'url', data: ['u1', 'u2'] },
          { name: 'text', data: ['a dog', null] },
          { name: 'width', data: [200n, 300n], type: 'INT64' },
          { name: 'clip_similarity_vitb32', data: [0.25, 0.5], type: 'DOUBLE' },
          { name: 'nsfw_score_gantman', data: [0, 0], type: 'DOUBLE' },
        ],
      }),
    ),
  );
  const pairs = await pairsIn(coyo, WHOLE, '/images');
  const [dog] = good(pairs);
  assert.equal(
    [dog!.id, dog!.facts.id, dog!.facts.width, dog!.facts.clip_similarity_vitb32],
    ['1795296605919', 1795296605919, 200, 0.25],
  );
  assert.is((dog!.picture as { paths: string[] }).paths[0], '/images/1795296605919.jpg');
  assert.equal(pairs.slice(1), [{ kind: 'pair-without-caption', where: `${coyo} row 1` }]);
  const columnData = [
    { name: 'SAMPLE_ID', data: [12, 13], type: 'DOUBLE' as const },
    { name: 'TEXT', data: ['a dog', 'a cat'] },
    { name: 'URL', data: ['u', 'v'] },
  ];
  const laion = folder.file('laion.parquet', new Uint8Array(parquetWriteBuffer({ columnData })));
  assert.equal(
    good(await pairsIn(laion)).map(({ facts }) => [facts.id, facts.url]),
    [
      [12, 'u'],
      [13, 'v'],
    ],
  );
  const without = folder.file(
    'without.parquet',
    new Uint8Array(parquetWriteBuffer({ columnData: [{ name: 'label', data: [1, 2, 3], type: 'INT32' }] })),
  );
  assert.equal(
    (await pairsIn(without)).map((pair) => (pair as BadPair).kind),
    ['file-without-columns'],
  );
  assert.equal(
    (await pairsIn(folder.file('broken.parquet', 'PAR1 and then nothing'))).map((pair) => (pair as BadPair).kind),
    ['file-unreadable'],
  );
});

test('webdataset: captions of .txt and .json, pictures that came along, a damaged end', async () => {
  const whole = tarOf([
    ['000.jpg', png(1)],
    ['000.txt', 'a dog'],
    ['001.json', '{"caption": "a cat", "key": "k", "url": "u"}'],
    ['001.png', png(2)],
    ['002.png', png(3)],
  ]);
  const pairs = await pairsIn(folder.file('a.tar', whole));
  assert.equal(
    good(pairs).map(({ id, caption, facts }) => [id, caption, facts.url]),
    [
      ['a/000', 'a dog', null],
      ['k', 'a cat', 'u'],
    ],
  );
  assert.equal(good(pairs)[1]!.picture, { bytes: new Uint8Array(png(2)) });
  assert.is((pairs[2] as BadPair).kind, 'pair-without-caption');
  const cut = await pairsIn(folder.file('cut.tar', whole.slice(0, 2100)));
  assert.ok(good(cut).length >= 1);
  assert.not.ok(isPair(cut.at(-1)!));
});

test('a JSON list, and lines of captions', async () => {
  const list = JSON.stringify([{ caption: 'a dog', file_name: 'd.jpg' }, { caption: 'a cat' }]);
  assert.equal(
    good(await pairsIn(folder.file('list.json', list))).map(({ id }) => id),
    ['d', 'list.json#1'],
  );
  const text = await openCaptionLines(folder.file('captions.txt', 'a dog\n\na cat'));
  assert.equal(
    (await found(text)).map((pair) => [(pair as CaptionPair).id, (pair as CaptionPair).caption]),
    [
      ['1', 'a dog'],
      ['2', ''],
      ['3', 'a cat'],
    ],
  );
});

test('the shards of a run have every pair once, from pieces of one file or from whole files', async () => {
  const { parquetWriteBuffer } = await import('hyparquet-writer');
  const ids = Array.from({ length: 230 }, (_, id) => id);
  const rows = ids.map((id) => ({ caption: `a dog ${'x'.repeat((id * 37) % 90)}`, id }));
  const columnData = [
    { name: 'id', data: ids.map(BigInt), type: 'INT64' as const },
    { name: 'caption', data: rows.map(({ caption }) => caption) },
  ];
  const files = [
    folder.file('many.jsonl', lines(rows)),
    folder.file('many.tsv', `id\tcaption\n${rows.map(({ id, caption }) => `${id}\t${caption}\n`).join('')}`),
    folder.file('many.parquet', new Uint8Array(parquetWriteBuffer({ columnData, rowGroupSize: 20 }))),
    folder.file('many.tar', tarOf(rows.map((row) => [`${row.id}.json`, JSON.stringify(row)] as const))),
  ];
  const blank = rows.map((row) => `${JSON.stringify(row)}\n\n`).join('');
  files.push(folder.file('blank.jsonl', blank));
  for (const file of files) {
    for (const count of [1, 2, 7]) {
      const shards = await Promise.all(ids.slice(0, count).map((index) => pairsIn(file, { index, count })));
      assert.is(shards.flat().length, ids.length, `${file} in ${count}`);
      const seen = shards.flatMap((pairs) => good(pairs).map(({ facts }) => Number(facts.id)));
      assert.equal(
        seen.sort((a, b) => a - b),
        ids,
        `${file} in ${count}`,
      );
      if (count === 2 && !file.endsWith('.tar')) assert.ok(shards.every((pairs) => pairs.length > 60));
    }
  }
  const several = ids
    .slice(0, 40)
    .map((id) => folder.file(`part-${String(id).padStart(2, '0')}.jsonl`, lines(rows.slice(id, id + 1))));
  assert.is(several.length, 40);
  const shards = await Promise.all([0, 1].map((index) => pairsIn(`${folder.path}/part-*.jsonl`, { index, count: 2 })));
  assert.equal(
    shards.map((pairs) => pairs.length),
    [20, 20],
  );
});

test('a source goes on behind any of its pairs', async () => {
  const rows = Array.from({ length: 50 }, (_, id) => ({ caption: 'a dog', id }));
  folder.file('on-0.jsonl', lines(rows.slice(0, 30)));
  folder.file('on-1.jsonl', lines(rows.slice(30)));
  const source = await openPairFiles({ paths: [`${folder.path}/on-*.jsonl`], shard: WHOLE });
  const items = await collected(source.items(null));
  for (const at of [0, 28, 29, 30, 49]) {
    const next = JSON.parse(JSON.stringify(items[at]!.next));
    const rest = good(await found(source, next)).map(({ facts }) => facts.id);
    assert.equal(
      rest,
      rows.slice(at + 1).map(({ id }) => id),
    );
  }
});

test('files that are not there are refused; one that vanishes is told of', async () => {
  try {
    await openPairFiles({ paths: ['/nowhere/a.jsonl'], shard: WHOLE });
    assert.unreachable();
  } catch (error) {
    assert.match((error as Error).message, /no such file/);
  }
});

test('scenes of the shapes world have their truth', async () => {
  const source = openShapesPairs({ seed: 1, split: 'test', count: 5, shard: { index: 1, count: 2 } });
  const pairs = good(await found(source));
  assert.equal(
    pairs.map(({ id }) => id),
    ['shapes-test-1-1', 'shapes-test-1-3'],
  );
  for (const { id, caption } of pairs) {
    for (const { span } of shapesTruth(id)) assert.match(caption.slice(...span), /^(a|an|two|three|four|five|six) /);
  }
});

test.run();
