/** Where this package lies: its sources and `dist/` are at different depths. */
import { fileURLToPath } from 'node:url';
import { readJson, runtime } from '../engine/index.ts';

/** The folder that holds `package.json`, without a slash at its end. */
export async function packageFolder(): Promise<string> {
  const here = await runtime();
  for (const above of ['..', '../..']) {
    const folder = fileURLToPath(new URL(above, import.meta.url)).replace(/[\\/]$/, '');
    if (await here.exists(`${folder}/package.json`)) return folder;
  }
  throw new Error('this package is incomplete: its package.json is missing');
}

/** The model that commands use where none is named: it knows drawings of coloured shapes. */
export async function shippedModelFolder(): Promise<string> {
  return `${await packageFolder()}/demo/model`;
}

export async function packageVersion(): Promise<string> {
  return ((await readJson(`${await packageFolder()}/package.json`)) as { version: string }).version;
}
