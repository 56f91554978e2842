/** Cyclic redundancy checks of 32 bits, one table entry per byte value (PNG specification, annex D). */

/** The check with a polynomial, given with its lowest power in the highest bit; it gives unsigned numbers. */
export function cyclicCheck(polynomial: number): (bytes: Uint8Array) => number {
  const table = Uint32Array.from({ length: 256 }, (_, byte) => {
    let remainder = byte;
    for (let bit = 0; bit < 8; bit++) {
      remainder = remainder & 1 ? polynomial ^ (remainder >>> 1) : remainder >>> 1;
    }
    return remainder >>> 0;
  });
  return (bytes) => {
    let remainder = 0xffffffff;
    for (let i = 0; i < bytes.length; i++) {
      remainder = table[(remainder ^ bytes[i]) & 255] ^ (remainder >>> 8);
    }
    return (remainder ^ 0xffffffff) >>> 0;
  };
}

/** The CRC-32 of PNG files. */
export const crc32 = cyclicCheck(0xedb88320);
