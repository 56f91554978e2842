/**
 * Counter-based random numbers: Philox 4×32-10 (Salmon et al., «Parallel random numbers: as easy as 1, 2, 3», 2011). A number is a function
 * of key and counter alone, so it is the same on every runtime and can be had again without a state.
 */

const multiplierA = 0xd2511f53;
const multiplierB = 0xcd9e8d57;
const weylA = 0x9e3779b9;
const weylB = 0xbb67ae85;
const rounds = 10;

/** High word of the 64-bit product of two 32-bit words, by halves of 16 bits: every sum stays below 2⁵³. */
function multiplyHigh(a: number, b: number): number {
  const [highA, lowA, highB, lowB] = [a >>> 16, a & 0xffff, b >>> 16, b & 0xffff];
  const middle = highA * lowB + Math.floor((lowA * lowB) / 0x10000);
  const other = lowA * highB + (middle % 0x10000);
  return (highA * highB + Math.floor(middle / 0x10000) + Math.floor(other / 0x10000)) >>> 0;
}

export type Words4 = readonly [number, number, number, number];

/** Four random 32-bit words for a counter of four words and a key of two. */
export function philox([c0, c1, c2, c3]: Words4, [k0, k1]: readonly [number, number]): Words4 {
  let [w0, w1, w2, w3, keyA, keyB] = [c0, c1, c2, c3, k0, k1];
  for (let round = 0; round < rounds; round++) {
    const highA = multiplyHigh(multiplierA, w0);
    const highB = multiplyHigh(multiplierB, w2);
    const lowA = Math.imul(multiplierA, w0);
    const lowB = Math.imul(multiplierB, w2);
    [w0, w1, w2, w3] = [highB ^ w1 ^ keyA, lowB, highA ^ w3 ^ keyB, lowA];
    keyA = (keyA + weylA) | 0;
    keyB = (keyB + weylB) | 0;
  }
  return [w0 >>> 0, w1 >>> 0, w2 >>> 0, w3 >>> 0];
}

/** A uniform number in [0, 1) with 32 random bits, by seed and two coordinates (say: row and step). */
export function uniform(seed: number, a: number, b: number): number {
  return philox([a, b, 0, 0], [seed >>> 0, Math.floor(seed / 2 ** 32) >>> 0])[0] / 2 ** 32;
}

/** `count` uniform numbers in [0, 1) with 24 random bits, from place `first` of the stream that seed and `stream` name. */
export function uniforms(seed: number, stream: number, first: number, count: number): Float32Array {
  const values = new Float32Array(count);
  const key = [seed >>> 0, Math.floor(seed / 2 ** 32) >>> 0] as const;
  for (let at = first - (first % 4); at < first + count; at += 4) {
    const words = philox([stream, Math.floor(at / 4) % 2 ** 32, Math.floor(at / 2 ** 34), 1], key);
    for (let i = Math.max(0, first - at); i < Math.min(4, first + count - at); i++)
      values[at + i - first] = (words[i] >>> 8) / 2 ** 24;
  }
  return values;
}
