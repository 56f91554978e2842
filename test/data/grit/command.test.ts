/** The command `grit`: what it prints, what it writes, and how it ends. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { exitCodeOf } from '../../../cli/command.ts';
import { grit as command } from '../../../cli/grit.ts';
import { captured } from '../../cli/terminal.ts';
import { GRIT_GOLDENS, sentence, temporaryFolder } from './files.ts';

const folder = temporaryFolder();
test.after(folder.remove);

const parses = join(GRIT_GOLDENS, 'given/captions.conllu');
const detections = folder.file(
  'detections.jsonl',
  '{"id":"s001","detections":[{"chunk":0,"box":[0.1,0.2,0.8,0.9],"score":0.91}]}\n',
);

interface Ended {
  code: number;
  output: string;
  errors: string[];
}

/** Runs the command in this process. */
async function grit(...words: string[]): Promise<Ended> {
  const terminal = captured();
  const code = await exitCodeOf('grit', command, words, terminal);
  return { code, output: terminal.out, errors: terminal.errors.split('\n').filter((line) => line !== '') };
}

test('chunks and expressions of every caption', async () => {
  const { code, output, errors } = await grit('--parses', parses);
  assert.is(code, 0);
  assert.equal(errors, []);
  assert.ok(
    output.startsWith(
      's001  a dog in a field of flowers\n  chunks       a dog | a field | flowers\n  expressions  a dog in a field of flowers | ',
    ),
  );
  assert.match(output, /who \(pronoun\)/);
  assert.match(output, /captions {16}27/);
  assert.not.ok(output.includes('\u001b'), 'no colours where there is no terminal');
});

test('a whole run as JSON', async () => {
  const out = join(folder.path, 'out');
  const { code, output } = await grit('--parses', parses, '--detections', detections, '--out', out, '--json');
  assert.is(code, 0);
  const document = JSON.parse(output);
  assert.is(document.captions.length, 27);
  assert.equal(document.captions[0].record.ref_exps, [[0, 27, 0.1, 0.2, 0.8, 0.9, 0.91]]);
  assert.equal(
    document.captions[0].kept.map(({ text }: { text: string }) => text),
    ['a dog in a field of flowers'],
  );
  assert.is(document.summary.images, 1);
  assert.is(document.summary.meanExpressionLength, 7);
  assert.equal(document.out.folder, out);
  assert.equal([...document.out.files].sort(), readdirSync(out).sort());
  assert.equal(readdirSync(out).filter(isShard), ['grit-00000.jsonl', 'grit-00000.parquet']);
  assert.equal(JSON.parse(readFileSync(join(out, 'summary.json'), 'utf8')), document.summary);
  const again = JSON.parse((await grit('--records', join(out, 'grit-00000.parquet'), '--json')).output);
  assert.equal(again.records, [document.captions[0].record]);
});

test('existing records are counted', async () => {
  const { code, output } = await grit('--records', join(GRIT_GOLDENS, 'grit_sample_zstd.parquet'), '--quiet');
  assert.is(code, 0);
  assert.match(output, /^images {18}21\nobjects {17}33\ntext spans {14}28\nmean expression length {2}6\.86 words\n$/);
});

test('shards of a run, continued, and merged', async () => {
  const out = join(folder.path, 'shards');
  const words = ['--parses', parses, '--grounder', detections, '--out', out, '--quiet'];
  const first = await grit(...words, '--shard', '0/2');
  assert.is(first.code, 0);
  assert.match(first.output, /^pairs {19}14\n/);
  const unfinished = await grit('--merge', out);
  assert.is(unfinished.code, 1);
  assert.equal(unfinished.errors, ['grit: 1 of 2 shards are not done: 1']);
  assert.is((await grit(...words, '--shard', '1/2')).code, 0, 'a shard without a box is no failure');
  const { code, output } = await grit('--merge', out, '--json');
  assert.is(code, 0);
  const { summary, out: written } = JSON.parse(output);
  assert.equal([summary.pairs, summary.images, summary.captions], [27, 1, 27]);
  assert.equal(written.files, ['summary.json', 'sheet.html']);
  const refused = await grit(...words);
  assert.is(refused.code, 1);
  assert.match(refused.errors[0]!, /a run in 2 shards, and this one is shard 0 of 1/);
});

test('nothing left ends with 1 and one line, and writes nothing', async () => {
  const out = join(folder.path, 'nothing');
  const empty = folder.file('empty.conllu', '');
  const other = folder.file('other.conllu', sentence('собака собака NOUN 0 root'));
  const failures: [string[], RegExp][] = [
    [['--parses', '/nowhere/a.conllu'], /Cannot open \/nowhere\/a\.conllu: no such file/],
    [['--parses', empty], /empty\.conllu holds no caption that can be used$/],
    [['--parses', other], /no caption that can be used \(caption-other-script: 0\)/],
    [['--parses', empty, '--detections', empty], /holds no detections/],
    [['--parses', parses, '--detections', detections, '--min-score', '0.95', '--out', out], /no pair is left/],
    [['--parses', parses, '--abstract', detections], /detections\.jsonl/],
    [['--records', '/nowhere/r.parquet'], /no record that can be used \(file-unreadable: Cannot open/],
  ];
  for (const [words, message] of failures) {
    const { code, errors } = await grit(...words);
    assert.is(code, 1, words.join(' '));
    assert.is(errors.length, 1, errors.join('\n'));
    assert.match(errors[0]!, message);
  }
  assert.equal(
    readdirSync(out).filter((name) => name.startsWith('grit-')),
    [],
  );
});

test('wrong usage ends with 2 and one line', async () => {
  const wrong: [string[], RegExp][] = [
    [[], /one of --pairs, --captions, --parses, --records, --merge is expected/],
    [['--captions', 'a.txt', '--pairs', 'b'], /one of --pairs/],
    [['--captions', 'a.txt', '--grounder', 'kosmos'], /--grounder does not go with --captions/],
    [['--parses', parses, '--out', 'x'], /--out needs --grounder/],
    [['--parses', parses, '--grounder', 'kosmos'], /--images FOLDER is expected/],
    [['--pairs', 'a.tsv', '--grounder', 'detector'], /needs a model/],
    [['--pairs', 'a.tsv', '--grounder', 'b.jsonl', '--batch', '2'], /--batch goes with --grounder kosmos/],
    [['--pairs', 'a.tsv', '--grounder', 'b.jsonl', '--out', 'x', '--shard', '3/3'], /--shard takes I\/N/],
    [['--pairs', 'shapes:all'], /shapes: takes train, validation, test, novel/],
    [['--pairs', 'a.tsv', '--limit', '3'], /--limit goes with scenes/],
    [['--captions', 'a.txt', '--limit', '3'], /--limit goes with scenes/],
    [['--parses', parses, '--seed', '3'], /--seed goes with scenes/],
    [['--records', parses, '--detections', 'x'], /--grounder does not go with --records/],
    [['--parses', parses, '--iou', '2'], /--iou takes/],
    [['--parses', parses, '--shard-size', '0'], /--shard-size takes/],
    [['--what'], /--what/],
  ];
  for (const [words, message] of wrong) {
    const { code, errors, output } = await grit(...words);
    assert.is(code, 2, words.join(' '));
    assert.is(errors.length, 1);
    assert.match(errors[0]!, message);
    assert.is(output, '');
  }
  assert.is((await grit('--help')).code, 0);
});

function isShard(name: string): boolean {
  return name.startsWith('grit-');
}

test.run();
