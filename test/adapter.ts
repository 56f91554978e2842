/** Which adapter a test is to use: `--adapter auto|system|swiftshader` on the command line of its process. */
import type { AdapterChoice } from '../engine/runtime/types.ts';

const CHOICES: AdapterChoice[] = ['auto', 'system', 'swiftshader'];

export function isAdapterChoice(word: string | undefined): word is AdapterChoice {
  return CHOICES.includes(word as AdapterChoice);
}

/** `auto` where the command line says nothing; throws at any other word. */
export function adapterChoice(): AdapterChoice {
  const at = process.argv.indexOf('--adapter');
  if (at < 0) return 'auto';
  const word = process.argv[at + 1];
  if (!isAdapterChoice(word)) throw new Error(`--adapter takes ${CHOICES.join(', ')}, not ${word ?? 'nothing'}`);
  return word;
}
