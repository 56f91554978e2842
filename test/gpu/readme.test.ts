/** The README's examples run, and print what their comments say (`// → 1`). */
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { shippedModelFolder } from '../../cli/package.ts';
import { codeBlocks, expectedLines, linesOf, runnable } from '../example-code.ts';
import { repositoryRoot } from '../shared.ts';

const root = mkdtempSync(join(tmpdir(), 'readme-'));
test.after(() => rmSync(root, { recursive: true }));
copyFileSync(`${repositoryRoot()}demo/scene.png`, join(root, 'photo.png'));

const examples = codeBlocks('README.md');

/** The example with the demo's checkpoint and files of its own. */
async function prepared(code: string): Promise<string> {
  return runnable(code)
    .replace("'path/to/model'", JSON.stringify(await shippedModelFolder()))
    .replace(/'(photo|out)\.png'/g, (_, name) => JSON.stringify(join(root, `${name}.png`)));
}

test('there are examples', () => assert.is(examples.length, 5));

for (const [i, code] of examples.entries()) {
  test(`example ${i + 1}: ${code.split('\n')[0]}`, async () => {
    const file = join(root, `example-${i + 1}.mts`);
    writeFileSync(file, await prepared(code));
    const lines = await linesOf(file);
    assert.ok(lines.length > 0);
    const expected = expectedLines(code);
    if (expected.length > 0) assert.equal(lines, expected);
    if (code.includes("'out.png'")) assert.ok(readFileSync(join(root, 'out.png')).length > 1000);
    if (code.includes('An image of')) assert.match(lines.at(-1)!, /^An image of /);
    if (code.includes('adamw')) assert.ok(Number(lines.at(-1)!.split(' ').at(-1)) < 0.01, `${lines.at(-1)}`);
  });
}

test.run();
