/** The guide's code runs as one program, in its order, and prints what its comments say. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { codeBlocks, expectedLines, linesOf, runnable } from '../example-code.ts';

const root = mkdtempSync(join(tmpdir(), 'guide-'));
test.after(() => rmSync(root, { recursive: true }));

/** What the guide prints without saying so: a tensor for people to look at, and, at its end, the self-test. */
const printed = ['f32 [2, 3] «scaled»', '[[-3, -3, -3],', ' [ 3,  3,  3]]'];
const tested = ['matmul', 'attention', 'crossEntropy', 'true'];

test('the program of the guide', async () => {
  const code = codeBlocks('docs/guide.md').join('\n');
  const file = join(root, 'guide.mts');
  writeFileSync(file, runnable(code));
  const lines = await linesOf(file);
  assert.equal(lines.slice(-tested.length), tested);
  const said = lines.slice(0, -tested.length).filter((line) => !printed.includes(line));
  assert.equal(
    said.map((line) => line.replaceAll(', ', ',')),
    expectedLines(code),
  );
});

test.run();
