/** Node: WebGPU is Dawn, from the npm package `webgpu`. */
import { describeAdapter, isSoftwareAdapter, isSwiftShader, noAdapterError } from './adapter.ts';
import { nodeFiles } from './files.ts';
import { garbageCollector } from './node-collect.ts';
import { Pace } from './node-pace.ts';
import { nodeWorkers } from './node-workers.ts';
import { DRIVER_VARIABLES, type SwiftShaderFiles, swiftShaderFiles } from './swiftshader.ts';
import type { AdapterHandle, AdapterRequest, Runtime } from './types.ts';

/**
 * Dawn's switches. f16 is off on NVIDIA by default only for the sake of its conformance suite; the unsafe interfaces are the
 * experimental features (cooperative matrices among them), each still asked for by name; quantised timestamps guard web pages
 * against each other and would blur profiles to 0.1 ms. Robustness stays on: a wrong index must not reach foreign memory.
 */
const DAWN_SWITCHES = [
  'enable-dawn-features=allow_unsafe_apis,vulkan_enable_f16_on_nvidia',
  'disable-dawn-features=timestamp_quantization',
];

/**
 * Where the objects that `create()` returned are kept for the life of the process, one for each driver. Once V8 collects such
 * an object while anything of it is at work, Dawn ends the process with a segmentation fault, also when the device was
 * destroyed before; so nothing ever lets go of it, and it belongs to the process and not to this module, of which a program
 * may load two copies. Holding it does not keep the process alive: pending work does.
 */
const KEPT = Symbol.for('kosmos-webgpu.dawn');
type Kept = Map<AdapterHandle['source'], Promise<GPU>>;

export async function nodeRuntime(): Promise<Runtime> {
  const files = await nodeFiles();
  const workers = await nodeWorkers();
  const care = { pace: new Pace(), collect: await garbageCollector() };

  async function systemAdapter(request: AdapterRequest): Promise<AdapterHandle | null> {
    const gpu = await keep('system', async () => (await loadDawn()).create(DAWN_SWITCHES));
    const adapter = await bestAdapter(gpu, request);
    return adapter && handleOf(adapter, 'system', care);
  }

  async function bundledAdapter(request: AdapterRequest): Promise<AdapterHandle> {
    const gpu = await keep('bundled', async () => createSwiftShader(await swiftShaderFiles(files)));
    const adapter = await bestAdapter(gpu, request);
    if (!adapter || !isSwiftShader(adapter)) {
      const found = adapter ? describeAdapter(adapter) : 'nothing';
      throw new Error(`SwiftShader was unpacked, but Dawn found ${found} instead of it.`);
    }
    return handleOf(adapter, 'bundled', care);
  }

  return {
    ...files,
    ...workers,
    name: 'node',
    async requestAdapter(request = {}) {
      const choice = request.adapter ?? 'auto';
      if (choice === 'swiftshader') return bundledAdapter(request);
      const system = await systemAdapter(request);
      if (system) return system;
      const { default: process } = await import('node:process');
      if (choice === 'system') throw noAdapterError(process.platform, "Dawn accepts none of the system's drivers.");
      try {
        return await bundledAdapter(request);
      } catch (error) {
        const detail = `Dawn accepts none of the system's drivers. ${(error as Error).message}`;
        throw noAdapterError(process.platform, detail);
      }
    },
  };
}

/** The process's GPU object of this driver, made when first asked for; a failure is not remembered. */
function keep(source: AdapterHandle['source'], create: () => Promise<GPU>): Promise<GPU> {
  const holder = globalThis as { [KEPT]?: Kept };
  holder[KEPT] ??= new Map();
  const kept = holder[KEPT];
  const gpu = kept.get(source) ?? create();
  kept.set(source, gpu);
  gpu.catch(() => kept.delete(source));
  return gpu;
}

/** What Dawn leaves to its users. */
interface Care {
  readonly pace: Pace;
  readonly collect: () => void;
}

function handleOf(adapter: GPUAdapter, source: 'system' | 'bundled', { pace, collect }: Care): AdapterHandle {
  return {
    adapter,
    source,
    description: describeAdapter(adapter),
    isSoftware: isSoftwareAdapter(adapter),
    watch: (promise) => pace.watch(promise),
    collect,
  };
}

/** A hardware adapter where there is one: asked first for the fast one, then for any. */
async function bestAdapter(gpu: GPU, request: AdapterRequest): Promise<GPUAdapter | null> {
  const powerPreference = request.powerPreference ?? 'high-performance';
  const first = await gpu.requestAdapter({ powerPreference });
  if (first && !isSoftwareAdapter(first)) return first;
  const any = await gpu.requestAdapter();
  return any && !isSoftwareAdapter(any) ? any : (first ?? any);
}

async function loadDawn(): Promise<typeof import('webgpu')> {
  try {
    return await import('webgpu');
  } catch (error) {
    const { default: process } = await import('node:process');
    const message = error instanceof Error ? error.message.split('\n')[0] : String(error);
    throw new Error(
      `Cannot load the npm package "webgpu" on ${process.platform} ${process.arch}: ${message}. ` +
        '`npm install webgpu` brings it (Linux, macOS and Windows on x64 and arm64; on Linux it needs glibc).',
      { cause: error },
    );
  }
}

/**
 * Dawn reads the driver's name from the environment inside its first `requestAdapter()`, before that returns its promise, so
 * the variables are taken back at once: neither another `create()` nor a child process meets them.
 */
async function createSwiftShader({ loader, manifest }: SwiftShaderFiles): Promise<GPU> {
  const dawn = await loadDawn();
  const { default: process } = await import('node:process');
  await openLoader(loader);
  const before = DRIVER_VARIABLES.map((name) => process.env[name]);
  for (const name of DRIVER_VARIABLES) process.env[name] = manifest;
  const gpu = dawn.create(DAWN_SWITCHES);
  const first = gpu.requestAdapter();
  DRIVER_VARIABLES.forEach((name, i) => {
    if (before[i] === undefined) delete process.env[name];
    else process.env[name] = before[i];
  });
  await first;
  return gpu;
}

/**
 * Makes a shared library known to the process by its name. Node means its own add-ons, and complains that this is none, but
 * the library is open by then, and RTLD_NODELETE (0x1000 on Linux) keeps it.
 */
async function openLoader(loader: string): Promise<void> {
  const { constants } = await import('node:os');
  const { default: process } = await import('node:process');
  const flags = constants.dlopen.RTLD_NOW! | constants.dlopen.RTLD_GLOBAL! | 0x1000;
  try {
    process.dlopen({ exports: {} }, loader, flags);
  } catch (error) {
    if (!/did not self-register/.test(String(error))) {
      throw new Error(`Cannot load the Vulkan loader ${loader}: ${(error as Error).message}`, { cause: error });
    }
  }
}
