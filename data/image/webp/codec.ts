/** libwebp compiled to WebAssembly (`@jsquash/webp`), and the one place that knows how its `.wasm` file is found. */

/** Options of the codec's Emscripten module that are used here. */
interface ModuleOptions {
  noInitialRun: boolean;
  /** The `.wasm` file itself; without it the module fetches the file that lies beside its script. */
  wasmBinary?: Uint8Array;
  print: (line: string) => void;
  printErr: (line: string) => void;
}

export interface WebpModule {
  /** RGBA, four bytes a pixel; null when the data cannot be decoded. */
  decode(file: Uint8Array): { width: number; height: number; data: Uint8ClampedArray } | null;
}

/**
 * A fresh instance for one picture: its memory goes away with it, and a failure leaves nothing behind.
 * Compiling takes some milliseconds; engines keep the compiled code while any instance lives.
 */
export async function createWebpModule(): Promise<WebpModule> {
  const { default: factory } = await import('@jsquash/webp/codec/dec/webp_dec.js');
  const silent = () => undefined;
  const options: ModuleOptions = { noInitialRun: true, print: silent, printErr: silent, ...(await wasmFromDisk()) };
  return (factory as unknown as (options: ModuleOptions) => Promise<WebpModule>)(options);
}

/**
 * In Node and Deno: the package's file, read from disk (Node cannot fetch `file:` addresses). In browsers: nothing, because
 * bundlers follow the address in the package's script and the module fetches it from there.
 */
async function wasmFromDisk(): Promise<{ wasmBinary?: Uint8Array }> {
  if (typeof process !== 'object' || !process.versions?.node) return {};
  // Names in variables keep bundlers from looking for these modules.
  const [moduleName, fileSystemName] = ['node:module', 'node:fs/promises'];
  const { createRequire }: typeof import('node:module') = await import(moduleName);
  const { readFile }: typeof import('node:fs/promises') = await import(fileSystemName);
  const path = createRequire(import.meta.url).resolve('@jsquash/webp/codec/dec/webp_dec.wasm');
  return { wasmBinary: await readFile(path) };
}
