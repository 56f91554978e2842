/**
 * Browsers: WebGPU is `navigator.gpu`. Files are URLs, only for reading (those of a chosen folder and of kept downloads among them), and the
 * site's own ones below `opfs:/`.
 */
import { describeAdapter, isSoftwareAdapter } from './adapter.ts';
import { PRIVATE_FILES, privateFiles } from './browser-files.ts';
import { urlFiles } from './browser-urls.ts';
import { contentHash } from './content-hash.ts';
import type { AdapterHandle, AdapterRequest, Runtime } from './types.ts';
import { webWorkers } from './web-workers.ts';

export function browserRuntime(): Runtime {
  const [own, urls] = [privateFiles(), urlFiles()];
  const reader = (path: string) => (isPrivate(path) ? own : urls);
  /** A function of files that can be written, for paths of such. */
  const onPrivate =
    <Rest extends unknown[], Result>(name: string, call: (path: string, ...rest: Rest) => Promise<Result>) =>
    async (path: string, ...rest: Rest): Promise<Result> => {
      if (!isPrivate(path))
        throw new Error(`${name} ${path}: a browser has no such files; paths of its own begin with ${PRIVATE_FILES}`);
      return call(path, ...rest);
    };
  const readFile = (path: string) => reader(path).readFile(path);
  return {
    ...webWorkers(),
    name: 'browser',
    requestAdapter,
    openFile: (path) => reader(path).openFile(path),
    readFile,
    readTextFile: async (path) => new TextDecoder().decode(await readFile(path)),
    exists: (path) => reader(path).exists(path),
    status: (path) => reader(path).status(path),
    writeFileAtomic: onPrivate('writeFileAtomic', own.writeFileAtomic),
    openSink: onPrivate('openSink', own.openSink),
    listFolder: onPrivate('listFolder', own.listFolder),
    makeFolder: onPrivate('makeFolder', own.makeFolder),
    rename: onPrivate('rename', own.rename),
    remove: onPrivate('remove', own.remove),
    link: async () => unavailable('link'),
    contentHash,
    homeFolder: () => unavailable('homeFolder'),
    homeCacheFolder: () => unavailable('homeCacheFolder'),
    environment: () => undefined,
  };
}

function isPrivate(path: string): boolean {
  return path.startsWith(PRIVATE_FILES);
}

async function requestAdapter(request: AdapterRequest = {}): Promise<AdapterHandle> {
  if (request.adapter === 'swiftshader') {
    throw new Error('A page cannot choose SwiftShader: start Chromium with --use-webgpu-adapter=swiftshader.');
  }
  if (!navigator.gpu) {
    throw new Error(
      globalThis.isSecureContext === false
        ? 'WebGPU is only there on secure pages: open this one through https:// or from localhost.'
        : 'This browser has no WebGPU: use Chrome or Edge 113, Safari 26, Firefox 141 or newer; on Linux, Chrome may ' +
            'need chrome://flags/#enable-unsafe-webgpu.',
    );
  }
  const adapter = await navigator.gpu.requestAdapter({
    powerPreference: request.powerPreference ?? 'high-performance',
  });
  if (!adapter) {
    throw new Error(
      'The browser offers no WebGPU adapter: turn on hardware acceleration in its settings and update the graphics ' +
        'driver (chrome://gpu and about:support say what is missing).',
    );
  }
  const isSoftware = isSoftwareAdapter(adapter);
  return { adapter, source: 'browser', description: describeAdapter(adapter), isSoftware };
}

function unavailable(name: string): never {
  throw new Error(`${name}: a browser has none`);
}
