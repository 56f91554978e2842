/** Int4 and int8 in groups: the packing to the bit, and how far the numbers move. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { dequantizeRows, type QuantizeForm, quantizeRows } from '../../engine/quantize.ts';
import { toFloat32 } from '../../engine/safetensors.ts';
import { uniform } from './interpret.ts';

const forms: QuantizeForm[] = [
  { bits: 4, group: 8 },
  { bits: 4, group: 32 },
  { bits: 8, group: 32 },
  { bits: 8, group: 64 },
];

/** Numbers with the bell of weights, rows of different sizes. */
function numbers(count: number, seed: number): Float32Array {
  const random = uniform(seed);
  const bell = () => random() + random() + random() + random() - 2;
  return Float32Array.from({ length: count }, (_, i) => bell() * 2 ** -(i >> 7));
}

const scalesOf = (bits: Uint16Array<ArrayBuffer>) => toFloat32(new Uint8Array(bits.buffer), 'F16');

for (const form of forms) {
  const { bits, group } = form;
  test(`int${bits} in groups of ${group}: every number within its bound`, () => {
    const values = numbers(512, 3);
    const rows = quantizeRows(values, 128, form);
    assert.is(rows.words.length, (512 * bits) / 32);
    assert.is(rows.scales.length, 512 / group);
    const scales = scalesOf(rows.scales);
    const back = dequantizeRows(rows, form);
    let [error, size] = [0, 0];
    for (const [i, value] of values.entries()) {
      const scale = Math.abs(scales[Math.floor(i / group)]);
      const off = Math.abs(back[i] - value);
      const own = values.subarray(i - (i % group), i - (i % group) + group);
      const largest = own.reduce((most, number) => Math.max(most, Math.abs(number)), 0);
      assert.ok(Math.abs(scale / largest) < 1.001 / (bits === 8 ? 127 : 7), `the scale of number ${i}`);
      // what is cut off ends at the last level
      const isCut = bits === 4 && Math.abs(value) > 7 * scale;
      assert.ok(off <= (isCut ? 2.51 : 0.501) * scale, `number ${i}: ${value} became ${back[i]}, scale ${scale}`);
      error += off ** 2;
      size += value ** 2;
    }
    const relative = Math.sqrt(error / size);
    assert.ok(relative < (bits === 8 ? 0.007 : 0.1), `root mean square ${relative}`);
  });
}

test('the packing: lowest bits first, 2^(bits−1) added, one f16 scale a group', () => {
  const int4 = quantizeRows(Float32Array.of(-8, 7, 0, 1, -1, 2, -2, 3), 8, { bits: 4, group: 8 });
  assert.equal([...int4.words], [0xb6a7_98f0 | 0]);
  assert.equal([...scalesOf(int4.scales)], [1]);
  const int8 = quantizeRows(Float32Array.of(-127, 127, 0, 1, -1, 2, -2, 3), 8, { bits: 8, group: 8 });
  assert.equal([...int8.words], [0x8180_ff01 | 0, 0x837e_827f | 0]);
  assert.equal([...scalesOf(int8.scales)], [1]);
  const back = dequantizeRows(int8, { bits: 8, group: 8 });
  assert.equal([...back], [-127, 127, 0, 1, -1, 2, -2, 3]);
});

test('zeros stay zeros, and so do numbers that f16 has no scale for', () => {
  for (const value of [0, 1e-12]) {
    const rows = quantizeRows(new Float32Array(16).fill(value), 16, { bits: 4, group: 16 });
    assert.ok(dequantizeRows(rows, { bits: 4, group: 16 }).every((number) => number === 0));
  }
});

test('what does not fit', () => {
  const quantize = (form: object, values = new Float32Array(48)) => quantizeRows(values, 48, form as QuantizeForm);
  assert.throws(() => quantize({ bits: 5, group: 16 }), /quantize: 5 bits are not known; 4 and 8 are/);
  assert.throws(() => quantize({ bits: 4, group: 12 }), /groups of 12 elements: a multiple of 8 is expected/);
  assert.throws(() => quantize({ bits: 4, group: 32 }), /groups of 32 do not divide rows of 48 elements/);
  const form = { bits: 8, group: 16 };
  assert.throws(() => quantize(form, new Float32Array(48).fill(Number.NaN)), /quantize: NaN among the numbers/);
  assert.throws(() => quantize(form, new Float32Array(48).fill(Infinity)), /quantize: Infinity among the numbers/);
});

test.run();
