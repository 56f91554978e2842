/** The words of grit's command line, and what job systems say of shards. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type GritArguments, parseGritArguments } from '../../cli/grit-arguments.ts';

function parsed(words: string, variables: Record<string, string> = {}): GritArguments {
  const given = parseGritArguments(words.split(' '), (name) => variables[name]);
  assert.not.equal(given, 'help');
  return given as GritArguments;
}

const RUN = '--pairs a.tar b.tar --grounder kosmos --out o';

test('several inputs, models and numbers', () => {
  const { input, grounder, thresholds, shard } = parsed(
    '--pairs a.tar --pairs b.tar --grounder detector:m/n --dtype q8 --out o/ --min-score 0.3 --format webdataset',
  );
  assert.equal(input, { kind: 'pairs', paths: ['a.tar', 'b.tar'], format: 'webdataset' });
  assert.equal(grounder, { kind: 'detector', model: 'm/n', dtype: 'q8' });
  assert.equal(thresholds, { iou: 0.5, score: 0.3 });
  assert.equal(shard, { index: 0, count: 1 });
  assert.equal(parsed('--pairs shapes:test --limit 7 --seed 3').input, {
    kind: 'shapes',
    split: 'test',
    count: 7,
    seed: 3,
  });
  assert.equal(parsed('--pairs a.tar --grounder kosmos:some/folder --out o').grounder, {
    kind: 'kosmos',
    model: 'some/folder',
    dtype: 'f32',
    adapter: 'auto',
    batch: undefined,
  });
  assert.equal(parsed('--parses p --detections kosmos').grounder, { kind: 'file', path: 'kosmos' });
});

test('files without an option are refused', () => {
  assert.throws(() => parsed(RUN), /"b\.tar" is no option/);
});

test('shards: by word, else by the job system, else all', () => {
  const run = RUN.replace(' b.tar', '');
  const slurm = { SLURM_ARRAY_TASK_ID: '7', SLURM_ARRAY_TASK_COUNT: '3', SLURM_ARRAY_TASK_MIN: '5' };
  assert.equal(parsed(run, slurm).shard, { index: 2, count: 3 });
  assert.equal(parsed(run, { ...slurm, SLURM_ARRAY_TASK_STEP: '2' }).shard, { index: 1, count: 3 });
  assert.equal(parsed(run, { JOB_COMPLETION_INDEX: '0', JOB_COMPLETIONS: '4' }).shard, { index: 0, count: 4 });
  assert.equal(parsed(`${run} --shard 1/2`, slurm).shard, { index: 1, count: 2 });
  assert.equal(parsed('--captions c', slurm).shard, { index: 0, count: 1 });
  assert.throws(() => parsed(run, { JOB_COMPLETION_INDEX: '0' }), /JOB_COMPLETIONS is not/);
  assert.throws(() => parsed(run, { ...slurm, SLURM_ARRAY_TASK_ID: '9' }), /is not one of/);
  assert.throws(() => parsed(`${run} --shard 2/2`), /--shard takes I\/N/);
});

test.run();
