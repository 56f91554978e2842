/** The stages together: detections of other tools, bad input counted by kind, shards. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { parsedAnalyzer } from '../../../data/grit/analyzer.ts';
import { openDetections } from '../../../data/grit/detections.ts';
import { openParsedPairs } from '../../../data/grit/pairs/parsed.ts';
import { WHOLE } from '../../../data/grit/pairs/units.ts';
import { Problems } from '../../../data/grit/problems.ts';
import { readGritFiles } from '../../../data/grit/record-files.ts';
import type { GritRecord } from '../../../data/grit/records.ts';
import { runGrit } from '../../../data/grit/run/run.ts';
import { ShardWriter } from '../../../data/grit/shards.ts';
import type { GritSummary } from '../../../data/grit/summary.ts';
import { readJson } from '../../golden/json.ts';
import { collected, countsOf, GRIT_GOLDENS, sentence, temporaryFolder } from './files.ts';

const folder = temporaryFolder();
test.after(folder.remove);

const DOG = sentence('a a DET 2 det', 'dog dog NOUN 0 root', 'at at ADP 4 case', 'night night NOUN 2 nmod');
const caption = (id: string, parse = DOG) => `# newdoc id = ${id}\n${parse}`;
const detection = { chunk: 0, box: [0.1, 0.1, 0.5, 0.5], score: 0.9 };

interface Run {
  records: GritRecord[];
  summary: GritSummary;
  counts: Record<string, number>;
}

async function runOn(parses: string, detections: object[] | string): Promise<Run> {
  const problems = new Problems();
  const text = typeof detections === 'string' ? detections : detections.map((row) => JSON.stringify(row)).join('\n');
  const grounder = await openDetections(folder.file('detections.jsonl', text), problems);
  const path = folder.file('parses.conllu', parses);
  const source = await openParsedPairs({ path, images: null, shard: WHOLE });
  const records: GritRecord[] = [];
  const { summary } = await runGrit(source, {
    ...{ analyzer: parsedAnalyzer({}), grounder, problems, out: null, shard: WHOLE, pairsPerPart: 1000 },
    async onResult({ record }) {
      if (record) records.push(record);
    },
  });
  await grounder.close();
  return { records, summary, counts: countsOf(new Problems(summary.problems)) };
}

test('golden records through the whole pipeline', async () => {
  const given = join(GRIT_GOLDENS, 'given');
  const { records: golden } = await readJson(join(given, 'records.json'));
  const { records, summary, counts } = await runOn(readFileSync(join(given, 'captions.conllu'), 'utf8'), golden);
  const expected = golden.filter((one: { expected: unknown }) => one.expected !== null);
  const byId = new Map(records.map((record) => [record.key, record]));
  assert.is(records.length, expected.length);
  for (const { id, expected: rows } of expected) {
    const { noun_chunks, ref_exps } = byId.get(id)!;
    assert.equal({ noun_chunks, ref_exps }, { noun_chunks: rows.noun_chunks, ref_exps: rows.ref_exps }, id);
  }
  assert.is(summary.captions, 27);
  assert.is(summary.images, expected.length);
  assert.is(summary.withoutBoxes, 27 - expected.length);
  assert.equal(counts, { 'image-missing': 7 });
});

test('a detection names its chunk by index, span or text; sizes and names go into the record', async () => {
  const { records } = await runOn(caption('7') + caption('x') + caption('y'), [
    { id: 7, url: 'u', width: 200, height: 100, unit: 'pixel', detections: [{ ...detection, box: [20, 10, 100, 50] }] },
    { id: 'x', key: 'k', id2: 1, detections: [{ span: [0, 5], box: detection.box, score: 0.7 }] },
    { id: 'y', detections: [{ phrase: ' A dog', box: detection.box, score: 0.7 }] },
    { id: 'y', detections: [{ phrase: 'a dog', box: [0.6, 0.6, 1, 1], score: 0.8 }] },
  ]);
  const [numbered, named, twice] = records;
  assert.equal(numbered!.noun_chunks, [[0, 5, 0.1, 0.1, 0.5, 0.5, 0.9]]);
  assert.equal(numbered!.ref_exps, [[0, 14, 0.1, 0.1, 0.5, 0.5, 0.9]]);
  assert.equal([numbered!.id, numbered!.key, numbered!.url, numbered!.width], [7, '7', 'u', 200]);
  assert.equal([named!.id, named!.key, named!.width], [null, 'k', null]);
  assert.equal(
    twice!.noun_chunks.map((row) => row[6]),
    [0.8, 0.7],
    'rows of one id add up',
  );
});

test('bad detections are counted by kind', async () => {
  const { records, counts, summary } = await runOn(
    caption('a') + caption('b'),
    `${JSON.stringify({
      id: 'a',
      detections: [
        { ...detection, chunk: 1 },
        { ...detection, chunk: 2 },
        { ...detection, chunk: undefined },
        { ...detection, score: 1.5 },
        { ...detection, score: null },
        { ...detection, box: [0.5, 0.1, 0.1, 0.5] },
        { ...detection, box: [1.1, 0.1, 1.2, 0.5] },
        { ...detection, box: [0.1, 0.1, 0.5] },
        { ...detection, box: [-0.1, 0, 0.5, 1.25] },
        null,
      ],
    })}\n{"id": "b", "unit": "pixel", "detections": [${JSON.stringify(detection)}]}\n` +
      '{"id": "nobody", "detections": []}\n{"id": "a"}\nnonsense\n',
  );
  assert.equal(
    records.map(({ noun_chunks }) => noun_chunks),
    [[[0, 5, 0, 0, 0.5, 1, 0.9]]],
  );
  assert.is(summary.withoutBoxes, 1);
  assert.equal(counts, {
    'detections-malformed': 2,
    'detections-unknown-image': 1,
    'detection-unknown-chunk': 3,
    'detection-removed-chunk': 1,
    'score-invalid': 2,
    'box-invalid': 2,
    'box-inverted': 1,
    'box-outside': 1,
    'box-clipped': 1,
  });
});

test('captions that cannot be used are counted by kind', async () => {
  const word = (form: string) => `# caption = ${form}\n${sentence(`${form} dog NOUN 0 root`)}`;
  const { counts, summary } = await runOn(
    caption('fine') +
      caption('empty', '# caption =  \n') +
      caption('long', word('x'.repeat(5001))) +
      caption('script', word('собака')) +
      caption('accents', word('Zürich')) +
      caption('markup', word('<phrase>dog')) +
      caption('emoji', word('dog🐕')) +
      caption('control', word('do\u0007g')) +
      caption('replaced', word('do\ufffdg')) +
      caption('circle', `# caption = a b\n${sentence('a a DET 2 det', 'b b NOUN 1 dep')}`),
    [{ id: 'fine', detections: [detection] }],
  );
  assert.is(summary.captions, 3);
  assert.equal(counts, {
    'caption-empty': 1,
    'caption-too-long': 1,
    'caption-control': 2,
    'caption-markup': 1,
    'caption-other-script': 1,
    'caption-emoji': 1,
    'parse-malformed': 1,
    'image-missing': 2,
  });
  assert.is(summary.problems.find(({ kind }) => kind === 'caption-control')!.first.join(), 'control,replaced');
});

test('a file without detections is refused', async () => {
  try {
    await runOn(caption('a'), '[]\n');
    assert.unreachable();
  } catch (error) {
    assert.match((error as Error).message, /detections\.jsonl holds no detections/);
  }
});

test('shards are whole files, and the folder holds the last run alone', async () => {
  const [record] = await collected(readGritFiles([join(GRIT_GOLDENS, 'grit_sample.jsonl')], new Problems()));
  const out = join(folder.path, 'out', 'deep');
  const write = async (count: number) => {
    const writer = new ShardWriter(out, 2);
    for (let id = 0; id < count; id++) await writer.add({ ...record!, id });
    return writer.finish({ images: count });
  };
  assert.equal(await write(5), [
    'grit-00000.parquet',
    'grit-00000.jsonl',
    'grit-00001.parquet',
    'grit-00001.jsonl',
    'grit-00002.parquet',
    'grit-00002.jsonl',
    'summary.json',
  ]);
  await write(3);
  const names = readdirSync(out).sort();
  assert.equal(names, [
    'grit-00000.jsonl',
    'grit-00000.parquet',
    'grit-00001.jsonl',
    'grit-00001.parquet',
    'summary.json',
  ]);
  assert.equal(JSON.parse(readFileSync(join(out, 'summary.json'), 'utf8')), { images: 3 });
  for (const ending of ['jsonl', 'parquet']) {
    const paths = names.filter((name) => name.endsWith(ending)).map((name) => join(out, name));
    const read = await collected(readGritFiles(paths, new Problems()));
    assert.equal(
      read.map(({ id }) => id),
      [0, 1, 2],
    );
  }
  assert.ok(!existsSync(join(out, 'grit-00002.parquet')));
});

test.run();
