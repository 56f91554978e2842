/** Each of the examples runs and learns what it should. */
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { linesOf, runnable } from '../example-code.ts';
import { repositoryRoot } from '../shared.ts';

const root = mkdtempSync(join(tmpdir(), 'examples-'));
test.after(() => rmSync(root, { recursive: true }));
const source = `${repositoryRoot()}examples`;
copyFileSync(`${source}/harbour.txt`, join(root, 'harbour.txt'));

/** The lines that an example prints, run as a module of `root`. */
async function outputOf(name: string): Promise<string[]> {
  const file = join(root, name.replace('.ts', '.mts'));
  const code = readFileSync(`${source}/${name}`, 'utf8')
    .replace("new URL('../demo/model', import.meta.url)", `'file://${repositoryRoot()}demo/model'`)
    .replace("argv[2] ?? 'runs/houses'", JSON.stringify(join(root, 'houses')));
  writeFileSync(file, runnable(code));
  return linesOf(file);
}

/** Losses of lines «step 10: loss 0.1». */
function lossesOf(lines: readonly string[]): number[] {
  return lines.flatMap((line) => (/^step \d+: loss (\S+)/.exec(line)?.[1] ?? []) as string | []).map(Number);
}

function assertFalls(lines: readonly string[], share: number): void {
  const losses = lossesOf(lines);
  assert.ok(losses.length > 1, lines.join('\n'));
  assert.ok(losses.at(-1)! < share * losses[0], `losses ${losses.join(', ')}`);
}

const checks: Readonly<Record<string, (lines: string[]) => void>> = {
  'linear-regression.ts': (lines) => {
    assert.ok(lines.includes('Tensor f32 [64] «x» (live)'));
    assert.match(lines.at(-1)!, /^slope (2\.9|3\.0)\d, intercept -(1\.9|2\.0)\d$/);
  },
  'image-classifier.ts': (lines) => {
    assertFalls(lines, 0.3);
    assert.ok(Number(/^(\d+) of 500/.exec(lines.at(-1)!)![1]) > 400, lines.at(-1));
  },
  'character-gpt.ts': (lines) => {
    assertFalls(lines, 0.4);
    assert.match(lines.at(-1)!, /^The harbour[A-Za-z ,.]{150}$/);
  },
  'add-an-op.ts': (lines) => {
    assert.match(lines[0], /^ok {3}cumulativeSum +3 cases/);
    assert.equal(lines.slice(1), [
      'f32 [2, 3]',
      '[[ 1,  3,  6],',
      ' [ 4,  9, 15]]',
      'f32 []',
      '368',
      'f32 [2, 3]',
      '[[20, 18, 12],',
      ' [56, 48, 30]]',
    ]);
  },
  'fine-tune.ts': (lines) => {
    assertFalls(lines, 0.5);
    const [after, right] = lines.slice(-2);
    assert.match(after, /^after: An image of a \w+ house\. \(0\.\d\d /);
    assert.match(right, /^right: {2}An image of a \w+ house\./);
  },
};

test('every example has a check', () => {
  const names = readdirSync(source).filter((name) => name.endsWith('.ts'));
  assert.equal(names, Object.keys(checks).sort());
});

for (const [name, check] of Object.entries(checks)) test(basename(name), async () => check(await outputOf(name)));

test.run();
