/** Engines as pages of one headless Chromium. */
import type { Host } from './index.ts';

export async function openChromium(_flags: string | null): Promise<Host> {
  throw new Error('not yet');
}
