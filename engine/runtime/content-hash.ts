/** SHA-1 and SHA-256 (FIPS 180-4) that grow with the content, for browsers: Web Crypto has them for whole contents only. */
import type { ContentHash } from './types.ts';

const BLOCK = 64;
/** Where the length in bits begins in the last block. */
const LENGTH_AT = 56;

/** Mixes a block, as 16 big-endian words, into the state. */
type Mix = (state: Uint32Array, words: DataView) => void;

export function contentHash(algorithm: 'sha1' | 'sha256'): ContentHash {
  const isSha1 = algorithm === 'sha1';
  const mix = isSha1 ? mixSha1 : sha256();
  const state = isSha1
    ? Uint32Array.of(0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0)
    : firstPrimes(8).map((prime) => fraction(Math.sqrt(prime)));
  const block = new Uint8Array(BLOCK);
  const view = new DataView(block.buffer);
  let filled = 0;
  let total = 0;
  const update = (bytes: Uint8Array) => {
    total += bytes.length;
    for (let at = 0; at < bytes.length; ) {
      const count = Math.min(BLOCK - filled, bytes.length - at);
      block.set(bytes.subarray(at, at + count), filled);
      at += count;
      filled += count;
      if (filled < BLOCK) return;
      mix(state, view);
      filled = 0;
    }
  };
  return {
    update,
    digest() {
      const bits = BigInt(total) * 8n;
      const padding = new Uint8Array(1 + ((LENGTH_AT + BLOCK - 1 - filled) % BLOCK) + 8);
      padding[0] = 0x80;
      new DataView(padding.buffer).setBigUint64(padding.length - 8, bits);
      update(padding);
      return Array.from(state, (word) => word.toString(16).padStart(8, '0')).join('');
    },
  };
}

function mixSha1(state: Uint32Array, words: DataView): void {
  const schedule = new Uint32Array(80);
  for (let i = 0; i < 80; i++) {
    schedule[i] =
      i < 16
        ? words.getUint32(4 * i)
        : rotateLeft(schedule[i - 3] ^ schedule[i - 8] ^ schedule[i - 14] ^ schedule[i - 16], 1);
  }
  let [a, b, c, d, e] = state;
  for (let i = 0; i < 80; i++) {
    const [chosen, constant] =
      i < 20
        ? [(b & c) | (~b & d), 0x5a827999]
        : i < 40
          ? [b ^ c ^ d, 0x6ed9eba1]
          : i < 60
            ? [(b & c) | (b & d) | (c & d), 0x8f1bbcdc]
            : [b ^ c ^ d, 0xca62c1d6];
    const next = (rotateLeft(a, 5) + chosen + e + constant + schedule[i]) >>> 0;
    [e, d, c, b, a] = [d, c, rotateLeft(b, 30), a, next];
  }
  addTo(state, [a, b, c, d, e]);
}

function sha256(): Mix {
  const constants = firstPrimes(64).map((prime) => fraction(Math.cbrt(prime)));
  return (state, words) => {
    const schedule = new Uint32Array(64);
    for (let i = 0; i < 64; i++) {
      if (i < 16) schedule[i] = words.getUint32(4 * i);
      else {
        const [x, y] = [schedule[i - 15], schedule[i - 2]];
        const early = rotateRight(x, 7) ^ rotateRight(x, 18) ^ (x >>> 3);
        const late = rotateRight(y, 17) ^ rotateRight(y, 19) ^ (y >>> 10);
        schedule[i] = schedule[i - 16] + early + schedule[i - 7] + late;
      }
    }
    let [a, b, c, d, e, f, g, h] = state;
    for (let i = 0; i < 64; i++) {
      const upper = rotateRight(e, 6) ^ rotateRight(e, 11) ^ rotateRight(e, 25);
      const first = h + upper + ((e & f) ^ (~e & g)) + constants[i] + schedule[i];
      const lower = rotateRight(a, 2) ^ rotateRight(a, 13) ^ rotateRight(a, 22);
      const second = lower + ((a & b) ^ (a & c) ^ (b & c));
      [h, g, f, e, d, c, b, a] = [g, f, e, (d + first) >>> 0, c, b, a, (first + second) >>> 0];
    }
    addTo(state, [a, b, c, d, e, f, g, h]);
  };
}

function addTo(state: Uint32Array, values: readonly number[]): void {
  for (const [i, value] of values.entries()) state[i] += value;
}

function rotateLeft(value: number, bits: number): number {
  return ((value << bits) | (value >>> (32 - bits))) >>> 0;
}

function rotateRight(value: number, bits: number): number {
  return rotateLeft(value, 32 - bits);
}

/** The first 32 bits behind the point. */
function fraction(value: number): number {
  return Math.floor((value % 1) * 2 ** 32);
}

function firstPrimes(count: number): Uint32Array {
  const primes: number[] = [];
  for (let n = 2; primes.length < count; n++) if (primes.every((prime) => n % prime !== 0)) primes.push(n);
  return Uint32Array.from(primes);
}
