/** Runs in a folder: killed and continued, in shards, with pictures saved, refused with other settings. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { parsedAnalyzer } from '../../../data/grit/analyzer.ts';
import { openDetections } from '../../../data/grit/detections.ts';
import type { Grounder } from '../../../data/grit/grounder.ts';
import { openPairFiles } from '../../../data/grit/pairs/pair-files.ts';
import { openParsedPairs } from '../../../data/grit/pairs/parsed.ts';
import { type ShardChoice, WHOLE } from '../../../data/grit/pairs/units.ts';
import { Problems } from '../../../data/grit/problems.ts';
import { readGritFiles } from '../../../data/grit/record-files.ts';
import { mergedShards } from '../../../data/grit/run/merge.ts';
import { type RunOptions, type RunOutcome, runGrit } from '../../../data/grit/run/run.ts';
import { repositoryRoot } from '../../shared.ts';
import { png, tarOf } from '../corpora/files.ts';
import { collected, countsOf, sentence, temporaryFolder } from './files.ts';
import { sceneAnalyzer } from './shapes-parser.ts';

const folder = temporaryFolder();
test.after(folder.remove);

const DOG = sentence('a a DET 2 det', 'dog dog NOUN 0 root');
const COUNT = 4000;
const parses = folder.file(
  'parses.conllu',
  Array.from({ length: COUNT }, (_, id) => `# newdoc id = ${id}\n${id % 50 === 7 ? '\n' : DOG}`).join(''),
);
const detections = folder.file(
  'detections.jsonl',
  Array.from({ length: COUNT }, (_, id) => {
    const score = ((id * 7919) % 1000) / 1000;
    return `${JSON.stringify({ id, detections: [{ chunk: 0, box: [0.1, 0.1, 0.5, 0.1 + (id % 9) / 10], score }] })}\n`;
  }).join(''),
);

/** The command in a process of its own, over all of the captions. */
function start(out: string): ChildProcess {
  const loader = 'Deno' in globalThis ? ['run', '-A'] : ['--import', import.meta.resolve('tsx')];
  const script = join(repositoryRoot(), 'grit.ts');
  const words = ['--parses', parses, '--detections', detections, '--out', out, '--shard-size', '64', '--quiet'];
  return spawn(process.execPath, [...loader, script, ...words], { cwd: repositoryRoot(), stdio: 'ignore' });
}

async function ended(child: ChildProcess): Promise<void> {
  while (child.exitCode === null && child.signalCode === null) await new Promise((done) => setTimeout(done, 1));
}

/** Kills the command as soon as a file is there, and so in the middle of something. */
async function killedAt(out: string, name: string): Promise<void> {
  const child = start(out);
  while (!existsSync(join(out, name)) && child.exitCode === null) await new Promise((done) => setTimeout(done, 0));
  child.kill('SIGKILL');
  await ended(child);
  assert.is(child.signalCode, 'SIGKILL', 'it was not done before');
}

async function runOn(out: string, changes: Partial<RunOptions> = {}): Promise<RunOutcome> {
  const problems = new Problems();
  const grounder = await openDetections(detections, problems);
  const source = await openParsedPairs({ path: parses, images: null, shard: WHOLE });
  const analyzer = parsedAnalyzer({});
  const thresholds = { iou: 0.5, score: 0.65 };
  const options = { analyzer, grounder, problems, thresholds, out, shard: WHOLE, pairsPerPart: 64, ...changes };
  try {
    return await runGrit(source, options);
  } finally {
    await grounder.close();
  }
}

const partsIn = (out: string) => readdirSync(out).filter((name) => name.startsWith('grit-'));

test('a run that is killed twice ends with the same files as one that was not', async () => {
  const whole = join(folder.path, 'whole');
  const outcome = await runOn(whole);
  assert.is(outcome.summary.pairs, COUNT);
  const killed = join(folder.path, 'killed');
  await killedAt(killed, 'grit-00003.parquet');
  const first = JSON.parse(readFileSync(join(killed, 'progress.json'), 'utf8'));
  assert.not.ok(first.isDone);
  writeFileSync(join(killed, 'grit-00003.jsonl.1-abcdefgh.tmp'), 'half a f');
  await killedAt(killed, 'grit-00020.jsonl');
  const again = await runOn(killed);
  assert.equal(partsIn(killed), partsIn(whole));
  for (const name of partsIn(whole))
    assert.equal(readFileSync(join(killed, name)), readFileSync(join(whole, name)), name);
  const { stages: _, problems, ...summary } = again.summary;
  const { stages: __, problems: expected, ...wanted } = outcome.summary;
  assert.equal(summary, wanted);
  const leftOver = ({ kind }: { kind: string }) => kind !== 'detections-unknown-image';
  assert.equal(problems.filter(leftOver), expected.filter(leftOver));
});

test('a run that is done does nothing again; other settings are refused, and --restart begins anew', async () => {
  const out = join(folder.path, 'done');
  const first = await runOn(out);
  let heard = 0;
  const onResult = async () => void heard++;
  const second = await runOn(out, { onResult });
  assert.is(heard, 0);
  assert.equal(second.summary, first.summary);
  try {
    await runOn(out, { thresholds: { iou: 0.5, score: 0.5 } });
    assert.unreachable();
  } catch (error) {
    assert.match((error as Error).message, /another thresholds .*"score":0\.65.*now .*0\.5.*--restart/);
  }
  const more = await runOn(out, { thresholds: { iou: 0.5, score: 0.5 }, restart: true });
  assert.ok(more.summary.images > first.summary.images);
});

test('Ctrl-C keeps what is done', async () => {
  const out = join(folder.path, 'stopped');
  const controller = new AbortController();
  let heard = 0;
  const stopping = runOn(out, {
    signal: controller.signal,
    onResult: async () => {
      if (++heard === 500) controller.abort(new Error('interrupted'));
    },
  });
  try {
    await stopping;
    assert.unreachable();
  } catch (error) {
    assert.match((error as Error).message, /interrupted/);
  }
  const { pairs } = JSON.parse(readFileSync(join(out, 'progress.json'), 'utf8'));
  assert.ok(pairs >= 500 && pairs < 600, String(pairs));
  // Nothing is noted of a batch in the middle of which somebody fails.
  const again = new AbortController();
  const failing = runOn(out, {
    signal: again.signal,
    async onResult({ pair }) {
      if (Number(pair.id) % 64 !== 40) return;
      again.abort();
      throw new Error('no more');
    },
  });
  await failing.catch(({ message }) => assert.is(message, 'no more'));
  const { summary } = await runOn(out);
  const { summary: whole } = await runOn(join(folder.path, 'stopped-not'));
  assert.equal([summary.pairs, summary.images, summary.objects], [whole.pairs, whole.images, whole.objects]);
});

/** Finds a box for everything. */
const finder: Grounder = {
  identity: 'finder',
  ground: async (requests) =>
    requests.map(({ phrases }) => ({
      detections: phrases.map(({ chunk }) => ({ chunk, box: [0, chunk / 10, 0.5, (chunk + 0.9) / 10], score: 0.9 })),
      picture: { width: 12, height: 12 },
    })),
  close: async () => {},
};

async function runShard(paths: string[], out: string, shard: ShardChoice, changes: Partial<RunOptions> = {}) {
  const source = await openPairFiles({ paths, shard });
  const options = { analyzer: sceneAnalyzer(), grounder: finder, out, shard, pairsPerPart: 40, ...changes };
  return runGrit(source, options);
}

test('shards share a folder, each by itself, and together they are the whole', async () => {
  const rows = Array.from({ length: 300 }, (_, id) => `${JSON.stringify({ id, caption: 'There is a red star.' })}\n`);
  const pairs = folder.file('pairs.jsonl', rows.join(''));
  const out = join(folder.path, 'shards');
  await runShard([pairs], out, { index: 2, count: 3 });
  await runShard([pairs], out, { index: 0, count: 3 });
  assert.equal((await mergedShards(out)).missing, [1]);
  try {
    await runShard([pairs], out, { index: 0, count: 2 });
    assert.unreachable();
  } catch (error) {
    assert.match((error as Error).message, /a run in 3 shards, and this one is shard 0 of 2/);
  }
  await runShard([pairs], out, { index: 1, count: 3 });
  const before = partsIn(out).map((name) => readFileSync(join(out, name), 'utf8'));
  await runShard([pairs], out, { index: 1, count: 3 }, { restart: true });
  assert.equal(
    partsIn(out).map((name) => readFileSync(join(out, name), 'utf8')),
    before,
  );
  const { summary, missing, count } = await mergedShards(out);
  assert.equal([summary.pairs, summary.images, count, missing], [300, 300, 3, []]);
  const files = partsIn(out).filter((name) => name.endsWith('.parquet'));
  const records = await collected(
    readGritFiles(
      files.map((name) => join(out, name)),
      new Problems(),
    ),
  );
  assert.equal(
    records.map(({ id }) => Number(id)).sort((a, b) => a - b),
    rows.map((_, id) => id),
  );
  assert.ok(files.every((name) => /^grit-00[012]-of-003-\d{5}\.parquet$/.test(name)));
});

test('memory does not grow with the input', async () => {
  const PICTURE = 100_000;
  const PAIRS = 6000;
  let most = 0;
  const watcher: Grounder = {
    ...finder,
    ground: async (requests, problems) => {
      most = Math.max(most, process.memoryUsage().arrayBuffers);
      return finder.ground(requests, problems);
    },
  };
  const before = process.memoryUsage().arrayBuffers;
  const source = {
    identity: 'made up',
    async *items() {
      for (let id = 0; id < PAIRS; id++) {
        const picture = { bytes: new Uint8Array(PICTURE) };
        const facts = { ...NO_FACTS, key: String(id) };
        yield { pair: { id: String(id), caption: 'There is a red star.', parsed: null, picture, facts }, next: id + 1 };
      }
    },
  };
  const options = { analyzer: sceneAnalyzer(), grounder: watcher, shard: WHOLE, pairsPerPart: 500 };
  const { summary } = await runGrit(source, { ...options, out: join(folder.path, 'long') });
  assert.is(summary.images, PAIRS);
  assert.ok(most - before < (PICTURE * PAIRS) / 3, `${most - before} bytes at most`);
});

const NO_FACTS = {
  key: null,
  clip_similarity_vitb32: null,
  clip_similarity_vitl14: null,
  id: null,
  url: null,
  width: null,
  height: null,
};

test('pictures of archives are saved by key, and samples are kept for the sheet', async () => {
  const entries = [0, 1, 2].flatMap((id) => [
    [`a/${id}.png`, png(id)] as const,
    [
      `a/${id}.json`,
      JSON.stringify({ caption: 'There is a red star.', key: id === 2 ? '../out' : `k/${id}` }),
    ] as const,
  ]);
  const archive = folder.file('pictures.tar', tarOf(entries));
  const out = join(folder.path, 'saved');
  const { samples, files } = await runShard([archive], out, WHOLE, { savePictures: true });
  assert.equal(readFileSync(join(out, 'images/k/1.png')), Buffer.from(png(1)));
  assert.ok(existsSync(join(out, 'images/out.png')), 'no key leads out of the folder');
  assert.is(samples.length, 3);
  assert.equal(files, ['grit-00000.jsonl', 'grit-00000.parquet', 'progress.json', 'samples.json', 'summary.json']);
  const again = await runShard([archive], out, WHOLE, { savePictures: true });
  assert.equal(again.samples, samples);
});

test('pictures of several archives that have the same names are kept apart, and one key for two pictures is told', async () => {
  const archives = [1, 2].map((number) =>
    folder.file(
      `part-${number}.tar`,
      tarOf([
        ['000.png', png(number)],
        ['000.txt', 'There is a red star.'],
        ['001.png', png(10 + number)],
        ['001.json', '{"caption": "There is a red star.", "key": "same"}'],
      ]),
    ),
  );
  const out = join(folder.path, 'apart');
  const { summary } = await runShard(archives, out, WHOLE, { savePictures: true });
  for (const number of [1, 2])
    assert.equal(readFileSync(join(out, `images/part-${number}/000.png`)), Buffer.from(png(number)));
  assert.equal(readFileSync(join(out, 'images/same.png')), Buffer.from(png(11)));
  assert.equal(countsOf(new Problems(summary.problems)), { 'picture-key-taken': 1 });
  assert.is(summary.images, 3);
});

test('a folder that holds something else is refused or left alone', async () => {
  const out = join(folder.path, 'other');
  mkdirSync(out);
  writeFileSync(join(out, 'grit-notes.txt'), 'mine');
  writeFileSync(join(out, 'progress.json'), '{"version": 7}');
  try {
    await runOn(out);
    assert.unreachable();
  } catch (error) {
    assert.match((error as Error).message, /progress\.json is not what a run of this program leaves/);
  }
  await runOn(out, { restart: true });
  assert.is(readFileSync(join(out, 'grit-notes.txt'), 'utf8'), 'mine');
});

test('bad captions, pictures and rows together never end a run', async () => {
  const rows: unknown[] = [
    { id: 1, caption: 'There is a red star.' },
    { id: 2, caption: '' },
    { id: 3, caption: '   ' },
    { id: 4, caption: `There is ${'a red star and '.repeat(400)}a ring.` },
    { id: 5, caption: 'красная звезда' },
    { id: 6, caption: '赤い星' },
    { id: 7, caption: '<b>a red star</b>' },
    { id: 8, caption: 'There is a red star 🌟.' },
    { id: 9, caption: 'a red\u0000 star' },
    { id: 10, caption: '\ud800 star' },
    { id: 11 },
    'no json',
  ];
  const text = rows.map((row) => `${typeof row === 'string' ? row : JSON.stringify(row)}\n`).join('');
  const out = join(folder.path, 'bad');
  const { summary } = await runShard([folder.file('bad.jsonl', text)], out, WHOLE);
  assert.equal([summary.pairs, summary.captions, summary.images], [12, 2, 2]);
  assert.equal(countsOf(new Problems(summary.problems)), {
    'caption-empty': 2,
    'caption-too-long': 1,
    'caption-control': 2,
    'caption-markup': 1,
    'caption-other-script': 2,
    'caption-emoji': 1,
    'pair-malformed': 1,
    'pair-without-caption': 1,
  });
});

test.run();
