/** The API reference can be made, and says something of what it lists. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { readPages, writePages } from '../../docs/reference/build.ts';
import type { Declaration } from '../../docs/reference/declarations.ts';
import * as engine from '../../engine/index.ts';
import { opDefinitions } from '../../engine/index.ts';
import { repositoryRoot } from '../shared.ts';

const root = mkdtempSync(join(tmpdir(), 'reference-'));
test.after(() => rmSync(root, { recursive: true }));
const pages = readPages(repositoryRoot());
const declarationsOf = (file: string): readonly Declaration[] => pages.find((page) => page.file === file)!.declarations;
const engineDeclarations = declarationsOf('engine.md');

test('everything that the engine exports is listed', () => {
  const listed = new Set(engineDeclarations.map(({ name }) => name));
  const missing = Object.keys(engine).filter((name) => !listed.has(name));
  assert.equal(missing, []);
});

test('functions, classes and values of the engine have a text', () => {
  const silent = engineDeclarations.filter(({ kind, comment }) => kind !== 'type' && comment === '');
  assert.equal(
    silent.map(({ name, file }) => `${name} in ${file}`),
    [],
  );
});

test('a function has its signature, a class what its users can reach', () => {
  const code = (name: string) => engineDeclarations.find((one) => one.name === name)!.code;
  assert.is(code('argmax'), 'function argmax(x: Tensor): Tensor;');
  assert.match(code('Tensor'), /\n {2}read\(\): Promise<HostData>;/);
  assert.not.match(code('Tensor'), /private/);
  const { file, comment } = engineDeclarations.find(({ name }) => name === 'gelu')!;
  assert.equal([file, comment], ['engine/ops/elementwise.ts', 'x·Φ(x), exact (not the tanh approximation)']);
});

test('pages have working links, and a table of ops', () => {
  writePages(pages, root);
  const index = readFileSync(join(root, 'README.md'), 'utf8');
  for (const { file, declarations } of pages) {
    assert.ok(index.includes(`](${file})`), file);
    assert.ok(declarations.length > 0, file);
    const text = readFileSync(join(root, file), 'utf8');
    const anchors = new Set([...text.matchAll(/^##+ (.*)$/gm)].map(([, name]) => name.toLowerCase()));
    const broken = [...text.matchAll(/\]\(#([^)]*)\)/g)].filter(([, anchor]) => !anchors.has(anchor));
    assert.equal(
      broken.map(([link]) => link),
      [],
    );
  }
  const page = readFileSync(join(root, 'engine.md'), 'utf8');
  for (const { name } of opDefinitions) assert.ok(page.includes(`\n| ${name} |`), name);
});

test.run();
