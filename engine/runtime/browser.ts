/** Browsers: WebGPU is `navigator.gpu`; files are URLs and Blobs, and only for reading. */
import { describeAdapter, isSoftwareAdapter } from './adapter.ts';
import { blobSource } from './blob.ts';
import type { AdapterHandle, AdapterRequest, Runtime } from './types.ts';
import { webWorkers } from './web-workers.ts';

export function browserRuntime(): Runtime {
  const readFile = async (url: string) => new Uint8Array(await (await fetched(url)).arrayBuffer());
  return {
    ...webWorkers(),
    name: 'browser',
    requestAdapter,
    openFile: async (url) => blobSource(await (await fetched(url)).blob(), url),
    readFile,
    readTextFile: async (url) => new TextDecoder().decode(await readFile(url)),
    exists: async (url) => (await fetch(url, { method: 'HEAD' })).ok,
    status: unavailable('status'),
    writeFileAtomic: unavailable('writeFileAtomic'),
    openSink: unavailable('openSink'),
    listFolder: unavailable('listFolder'),
    makeFolder: unavailable('makeFolder'),
    rename: unavailable('rename'),
    remove: unavailable('remove'),
    link: unavailable('link'),
    contentHash: unavailableNow('contentHash'),
    homeFolder: unavailableNow('homeFolder'),
    homeCacheFolder: unavailableNow('homeCacheFolder'),
    environment: () => undefined,
  };
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

async function fetched(url: string): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(url);
  } catch (error) {
    throw new Error(`Cannot fetch ${url}: ${error instanceof Error ? error.message : error}`, { cause: error });
  }
  if (!response.ok)
    throw new Error(`Cannot fetch ${url}: the server answers ${response.status} ${response.statusText}`);
  return response;
}

function unavailableNow(name: string): () => never {
  return () => {
    throw new Error(`${name}: a browser has no file system`);
  };
}

function unavailable(name: string): () => Promise<never> {
  return async () => unavailableNow(name)();
}
