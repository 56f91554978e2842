/** The framing of TFRecord files (tensorflow.org, «TFRecord and tf.train.Example»). */
import { cyclicCheck } from '../../../data/image/png/crc32.ts';

/** CRC-32C (Castagnoli; RFC 3720, appendix B.4). */
export const crc32c = cyclicCheck(0x82f63b78);

/** Length as 64 bits, its masked check, the data, their masked check; all little-endian. */
export function frameRecord(data: Uint8Array): Uint8Array {
  const record = new Uint8Array(data.length + 16);
  const view = new DataView(record.buffer);
  view.setBigUint64(0, BigInt(data.length), true);
  view.setUint32(8, maskedCheck(record.subarray(0, 8)), true);
  record.set(data, 12);
  view.setUint32(12 + data.length, maskedCheck(data), true);
  return record;
}

/** Rotated right by 15 bits and moved by a constant, for a check over data that hold checks would be weak. */
function maskedCheck(bytes: Uint8Array): number {
  const check = crc32c(bytes);
  return (((check >>> 15) | (check << 17)) + 0xa282ead8) >>> 0;
}
