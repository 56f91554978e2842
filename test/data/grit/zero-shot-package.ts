/** `@huggingface/transformers` itself, in a folder of its own: it is no dependency here, and weighs half a gigabyte. */
import { writeFileSync } from 'node:fs';
import { register } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { run } from '../../package/packed.ts';

const PACKAGE = '@huggingface/transformers';
const VERSION = '4.3.1';

/**
 * Installs the package into an empty folder, from where it is imported from then on in this process.
 *
 * @returns why it cannot be installed, or null
 */
export async function installTransformers(folder: string): Promise<string | null> {
  if ('Deno' in globalThis) return 'runs on Node alone';
  writeFileSync(join(folder, 'package.json'), '{ "private": true }');
  try {
    // onnxruntime's install script fetches libraries for CUDA, which nothing here uses
    const options = ['--prefer-offline', '--ignore-scripts', '--no-audit', '--no-fund'];
    await run('npm', ['install', ...options, `${PACKAGE}@${VERSION}`], folder);
  } catch (error) {
    return (error as Error).message.replace(/\s*\n\s*/g, ' ').slice(0, 200);
  }
  const parentURL = pathToFileURL(join(folder, 'main.js')).href;
  const hook = `export const resolve = (name, context, next) =>
    next(name, name === '${PACKAGE}' ? { ...context, parentURL: '${parentURL}' } : context);`;
  register(`data:text/javascript,${encodeURIComponent(hook)}`);
  return null;
}
