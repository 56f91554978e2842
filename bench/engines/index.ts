/** The engines by name. */
import type { DeviceOptions } from '../../engine/index.ts';
import type { Engine } from './engine.ts';
import { jaxEngine } from './jax.ts';
import type { PeerModules } from './modules.ts';
import { onnxruntimeEngine } from './onnxruntime.ts';
import { ownEngine } from './own.ts';
import { tfjsEngine } from './tfjs.ts';

export type EngineName =
  | 'own'
  | 'own-other-kernels'
  | 'onnxruntime'
  | 'onnxruntime-plain'
  | 'jax-js'
  | 'tfjs'
  | 'onnxruntime-cpu';

/** As tables name them. */
export const engineTitles: Readonly<Record<EngineName, string>> = {
  own: 'this code',
  'own-other-kernels': 'this code, the other kind of kernels',
  onnxruntime: 'onnxruntime',
  'onnxruntime-plain': 'onnxruntime, attention of plain operators',
  'jax-js': 'jax-js',
  tfjs: 'tfjs',
  'onnxruntime-cpu': 'onnxruntime on the CPU',
};

export interface Surroundings {
  readonly modules: PeerModules;
  /** The build of onnxruntime for this host. */
  readonly onnxruntime: 'onnxruntime-node' | 'onnxruntime-web';
  readonly device: DeviceOptions;
  /** Makes `navigator.gpu` be there for libraries that need it, and names the adapter. */
  readonly browserGlobals: () => Promise<string>;
}

export async function makeEngine(name: EngineName, around: Surroundings): Promise<Engine> {
  const { modules, onnxruntime: library } = around;
  switch (name) {
    case 'own':
      return ownEngine(around.device);
    case 'own-other-kernels':
      return ownEngine(around.device, true);
    case 'onnxruntime':
    case 'onnxruntime-plain': {
      const attention = name === 'onnxruntime' ? 'fused' : 'plain';
      // the build for Node has a Dawn of its own, and two in a process get in each other's way
      const adapter = library === 'onnxruntime-web' ? await around.browserGlobals() : 'chosen by onnxruntime';
      return onnxruntimeEngine(modules, { library, provider: 'webgpu', attention }, adapter);
    }
    case 'onnxruntime-cpu':
      return onnxruntimeEngine(modules, { library, provider: 'cpu', attention: 'plain' }, 'none');
    case 'jax-js':
      return jaxEngine(modules, await around.browserGlobals());
    case 'tfjs':
      return tfjsEngine(modules, await around.browserGlobals());
  }
}
