/** The command `grit`: what it prints, what it writes, and how it ends. */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { repositoryRoot } from '../../shared.ts';
import { GRIT_GOLDENS, sentence, temporaryFolder } from './files.ts';

const folder = temporaryFolder();
test.after(folder.remove);

const parses = join(GRIT_GOLDENS, 'given/captions.conllu');
const detections = folder.file(
  'detections.jsonl',
  '{"id":"s001","detections":[{"chunk":0,"box":[0.1,0.2,0.8,0.9],"score":0.91}]}\n',
);

/** Runs the command in the runtime that runs this test. */
function grit(...words: string[]): { code: number | null; output: string; errors: string[] } {
  const runtime = 'Deno' in globalThis ? ['run', '-A'] : ['--import', 'tsx'];
  const script = join(repositoryRoot(), 'grit.ts');
  const { status, stdout, stderr } = spawnSync(process.execPath, [...runtime, script, ...words], {
    cwd: repositoryRoot(),
    encoding: 'utf8',
  });
  return { code: status, output: stdout, errors: stderr.split('\n').filter((line) => line !== '') };
}

test('chunks and expressions of every caption', () => {
  const { code, output, errors } = grit('--parses', parses);
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

test('a whole run as JSON', () => {
  const out = join(folder.path, 'out');
  const { code, output } = grit('--parses', parses, '--detections', detections, '--out', out, '--json');
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
  assert.equal(document.out, {
    folder: out,
    files: readdirSync(out).sort().reverse().filter(isShard).concat('summary.json'),
  });
  assert.equal(JSON.parse(readFileSync(join(out, 'summary.json'), 'utf8')), document.summary);
  const again = JSON.parse(grit('--records', join(out, 'grit-00000.parquet'), '--json').output);
  assert.equal(again.records, [document.captions[0].record]);
});

test('existing records are counted', () => {
  const { code, output } = grit('--records', join(GRIT_GOLDENS, 'grit_sample_zstd.parquet'), '--quiet');
  assert.is(code, 0);
  assert.match(output, /^images {18}21\nobjects {17}33\ntext spans {14}28\nmean expression length {2}6\.86 words\n$/);
});

test('nothing left ends with 1 and one line, and writes nothing', () => {
  const out = join(folder.path, 'nothing');
  const empty = folder.file('empty.conllu', '');
  const other = folder.file('other.conllu', sentence('собака собака NOUN 0 root'));
  const failures: [string[], RegExp][] = [
    [['--parses', '/nowhere/a.conllu'], /Cannot open \/nowhere\/a\.conllu: no such file/],
    [['--parses', empty], /empty\.conllu holds no caption that can be used$/],
    [['--parses', other], /no caption that can be used \(caption-other-script: 0\)/],
    [['--parses', other.replace('other', 'empty'), '--detections', empty], /holds no detections/],
    [['--parses', parses, '--detections', detections, '--min-score', '0.95', '--out', out], /no pair is left/],
    [['--parses', parses, '--abstract', detections], /detections\.jsonl/],
    [['--records', '/nowhere/r.parquet'], /no record that can be used \(file-unreadable: Cannot open/],
  ];
  for (const [words, message] of failures) {
    const { code, errors } = grit(...words);
    assert.is(code, 1, words.join(' '));
    assert.is(errors.length, 1, errors.join('\n'));
    assert.match(errors[0]!, message);
  }
  assert.not.ok(existsSync(out));
});

test('wrong usage ends with 2 and one line', () => {
  const wrong: [string[], RegExp][] = [
    [[], /either --parses FILE or --records FILE/],
    [['--captions', 'a.txt'], /raw captions cannot be parsed yet/],
    [['--pairs', 'a.tsv'], /raw captions cannot be parsed yet/],
    [['--parses', parses, '--out', 'x'], /--out needs --detections/],
    [['--records', parses, '--detections', 'x'], /--detections goes with --parses/],
    [['--parses', parses, '--iou', '2'], /--iou takes/],
    [['--parses', parses, '--shard-size', '0'], /--shard-size takes/],
    [['--what'], /--what/],
  ];
  for (const [words, message] of wrong) {
    const { code, errors, output } = grit(...words);
    assert.is(code, 2, words.join(' '));
    assert.is(errors.length, 1);
    assert.match(errors[0]!, message);
    assert.is(output, '');
  }
  assert.is(grit('--help').code, 0);
});

function isShard(name: string): boolean {
  return name.startsWith('grit-');
}

test.run();
