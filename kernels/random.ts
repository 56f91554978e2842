/** Philox 4×32-10 in WGSL (Salmon et al., 2011): the same words as `engine/random.ts` gives. WGSL has no 64-bit product, so its high word comes by halves. */

/** `philox(counter, key)`: four random words. */
export const philoxFunction = `fn multiply_high(a: u32, b: u32) -> u32 {
let low = (a & 0xffffu) * (b & 0xffffu);
let middle = (a >> 16u) * (b & 0xffffu) + (low >> 16u);
let other = (a & 0xffffu) * (b >> 16u) + (middle & 0xffffu);
return (a >> 16u) * (b >> 16u) + (middle >> 16u) + (other >> 16u);
}
fn philox(counter: vec4<u32>, start: vec2<u32>) -> vec4<u32> {
var c = counter;
var k = start;
for (var round = 0u; round < 10u; round++) {
c = vec4<u32>(multiply_high(0xcd9e8d57u, c.z) ^ c.y ^ k.x, 0xcd9e8d57u * c.z, multiply_high(0xd2511f53u, c.x) ^ c.w ^ k.y, 0xd2511f53u * c.x);
k += vec2<u32>(0x9e3779b9u, 0xbb67ae85u);
}
return c;
}`;

/** WGSL of the key in an i32 buffer of two words. */
export const keyWords = 'vec2<u32>(bitcast<u32>(key[0]), bitcast<u32>(key[1]))';

/** A number is dropped where its random word lies below this. */
export function dropThreshold(rate: number): number {
  return Math.min(2 ** 32 - 1, Math.round(rate * 2 ** 32));
}
