/** The hashes that browsers lack: against Web Crypto, for every length around the ends of blocks, in pieces of any size. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { contentHash } from '../../engine/runtime/content-hash.ts';

const NAMES = { sha1: 'SHA-1', sha256: 'SHA-256' } as const;

async function expected(algorithm: keyof typeof NAMES, content: Uint8Array<ArrayBuffer>): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest(NAMES[algorithm], content));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

for (const algorithm of ['sha1', 'sha256'] as const) {
  test(`${algorithm} as Web Crypto has it`, async () => {
    for (const length of [0, 1, 3, 55, 56, 57, 63, 64, 65, 119, 120, 128, 1000]) {
      const content = Uint8Array.from({ length }, (_, i) => (i * 37 + length) & 0xff);
      const wanted = await expected(algorithm, content);
      for (const piece of [1, 7, 64, 1000]) {
        const hash = contentHash(algorithm);
        for (let at = 0; at < length; at += piece) hash.update(content.subarray(at, at + piece));
        assert.is(hash.digest(), wanted, `${length} bytes in pieces of ${piece}`);
      }
    }
  });
}

test.run();
