/** What the modules of a folder of declaration files (`tsc --emitDeclarationOnly`) export, with the comments above it. */
import { readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { parseSync } from 'rolldown/utils';

export interface Declaration {
  readonly name: string;
  readonly kind: 'function' | 'class' | 'type' | 'value';
  /** The comment above it, without stars; empty where there is none. */
  readonly comment: string;
  /** TypeScript, without bodies, `export declare`, and what is private. */
  readonly code: string;
  /** Of the source, from the repository's root: `engine/device.ts`. */
  readonly file: string;
}

/** The nodes of the parser's tree that matter here. */
interface SyntaxNode {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly declaration?: SyntaxNode | null;
  readonly id?: { readonly name: string } | null;
  readonly declarations?: readonly SyntaxNode[];
  readonly source?: { readonly value: string } | null;
  readonly specifiers?: readonly {
    readonly local: { readonly name: string };
    readonly exported: { readonly name: string };
  }[];
}

interface Module {
  readonly path: string;
  readonly text: string;
  readonly body: readonly SyntaxNode[];
  readonly comments: readonly { readonly start: number; readonly end: number; readonly value: string }[];
}

const KINDS: Readonly<Record<string, Declaration['kind']>> = {
  TSDeclareFunction: 'function',
  ClassDeclaration: 'class',
  TSInterfaceDeclaration: 'type',
  TSTypeAliasDeclaration: 'type',
  VariableDeclaration: 'value',
};

export class Declarations {
  readonly #root: string;
  readonly #modules = new Map<string, Module>();

  /** @param root the folder that the compiler wrote to */
  constructor(root: string) {
    this.#root = root;
  }

  /** The comment at the top of a module. */
  summaryOf(path: string): string {
    const { comments, text } = this.#module(path);
    const [first] = comments;
    return first && text.slice(0, first.start).trim() === '' ? plain(first.value) : '';
  }

  /** Everything that a module (`engine/index.d.ts`) exports, in the order of its lines. Overloads are together in one. */
  exportsOf(path: string): Declaration[] {
    const found: Declaration[] = [];
    const module = this.#module(path);
    for (const node of module.body) {
      if (node.type === 'ExportAllDeclaration') found.push(...this.exportsOf(this.#target(module, node)));
      if (node.type !== 'ExportNamedDeclaration') continue;
      if (node.declaration) found.push(...this.#declared(module, node, node.declaration));
      else if (node.source) found.push(...this.#forwarded(module, node));
    }
    return merged(found);
  }

  #forwarded(module: Module, node: SyntaxNode): Declaration[] {
    const there = this.exportsOf(this.#target(module, node));
    return (node.specifiers ?? []).flatMap(({ local, exported }) =>
      there.filter(({ name }) => name === local.name).map((one) => ({ ...one, name: exported.name })),
    );
  }

  #declared(module: Module, outer: SyntaxNode, node: SyntaxNode): Declaration[] {
    const kind = KINDS[node.type];
    if (!kind) throw new Error(`${module.path}: the reference does not know what ${node.type} is`);
    const comment = commentBefore(module, outer.start);
    const code = withoutPrivate(module.text.slice(node.start, node.end).replace(/^declare /, ''));
    const file = relative(this.#root, module.path).replace(/\.d\.ts$/, '.ts');
    const names = node.declarations ?? [node];
    return names.map(({ id }) => ({ name: id!.name, kind, comment, code, file }));
  }

  #target(module: Module, node: SyntaxNode): string {
    return relative(this.#root, join(dirname(module.path), node.source!.value.replace(/\.ts$/, '.d.ts')));
  }

  #module(path: string): Module {
    const known = this.#modules.get(path);
    if (known) return known;
    const full = join(this.#root, path);
    const text = readFileSync(full, 'utf8');
    const { program, comments, errors } = parseSync(full, text);
    if (errors.length > 0) throw new Error(`${path}: ${errors[0]!.message}`);
    const module = { path: full, text, body: program.body as unknown as SyntaxNode[], comments };
    this.#modules.set(path, module);
    return module;
  }
}

function commentBefore({ text, comments }: Module, start: number): string {
  const comment = comments.findLast(({ end }) => end <= start && text.slice(end, start).trim() === '');
  return comment ? plain(comment.value) : '';
}

/** The text of a `/** … *\/` comment. */
function plain(value: string): string {
  return value
    .replace(/^\*/, '')
    .split('\n')
    .map((line) => line.replace(/^\s*\* ?/, '').trimEnd())
    .join('\n')
    .trim();
}

/** A class is shown with what its users can reach. */
function withoutPrivate(code: string): string {
  return code.replace(/^ +(#private|private [^\n]*);\n/gm, '').replace(/^ {4}/gm, '  ');
}

/** Functions with several signatures, and what two modules forward, count once. */
function merged(found: readonly Declaration[]): Declaration[] {
  const byName = new Map<string, Declaration>();
  for (const one of found) {
    const before = byName.get(one.name);
    const isOverload = before && before.kind === 'function' && before.code !== one.code;
    byName.set(one.name, isOverload ? { ...before, code: `${before.code}\n${one.code}` } : (before ?? one));
  }
  return [...byName.values()];
}
