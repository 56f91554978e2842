/** A short name for the contents of a model folder, so that a run is not continued with other weights under the same path. */
import { runtime } from '../../engine/runtime/index.ts';

/** So many pieces of so many bytes are read of each file, evenly. */
const PIECES = 16;
const PIECE = 1 << 16;

/** A hash over samples of the weights and of `config.json`, 16 hexadecimal digits. */
export async function modelFingerprint(folder: string): Promise<string> {
  const here = await runtime();
  const hash = here.contentHash('sha256');
  for (const { name, kind } of await here.listFolder(folder)) {
    if (kind !== 'file' || !/^(config\.json|tokenizer\.json|model.*\.safetensors)$/.test(name)) continue;
    const file = await here.openFile(`${folder}/${name}`);
    try {
      hash.update(new TextEncoder().encode(`${name} ${file.size}\n`));
      const step = Math.max(PIECE, Math.floor(file.size / PIECES));
      for (let at = 0; at < file.size; at += step) hash.update(await file.read(at, Math.min(PIECE, file.size - at)));
    } finally {
      await file.close();
    }
  }
  return hash.digest().slice(0, 16);
}
