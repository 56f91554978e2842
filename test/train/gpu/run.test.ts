/** Whole runs in a folder: files, resuming after SIGKILL to the bit, interruption, refusals. Each run is a process of its own. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statfsSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Kosmos } from '../../../index.ts';
import { readMetrics } from '../../../train/report/metrics.ts';
import { adapterChoice } from '../../adapter.ts';
import { repositoryRoot } from '../../shared.ts';
import { tinyConfiguration } from '../tiny.ts';

const test = suite('training runs');
const folder = mkdtempSync(join(tmpdir(), 'training-'));
test.after(() => rmSync(folder, { recursive: true }));

const configuration = { validation: { every: 4, batches: 2, samples: 2 }, steps: 8, checkpoint: { every: 2, keep: 2 } };

function writeConfiguration(name: string, changes: Record<string, unknown> = {}): string {
  const path = join(folder, name);
  writeFileSync(path, JSON.stringify(tinyConfiguration({ ...configuration, ...changes })));
  return path;
}

interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

function start(...words: string[]): { child: ChildProcess; ended: Promise<Ended> } {
  const isSource = import.meta.url.endsWith('.ts');
  const script = isSource ? 'train.ts' : 'dist/train.js';
  const loader = 'Deno' in globalThis ? ['run', '-A'] : isSource ? ['--import', import.meta.resolve('tsx')] : [];
  const child = spawn(process.execPath, [...loader, script, '--adapter', adapterChoice(), ...words], {
    cwd: repositoryRoot(),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = new Promise<Ended>((settle) => {
    const texts = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const)
      child[name]!.setEncoding('utf8').on('data', (text: string) => {
        texts[name] += text;
      });
    child.on('close', (code) => settle({ code, ...texts }));
  });
  return { child, ended };
}

const train = (...words: string[]) => start(...words).ended;

/** Resolves when the file exists, or the process has ended. */
async function appeared(path: string, { child }: ReturnType<typeof start>): Promise<void> {
  while (!existsSync(path) && child.exitCode === null) await new Promise((done) => setTimeout(done, 5));
}

const weights = (out: string) => readFileSync(join(out, 'model', 'model.safetensors'));

test('a run leaves a model, metrics, events, samples and a report; killed and resumed it ends with the same bits', async () => {
  const config = writeConfiguration('run.json');
  const whole = join(folder, 'whole');
  const { code, stdout, stderr } = await train('--config', config, '--out', whole);
  assert.is(code, 0, stderr);
  assert.match(stdout, /8 steps on/);
  assert.match(stdout, /step 4: validation loss \d/);
  assert.match(stdout, /report: .*report\.html/);
  assert.equal(readdirSync(join(whole, 'checkpoints')).sort(), ['step-0000006', 'step-0000008']);
  assert.equal(readdirSync(join(whole, 'samples')), ['step-0000004.png', 'step-0000008.png']);
  assert.is(readdirSync(whole).filter((name) => name.includes('tfevents')).length, 1);
  assert.match(readFileSync(join(whole, 'report.html'), 'utf8'), /<svg/);
  const rows = await readMetrics(join(whole, 'metrics.jsonl'));
  assert.equal(
    rows.map(({ kind, step }) => `${kind} ${step}`),
    [1, 2, 3, 4]
      .map((step) => `step ${step}`)
      .concat('validation 4', 'step 5', 'step 6', 'step 7', 'step 8', 'validation 8'),
  );

  // killed when the first checkpoint is there, in the middle of the second, and once more between two
  const killed = join(folder, 'killed');
  for (const sign of ['step-0000002', 'step-0000004.partial', 'step-0000006']) {
    const run = start('--config', config, '--out', killed, ...(existsSync(killed) ? ['--resume'] : []));
    await appeared(join(killed, 'checkpoints', sign), run);
    run.child.kill('SIGKILL');
    await run.ended;
  }
  const last = await train('--config', config, '--out', killed, '--resume', '--json');
  assert.is(last.code, 0, last.stderr);
  assert.equal(weights(killed), weights(whole));
  const document = JSON.parse(last.stdout);
  assert.is(document.step, 8);
  assert.is(document.finished, true);
  const losses = (all: Awaited<ReturnType<typeof readMetrics>>) =>
    all.map((row) => (row.kind === 'step' ? row.loss : row.validationLoss));
  assert.equal(losses(await readMetrics(join(killed, 'metrics.jsonl'))), losses(rows));

  const kosmos = await Kosmos.load(join(whole, 'model'), { adapter: adapterChoice() });
  const answer = await kosmos.ask({ width: 20, height: 20, data: new Uint8Array(1200) }, { maxNewTokens: 3 });
  assert.ok(answer.generatedIds.length > 0);
  kosmos.close();
});

test('Ctrl-C saves, and the run goes on from there', async () => {
  const config = writeConfiguration('long.json', {
    steps: 400,
    checkpoint: { every: 400, keep: 2 },
    validation: { every: 0 },
  });
  const out = join(folder, 'interrupted');
  const run = start('--config', config, '--out', out);
  const metrics = join(out, 'metrics.jsonl');
  while (!existsSync(metrics) || readFileSync(metrics, 'utf8').split('\n').length < 4) {
    if (run.child.exitCode !== null) break;
    await new Promise((done) => setTimeout(done, 20));
  }
  // not by child.kill: after that, Deno reports the signal as what ended the child, whatever did
  process.kill(run.child.pid!, 'SIGINT');
  const { code, stderr } = await run.ended;
  assert.is(code, 1, stderr);
  const step = Number(/interrupted after step (\d+), which is saved/.exec(stderr)![1]);
  assert.equal(readdirSync(join(out, 'checkpoints')), [`step-${String(step).padStart(7, '0')}`]);
  const more = await train('--config', config, '--out', out, '--resume', '--steps', String(step + 2));
  assert.is(more.code, 0, more.stderr);
  assert.match(more.stdout, new RegExp(`going on with step ${step + 1} of ${step + 2}`));
});

/** A disk of a few megabytes of its own, mounted at a new folder; null where this process may not mount. */
function smallDisk(): { path: string; unmount: () => void } | null {
  const path = join(folder, 'disk');
  mkdirSync(path);
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', path]).status === 0;
  return mounted ? { path, unmount: () => spawnSync('umount', [path]) } : null;
}

/** Takes all room of a disk but some. */
function fill(path: string, free: number): void {
  const { bavail, bsize } = statfsSync(path);
  writeFileSync(join(path, 'filler'), new Uint8Array(bavail * bsize - free));
}

const disk = smallDisk();
const fullDisk = 'a full disk is named, earlier checkpoints stay, and with room again the run ends with the same bits';
if (!disk) {
  console.log(`skipped: ${fullDisk} (needs the right to mount one)`);
  test.skip(fullDisk);
} else {
  test(fullDisk, async () => {
    try {
      const config = writeConfiguration('disk.json', {
        schedule: { kind: 'constant', warmup: 0 },
        validation: { every: 0 },
      });
      const out = join(disk.path, 'run');
      const first = await train('--config', config, '--out', out, '--steps', '3');
      assert.is(first.code, 0, first.stderr);
      fill(disk.path, 16384);
      const stopped = await train('--config', config, '--out', out, '--resume');
      assert.is(stopped.code, 1, stopped.stderr);
      assert.match(
        stopped.stderr,
        /the checkpoint of step 4 could not be saved \(earlier ones stay\): .*the disk is full/,
      );
      assert.equal(readdirSync(join(out, 'checkpoints')), ['step-0000002', 'step-0000003']);
      rmSync(join(disk.path, 'filler'));
      const more = await train('--config', config, '--out', out, '--resume');
      assert.is(more.code, 0, more.stderr);
      const elsewhere = join(folder, 'elsewhere');
      assert.is((await train('--config', config, '--out', elsewhere)).code, 0);
      assert.equal(weights(out), weights(elsewhere));
    } finally {
      disk.unmount();
    }
  });
}

test('what cannot be: one clear line, and nothing is lost', async () => {
  const config = writeConfiguration('run.json');
  const whole = join(folder, 'whole');
  const before = weights(whole);
  const other = writeConfiguration('other.json', { optimizer: { betas: [0.5, 0.98] } });
  const cases: [RegExp, number, ...string[]][] = [
    [/holds a run that has come to step 8; go on with --resume/, 1, '--config', config, '--out', whole],
    [
      /is a checkpoint of another configuration: optimizer was .* now it is .*0\.5,0\.98/,
      1,
      '--config',
      other,
      '--out',
      whole,
      '--resume',
    ],
    [/no-such\.json/, 1, '--config', join(folder, 'no-such.json')],
    [/--steps takes a whole number/, 2, '--steps', 'many'],
    [/"extra" is not expected/, 2, 'extra'],
    [
      /did you mean learningRate/,
      1,
      '--config',
      writeConfiguration('typo.json', { optimizer: { learningrate: 1 } }),
      '--out',
      join(folder, 'typo'),
    ],
    [
      /vocab_size is 276; make it 281|the tokenizer has \d+ ids, but model\.config\.text_config\.vocab_size is 276/,
      1,
      '--config',
      writeConfiguration('words.json', { model: { ...(tinyConfiguration().model as object), gridSize: 8 } }),
      '--out',
      join(folder, 'words'),
    ],
    [
      /data «pictures»: colour is no option of shapes/,
      1,
      '--config',
      writeConfiguration('option.json', { data: [{ name: 'pictures', kind: 'shapes', perStep: 1, colour: 'red' }] }),
      '--out',
      join(folder, 'option'),
    ],
  ];
  for (const [message, wanted, ...words] of cases) {
    const { code, stderr } = await train(...words);
    const lines = stderr.split('\n').filter((line) => line.startsWith('train: '));
    assert.is(lines.length, 1, stderr);
    assert.match(lines[0], message);
    assert.is(code, wanted, stderr);
  }
  assert.equal(weights(whole), before);
});

test('a run whose gradients are not finite gives up with advice, and its checkpoints stay', async () => {
  const config = writeConfiguration('hot.json', {
    steps: 40,
    optimizer: { learningRate: 1e30, clip: 0 },
    schedule: { kind: 'constant', warmup: 0 },
    validation: { every: 0 },
    checkpoint: { every: 1, keep: 2 },
  });
  const out = join(folder, 'hot');
  const { code, stdout, stderr } = await train('--config', config, '--out', out);
  assert.is(code, 1, stderr);
  assert.match(stdout, /the gradients are not finite, so it changed nothing \(1 such steps so far\)/);
  assert.match(stderr, /gradients of 5 steps in a row, up to step \d+, are not finite: lower optimizer\.learningRate/);
  assert.is(readdirSync(join(out, 'checkpoints')).length, 2);
});

test.run();
