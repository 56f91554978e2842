/** Where engines run: processes of Node or Deno, or pages of Chromium. */
import type { BenchArguments } from '../arguments.ts';
import type { Channel } from '../contender.ts';
import type { EngineName } from '../engines/index.ts';
import { openChromium } from './chromium.ts';
import { startProcess } from './process.ts';

export interface Host {
  /** An engine in a process or page of its own. */
  open(engine: EngineName): Promise<Channel>;
  close(): Promise<void>;
}

export async function openHost({ host, adapter }: BenchArguments): Promise<Host> {
  if (host === 'chromium') return openChromium();
  return { open: (engine) => startProcess(engine, host, adapter), close: async () => {} };
}
