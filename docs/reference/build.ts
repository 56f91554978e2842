/** The reference of all entries, from the sources' own comments and types. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { opDefinitions, Tensor } from '../../engine/index.ts';
import { opReferences } from '../../engine/reference/index.ts';
import { Declarations } from './declarations.ts';
import { formatIndex, formatPage, type Page } from './page.ts';

const ENTRIES = [
  { entry: 'kosmos-webgpu', module: 'index.d.ts', file: 'kosmos.md' },
  { entry: 'kosmos-webgpu/engine', module: 'engine/index.d.ts', file: 'engine.md' },
  { entry: 'kosmos-webgpu/self-test', module: 'engine/self-test.d.ts', file: 'self-test.md' },
  { entry: 'kosmos-webgpu/model', module: 'model/index.d.ts', file: 'model.md' },
  { entry: 'kosmos-webgpu/data', module: 'data/index.d.ts', file: 'data.md' },
  { entry: 'kosmos-webgpu/data/grit', module: 'data/grit/index.d.ts', file: 'data-grit.md' },
  { entry: 'kosmos-webgpu/train', module: 'train/index.d.ts', file: 'train.md' },
] as const;

/** Reads the sources below `root`, the repository. Types are not checked: that is a check of its own. */
export function readPages(root: string): Page[] {
  const folder = mkdtempSync(join(tmpdir(), 'declarations-'));
  try {
    const compiler = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'lib/tsc.js');
    const runner = 'Deno' in globalThis ? ['run', '-A'] : [];
    execFileSync(process.execPath, [...runner, compiler, '--emitDeclarationOnly', '--noCheck', '--outDir', folder], {
      cwd: root,
      stdio: 'inherit',
    });
    const declarations = new Declarations(folder);
    return ENTRIES.map(({ entry, module, file }) => ({
      entry,
      file,
      summary: declarations.summaryOf(module),
      declarations: declarations.exportsOf(module).map(withSummary),
    }));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Functions of ops that are made from a table have their text in the op's record. */
function withSummary(declaration: Page['declarations'][number]): Page['declarations'][number] {
  const op = opDefinitions.find(({ name }) => name === declaration.name);
  return declaration.comment || !op ? declaration : { ...declaration, comment: op.summary };
}

/** Writes the pages, and one that leads to them, into `folder`. */
export function writePages(pages: readonly Page[], folder: string): void {
  mkdirSync(folder, { recursive: true });
  for (const page of pages)
    writeFileSync(join(folder, page.file), formatPage(page, page.file === 'engine.md' ? opTable() : ''));
  writeFileSync(join(folder, 'README.md'), formatIndex(pages));
}

function opTable(): string {
  const rows = opReferences.map(({ op: { name, summary, vjp }, cases }) => {
    const [method, derivative] = [name in Tensor.prototype, typeof vjp === 'function'].map((is) => (is ? 'yes' : ''));
    return `| ${name} | ${summary.replaceAll('|', '\\|')} | ${method} | ${derivative} | ${cases.length} |`;
  });
  return [
    '## Ops',
    '',
    '| op | what | method of tensors | derivative | cases |',
    '|---|---|---|---|---|',
    ...rows,
  ].join('\n');
}
