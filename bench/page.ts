/** One engine in a page: the page's part of `hosts/chromium.ts`. */
import { runtime } from '../engine/index.ts';
import { DeviceErrors } from './engines/device-errors.ts';
import { makeEngine } from './engines/index.ts';
import type { PeerModules } from './engines/modules.ts';
import { serve } from './serve.ts';

/** Builds that a page can load as they are: modules, or scripts that leave a global behind. */
const modules: Readonly<Record<string, string>> = {
  '@jax-js/jax': '/peers/@jax-js/jax/dist/index.js',
  'onnxruntime-web': '/peers/onnxruntime-web/dist/ort.webgpu.min.mjs',
};
const scripts: Readonly<Record<string, string>> = {
  '@tensorflow/tfjs': '/peers/@tensorflow/tfjs/dist/tf.min.js',
  '@tensorflow/tfjs-backend-webgpu': '/peers/@tensorflow/tfjs-backend-webgpu/dist/tf-backend-webgpu.min.js',
};

const peers: PeerModules = {
  load: (name) => (name in modules ? import(/* @vite-ignore */ modules[name]) : loadScript(scripts[name])),
};

function loadScript(source: string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const script = document.createElement('script');
    script.src = source;
    script.onload = () => resolve((globalThis as { tf?: unknown }).tf);
    script.onerror = () => reject(new Error(`${source} cannot be loaded`));
    document.head.append(script);
  });
}

/** The adapter's name, as this code gives it. */
async function adapterName(errors: DeviceErrors): Promise<string> {
  const { adapter, description } = await (await runtime()).requestAdapter();
  errors.listen(adapter);
  return description;
}

globalThis.benchStart = async (engine) => {
  const errors = new DeviceErrors();
  try {
    const made = await makeEngine(engine, {
      modules: peers,
      onnxruntime: 'onnxruntime-web',
      device: {},
      browserGlobals: () => adapterName(errors),
    });
    globalThis.benchAnswer = serve(made, errors);
  } catch (error) {
    const message = `it does not start: ${error instanceof Error ? error.message : error}`;
    globalThis.benchAnswer = async () => ({ ok: false, message, unsupported: true });
  }
};
