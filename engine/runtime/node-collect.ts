/** V8's garbage collector, called by hand: the only way to let go of WebGPU objects that have no `destroy`. */

/** Runs a full collection. */
export async function garbageCollector(): Promise<() => void> {
  const [{ default: v8 }, { default: vm }] = await Promise.all([import('node:v8'), import('node:vm')]);
  v8.setFlagsFromString('--expose-gc');
  return vm.runInNewContext('gc') as () => void;
}
