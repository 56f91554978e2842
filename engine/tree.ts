/** Trees of tensors: plain objects and arrays, nested. */

type Container = readonly unknown[] | Readonly<Record<string, unknown>>;

function isContainer(value: unknown): value is Container {
  if (Array.isArray(value)) return true;
  if (value === null || typeof value !== 'object') return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** All leaves in a fixed order (object keys as they stand). `undefined` and `null` are leaves too. */
export function leavesOf(tree: unknown): unknown[] {
  const leaves: unknown[] = [];
  collectLeaves(tree, leaves);
  return leaves;
}

function collectLeaves(tree: unknown, leaves: unknown[]): void {
  if (!isContainer(tree)) leaves.push(tree);
  else for (const child of Object.values(tree)) collectLeaves(child, leaves);
}

/** A text that tells trees apart by their form and by what `leafText` says of their leaves. */
export function textOfTree(tree: unknown, leafText: (leaf: unknown) => string): string {
  if (!isContainer(tree)) return leafText(tree);
  let text = '';
  if (Array.isArray(tree)) {
    for (const child of tree) text += `${textOfTree(child, leafText)},`;
    return `[${text}]`;
  }
  // the length tells where a name ends, whatever is in it
  for (const [name, child] of Object.entries(tree)) text += `${name.length} ${name}:${textOfTree(child, leafText)},`;
  return `{${text}}`;
}

/** A tree of the same form with every leaf replaced; `path` names the leaf («params.layers.0.weight»). */
export function mapTree<T>(tree: T, replace: (leaf: unknown, path: string) => unknown, path = ''): T {
  if (!isContainer(tree)) return replace(tree, path) as T;
  const pathTo = (key: string | number) => (path ? `${path}.${key}` : `${key}`);
  if (Array.isArray(tree)) return tree.map((child, i) => mapTree(child, replace, pathTo(i))) as T;
  const entries = Object.entries(tree).map(([key, child]) => [key, mapTree(child, replace, pathTo(key))] as const);
  return Object.fromEntries(entries) as T;
}
