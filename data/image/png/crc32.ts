/** CRC-32 of the PNG specification (annex D), one table entry per byte value. */
const TABLE: Uint32Array = Uint32Array.from({ length: 256 }, (_, byte) => {
  let remainder = byte;
  for (let bit = 0; bit < 8; bit++) {
    remainder = remainder & 1 ? 0xedb88320 ^ (remainder >>> 1) : remainder >>> 1;
  }
  return remainder >>> 0;
});

/** CRC-32 of `bytes` as an unsigned number. */
export function crc32(bytes: Uint8Array): number {
  let remainder = 0xffffffff;
  for (let i = 0; i < bytes.length; i++) {
    remainder = TABLE[(remainder ^ bytes[i]) & 255] ^ (remainder >>> 8);
  }
  return (remainder ^ 0xffffffff) >>> 0;
}
