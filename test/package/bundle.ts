/** The engine alone, as a bundler makes it out of the installed package. */
import { writeFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { rolldown } from 'rolldown';

export interface Bundle {
  /** Of all chunks, minified and gzipped. */
  readonly bytes: number;
  /** Packages that are not part of it and have to be there; what the runtime itself has is left out. */
  readonly packages: readonly string[];
  readonly code: string;
}

/**
 * What one runtime loads. For a browser the package itself says what to leave out; the parts for browsers, and for the other one of Node and Deno,
 * are never loaded there and do not count.
 * @param folder a project in which the package is installed
 */
export async function bundleEngine(folder: string, target: 'browser' | 'node' | 'deno'): Promise<Bundle> {
  const input = join(folder, 'engine.mjs');
  writeFileSync(input, "export * from 'kosmos-webgpu/engine';\n");
  const outside = new Set<string>();
  const build = await rolldown({
    input,
    platform: target === 'browser' ? 'browser' : 'node',
    cwd: folder,
    external: (id) => {
      if (target !== 'browser' && isOfOtherRuntime(id, target)) return true;
      if (/^[./]|^kosmos-webgpu/.test(id)) return false;
      outside.add(id);
      return true;
    },
  });
  const { output } = await build.generate({ minify: true });
  await build.close();
  const chunks = output.map((chunk) => (chunk.type === 'chunk' ? chunk.code : ''));
  const packages = [...outside].filter((id) => !id.startsWith('node:') && !builtinModules.includes(id));
  return {
    bytes: chunks.reduce((sum, code) => sum + gzipSync(code, { level: 9 }).length, 0),
    packages,
    code: chunks.join('\n'),
  };
}

function isOfOtherRuntime(id: string, target: string): boolean {
  const [, name] = /\/(browser|node|deno)\.js$/.exec(id) ?? [];
  return name !== undefined && name !== target;
}
