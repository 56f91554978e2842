/** Deno: WebGPU is wgpu, built into the program. */
import { describeAdapter, isSoftwareAdapter, isSwiftShader, noAdapterError } from './adapter.ts';
import { nodeFiles } from './files.ts';
import { DRIVER_VARIABLES, swiftShaderFiles } from './swiftshader.ts';
import type { AdapterHandle, AdapterRequest, Runtime } from './types.ts';
import { webWorkers } from './web-workers.ts';

/** The few functions of the `Deno` namespace that are used here. */
interface DenoNamespace {
  build: { os: string };
  env: { set(name: string, value: string): void };
  dlopen<Name extends string>(
    path: string,
    symbols: Record<Name, { parameters: string[]; result: string }>,
  ): { symbols: Record<Name, (...values: unknown[]) => number> };
}

/**
 * wgpu looks for drivers once, at the first request, and keeps what it found (or did not find) as long as the process lives.
 * So which driver it is must be settled before that, and the decision belongs to the process.
 */
const STARTED = Symbol.for('kosmos-webgpu.wgpu');
type Started = Promise<'system' | 'bundled'>;

export async function denoRuntime(): Promise<Runtime> {
  const files = await nodeFiles();
  const deno = (globalThis as unknown as { Deno: DenoNamespace }).Deno;

  async function useSwiftShader(): Promise<'bundled'> {
    const { loader, manifest } = await swiftShaderFiles(files);
    for (const name of DRIVER_VARIABLES) deno.env.set(name, manifest);
    deno.dlopen(loader, { vkEnumerateInstanceVersion: { parameters: ['buffer'], result: 'i32' } });
    return 'bundled';
  }

  async function start(choice: AdapterRequest['adapter']): Started {
    if (choice === 'swiftshader') return useSwiftShader();
    if (deno.build.os !== 'linux' || systemHasVulkan(deno)) return 'system';
    // wgpu would now take an OpenGL driver, which has less than WebGPU asks for, and on which kernels were seen to hang.
    const missing = "The system's Vulkan reaches no device.";
    if (choice === 'system') throw noAdapterError(deno.build.os, missing);
    return useSwiftShader().catch((error: Error) => {
      throw noAdapterError(deno.build.os, `${missing} ${error.message}`);
    });
  }

  function started(choice: AdapterRequest['adapter']): Started {
    const holder = globalThis as { [STARTED]?: Started };
    holder[STARTED] ??= start(choice).catch((error) => {
      delete holder[STARTED];
      throw error;
    });
    return holder[STARTED];
  }

  async function requestAdapter(request: AdapterRequest = {}): Promise<AdapterHandle> {
    if (!navigator.gpu) {
      throw new Error('This Deno has no WebGPU: use Deno 2.3 or newer, or start it with --unstable-webgpu.');
    }
    const choice = request.adapter ?? 'auto';
    const source = await started(choice);
    if ((choice === 'swiftshader' && source === 'system') || (choice === 'system' && source === 'bundled')) {
      throw new Error(
        `The adapter '${choice}' cannot be had any more: Deno keeps the driver of a process's first request, ` +
          `which was ${source === 'bundled' ? 'the carried SwiftShader' : "the system's"}. Ask in a process of its own.`,
      );
    }
    const adapter = await navigator.gpu.requestAdapter({
      powerPreference: request.powerPreference ?? 'high-performance',
    });
    if (!adapter) throw noAdapterError(deno.build.os, 'Deno finds none.');
    if (source === 'bundled' && !isSwiftShader(adapter)) {
      throw new Error(`SwiftShader was unpacked, but Deno found ${describeAdapter(adapter)} instead of it.`);
    }
    return { adapter, source, description: describeAdapter(adapter), isSoftware: isSoftwareAdapter(adapter) };
  }

  return { ...files, ...webWorkers(), name: 'deno', requestAdapter };
}

/**
 * Asks the system's Vulkan loader itself whether it reaches any device, for wgpu may be asked only once. The structure is
 * VkInstanceCreateInfo (Vulkan 1.0, section 4.2): its type, 1, and zeros.
 */
function systemHasVulkan(deno: DenoNamespace): boolean {
  try {
    const { symbols } = deno.dlopen('libvulkan.so.1', {
      vkCreateInstance: { parameters: ['buffer', 'pointer', 'buffer'], result: 'i32' },
      vkEnumeratePhysicalDevices: { parameters: ['u64', 'buffer', 'pointer'], result: 'i32' },
      vkDestroyInstance: { parameters: ['u64', 'pointer'], result: 'void' },
    });
    const information = new BigUint64Array([1n, 0n, 0n, 0n, 0n, 0n, 0n, 0n]);
    const instance = new BigUint64Array(1);
    if (symbols.vkCreateInstance(information, null, instance) !== 0) return false;
    const count = new Uint32Array(1);
    const result = symbols.vkEnumeratePhysicalDevices(instance[0], count, null);
    symbols.vkDestroyInstance(instance[0], null);
    return result === 0 && count[0]! > 0;
  } catch {
    return false;
  }
}
