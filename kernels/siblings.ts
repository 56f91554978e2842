/**
 * Several calls of one kernel as one dispatch: products of one input with several matrices, say, as queries, keys and values are. Workgroups with z = i do the
 * i-th call. Buffers at which the calls differ are there once for each, and so is the text that mentions them, since WGSL cannot choose a buffer at run time.
 */
import { entryArguments, type KernelParts, type KernelSource, kernelSource, unroll } from './source.ts';

/**
 * @param source of a kernel that `takesSiblings`, for grids with z = 1
 * @param shared for each of its buffers, whether it is the same in all calls
 * @returns the kernel, with all buffers of the first call, then for each further one those that are its own
 */
export function siblingsKernel({ name, parts }: KernelSource, count: number, shared: readonly boolean[]): KernelSource {
  const own = parts.buffers.filter((_, i) => !shared[i]);
  const items = (parts.declarations ?? []).flatMap(topLevelItems);
  const differing = namesThatDiffer(
    own.map((buffer) => buffer.name),
    items,
  );
  const renamed = (text: string, call: number) => (call === 0 ? text : rename(text, differing, `_${call}`));
  const further = items.filter((item) => differing.has(functionName(item)));
  const names = entryArguments(parts).map((argument) => argument.name);
  const signature = entryArguments(parts).map((argument) => `${argument.name}: ${argument.type}`);
  const passed = names.map((argument) => (argument === 'workgroup' ? 'vec3<u32>(workgroup.xy, 0u)' : argument));
  const calls = Array.from({ length: count }, (_, call) => [
    ...(call === 0 ? items : further.map((item) => renamed(item, call))),
    `fn call_${call}(${signature.join(', ')}) {\n${renamed(parts.body, call)}\n}`,
  ]);
  const buffers = Array.from({ length: count - 1 }, (_, i) =>
    own.map((buffer) => ({ ...buffer, name: `${buffer.name}_${i + 1}` })),
  );
  const combined: KernelParts = {
    ...parts,
    name: `${count} × ${name}`,
    buffers: [...parts.buffers, ...buffers.flat()],
    declarations: calls.flat(),
    body: unroll(count, (call) => `if (workgroup.z == ${call}u) { call_${call}(${passed.join(', ')}); }`, ' else '),
  };
  return kernelSource(combined);
}

/** Functions, aliases and variables of the module's scope: each begins a line, as nothing in a function does. */
function topLevelItems(declaration: string): string[] {
  return declaration.split(/^(?=fn |alias |var<)/m).map((item) => item.trim());
}

function functionName(item: string): string {
  return /^fn (\w+)/.exec(item)?.[1] ?? '';
}

/** The buffers' names, and those of all functions that reach one of them. */
function namesThatDiffer(buffers: readonly string[], items: readonly string[]): Set<string> {
  const names = new Set(buffers.flatMap((name) => [name, `load_${name}`, `store_${name}`]));
  for (let before = -1; before !== names.size; ) {
    before = names.size;
    for (const item of items) {
      const reaches = (item.match(/\w+/g) ?? []).some((word) => names.has(word));
      if (reaches && functionName(item)) names.add(functionName(item));
    }
  }
  return names;
}

/** Adds a suffix to these names, but not to members of that name. */
function rename(text: string, names: ReadonlySet<string>, suffix: string): string {
  return text.replace(/(?<![\w.])[A-Za-z_]\w*/g, (word) => (names.has(word) ? word + suffix : word));
}
