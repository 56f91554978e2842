/**
 * Where this runs, behind one interface (`types.ts`):
 *
 * ```ts
 * const here = await runtime();
 * const { adapter, description, isSoftware, source } = await here.requestAdapter({ adapter: 'auto' });
 * const file = await here.openFile('model.safetensors'); // { size, read(offset, length), close() }
 * ```
 *
 * - `requestAdapter` throws one error that says what to install; it never resolves to null. It adds nothing to `globalThis`
 *   that a program could lean on: `GPUBufferUsage` and its kin do not exist on Node, so use the numbers of the specification.
 * - Nothing has to be closed: on Node the object behind the adapter is kept as long as the process lives (Dawn crashes when
 *   it is collected too early), which costs one driver instance and does not keep the process from ending. What is still
 *   pending does keep it: destroy the devices, or await what is in flight, and Node and Deno end by themselves.
 * - Node can use the system's adapter and the carried SwiftShader in one process; Deno stays with the first that was asked for.
 * - Files: `openFile readFile readTextFile writeFileAtomic openSink status exists listFolder makeFolder rename remove link
 *   contentHash homeFolder homeCacheFolder environment`; all errors name the path. `blobSource(blob)` reads a page's Blob as a file,
 *   `blobFolder(files)` makes a folder of chosen files. A browser reads URLs, and writes below `opfs:/`.
 * - Threads: `startWorker` runs a module in one, which answers messages by `serveWorker`; `processorCount` says how many pay.
 */
import type { Runtime } from './types.ts';

export { blobSource, checkRange } from './blob.ts';
export { type BlobFolder, blobFolder } from './blob-folder.ts';
export { DOWNLOADS } from './browser-urls.ts';
export type * from './types.ts';

/** What this runtime offers: adapters, files, threads. */
export async function runtime(): Promise<Runtime> {
  const surroundings = globalThis as { Deno?: unknown; process?: { versions?: { node?: string } } };
  if (surroundings.Deno) return (await import('./deno.ts')).denoRuntime();
  if (surroundings.process?.versions?.node) return (await import('./node.ts')).nodeRuntime();
  return (await import('./browser.ts')).browserRuntime();
}
