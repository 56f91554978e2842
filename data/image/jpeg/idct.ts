/**
 * The accurate integer inverse DCT of the Independent JPEG Group's library ("islow"), bit for bit.
 *
 * Algorithm: C. Loeffler, A. Ligtenberg, G. Moschytz, "Practical fast 1-D DCT algorithms with 11 multiplications",
 * ICASSP 1989; constants with 13 fraction bits, 2 extra bits between the two passes.
 */
const CONSTANT_BITS = 13;
const PASS_BITS = 2;

const F_0_298631336 = 2446;
const F_0_390180644 = 3196;
const F_0_541196100 = 4433;
const F_0_765366865 = 6270;
const F_0_899976223 = 7373;
const F_1_175875602 = 9633;
const F_1_501321110 = 12299;
const F_1_847759065 = 15137;
const F_1_961570560 = 16069;
const F_2_053119869 = 16819;
const F_2_562915447 = 20995;
const F_3_072711026 = 25172;

const COLUMN_SHIFT = CONSTANT_BITS - PASS_BITS;
const COLUMN_BIAS = 1 << (COLUMN_SHIFT - 1);
const ROW_SHIFT = CONSTANT_BITS + PASS_BITS + 3;
/** Rounding, and the middle gray that the encoder subtracted. */
const ROW_BIAS = (1 << (ROW_SHIFT - 1)) + (128 << ROW_SHIFT);

/**
 * Transforms one block in place.
 * @param block 64 dequantized coefficients in natural order; afterwards 64 samples, not yet clamped to 0…255
 */
export function inverseDct(block: Int32Array): void {
  for (let column = 0; column < 8; column++) transform(block, column, 8, COLUMN_SHIFT, COLUMN_BIAS);
  for (let row = 0; row < 64; row += 8) transform(block, row, 1, ROW_SHIFT, ROW_BIAS);
}

/** What `inverseDct` gives for all 64 samples of a block whose only coefficient is `dc` (dequantized). */
export function inverseDctFlat(dc: number): number {
  return ((dc + 4) >> 3) + 128;
}

/** Eight values, `step` apart: the sums are rounded by adding `bias` and dropping `shift` bits. */
function transform(block: Int32Array, at: number, step: number, shift: number, bias: number): void {
  const c0 = block[at];
  const c1 = block[at + step];
  const c2 = block[at + 2 * step];
  const c3 = block[at + 3 * step];
  const c4 = block[at + 4 * step];
  const c5 = block[at + 5 * step];
  const c6 = block[at + 6 * step];
  const c7 = block[at + 7 * step];

  const z26 = Math.imul(c2 + c6, F_0_541196100);
  const even2 = z26 - Math.imul(c6, F_1_847759065);
  const even3 = z26 + Math.imul(c2, F_0_765366865);
  const even0 = ((c0 + c4) << CONSTANT_BITS) + bias;
  const even1 = ((c0 - c4) << CONSTANT_BITS) + bias;

  const z = Math.imul(c7 + c3 + c5 + c1, F_1_175875602);
  const z71 = -Math.imul(c7 + c1, F_0_899976223);
  const z53 = -Math.imul(c5 + c3, F_2_562915447);
  const z73 = z - Math.imul(c7 + c3, F_1_961570560);
  const z51 = z - Math.imul(c5 + c1, F_0_390180644);
  const odd0 = Math.imul(c7, F_0_298631336) + z71 + z73;
  const odd1 = Math.imul(c5, F_2_053119869) + z53 + z51;
  const odd2 = Math.imul(c3, F_3_072711026) + z53 + z73;
  const odd3 = Math.imul(c1, F_1_501321110) + z71 + z51;

  block[at] = (even0 + even3 + odd3) >> shift;
  block[at + 7 * step] = (even0 + even3 - odd3) >> shift;
  block[at + step] = (even1 + even2 + odd2) >> shift;
  block[at + 6 * step] = (even1 + even2 - odd2) >> shift;
  block[at + 2 * step] = (even1 - even2 + odd1) >> shift;
  block[at + 5 * step] = (even1 - even2 - odd1) >> shift;
  block[at + 3 * step] = (even0 - even3 + odd0) >> shift;
  block[at + 4 * step] = (even0 - even3 - odd0) >> shift;
}
