/** The README's examples run, and print what their comments say (`// → 1`). */
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { shippedModelFolder } from '../../cli/package.ts';
import { adapterChoice } from '../adapter.ts';
import { repositoryRoot } from '../shared.ts';

const root = mkdtempSync(join(tmpdir(), 'readme-'));
test.after(() => rmSync(root, { recursive: true }));
copyFileSync(`${repositoryRoot()}demo/scene.png`, join(root, 'photo.png'));

const readme = readFileSync(`${repositoryRoot()}README.md`, 'utf8');
const examples = [...readme.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code]) => code);

/** The example with sources in the place of the package, the demo's checkpoint, and the adapter under test. */
async function runnable(code: string): Promise<string> {
  const adapter = JSON.stringify(adapterChoice());
  const model = JSON.stringify(await shippedModelFolder());
  return code
    .replace(/'kosmos-webgpu(\/\w+)?'/g, (_, room = '') =>
      JSON.stringify(pathToFileURL(`${repositoryRoot()}${room.slice(1)}/index.ts`).href),
    )
    .replace("Kosmos.load('path/to/model', {", `Kosmos.load(${model}, { adapter: ${adapter},`)
    .replace("Kosmos.load('path/to/model')", `Kosmos.load(${model}, { adapter: ${adapter} })`)
    .replace("'path/to/model'", model)
    .replace('requestDevice()', `requestDevice({ adapter: ${adapter} })`)
    .replace(/'(photo|out)\.png'/g, (_, name) => JSON.stringify(join(root, `${name}.png`)));
}

async function printed(file: string): Promise<string[]> {
  const lines: string[] = [];
  const { log } = console;
  console.log = (...values: unknown[]) => {
    lines.push(
      values
        .map((value) => (ArrayBuffer.isView(value) ? JSON.stringify([...(value as Float32Array)]) : String(value)))
        .join(' '),
    );
  };
  try {
    await import(pathToFileURL(file).href);
  } finally {
    console.log = log;
  }
  return lines;
}

test('there are examples', () => assert.is(examples.length, 4));

for (const [i, code] of examples.entries()) {
  test(`example ${i + 1}: ${code.split('\n')[0]}`, async () => {
    const file = join(root, `example-${i + 1}.mts`);
    writeFileSync(file, await runnable(code));
    const lines = await printed(file);
    assert.ok(lines.length > 0);
    const expected = [...code.matchAll(/console\.log\(.*?\/\/ → (.*)$/gm)].map(([, text]) =>
      text.replaceAll(', ', ','),
    );
    if (expected.length > 0) assert.equal(lines, expected);
    if (code.includes("'out.png'")) assert.ok(readFileSync(join(root, 'out.png')).length > 1000);
    if (code.includes('An image of')) assert.match(lines.at(-1)!, /^An image of /);
  });
}

test.run();
