import { readFile } from 'node:fs/promises';
import { decode as decodeWithFastPng } from 'fast-png';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { decodeImage } from '../../data/image/index.ts';
import type { GoldenCase } from '../golden/case.ts';
import { checkBadImages, checkImages } from '../golden/images.ts';
import { repositoryRoot, skipUnlessShared } from '../shared.ts';

const small = `${repositoryRoot()}test/goldens/images`;

async function load(name: string): Promise<Uint8Array> {
  return new Uint8Array(await readFile(`${small}/images/${name}`));
}

async function refusal(bytes: Uint8Array, maxPixels?: number): Promise<string> {
  return decodeImage(bytes, { maxPixels }).then(
    () => 'accepted',
    (error: Error) => error.message,
  );
}

function assertAllOk(cases: GoldenCase[], atLeast: number): void {
  const failed = cases.filter(({ ok }) => !ok);
  assert.equal(failed, []);
  assert.ok(cases.length >= atLeast, `only ${cases.length} cases`);
}

test('every small golden is decoded, resized, normalised and cropped exactly', async () => {
  assertAllOk(await checkImages(small), 600);
});

test('every small bad file is refused or reported', async () => {
  assertAllOk(await checkBadImages(small), 45);
});

skipUnlessShared(test, 'goldens/processor/images.json', 'the 21 images of the goldens are exact', async () => {
  assertAllOk(await checkImages(`${repositoryRoot()}../shared/goldens/processor`), 200);
});

skipUnlessShared(test, 'goldens/processor/bad.json', 'the 17 bad images of the goldens are refused', async () => {
  assertAllOk(await checkBadImages(`${repositoryRoot()}../shared/goldens/processor`), 17);
});

test('the format is told by the content, wherever it lies in a buffer', async () => {
  for (const [name, format] of [
    ['png_type2_8bit.png', 'png'],
    ['jpeg_420.jpg', 'jpeg'],
    ['webp_lossy.webp', 'webp'],
  ]) {
    const bytes = await load(name);
    const whole = await decodeImage(bytes);
    const shifted = new Uint8Array(bytes.length + 12).fill(255);
    shifted.set(bytes, 5);
    const shared = new Uint8Array(new SharedArrayBuffer(bytes.length));
    shared.set(bytes);
    assert.is(whole.format, format);
    assert.equal(whole.warnings, []);
    assert.equal(await decodeImage(shifted.subarray(5, 5 + bytes.length)), whole);
    assert.equal(await decodeImage(shared), whole);
  }
});

test('an independent PNG decoder sees the same colours', async () => {
  for (const name of ['png_type2_8bit.png', 'png_type2_8bit_interlaced.png', 'png_type6_8bit.png']) {
    const bytes = await load(name);
    const { data } = await decodeImage(bytes);
    const other = decodeWithFastPng(bytes);
    const colors = Array.from(other.data).filter((_, i) => i % other.channels < 3);
    assert.equal(Array.from(data), colors, name);
  }
});

test('a picture may have as many pixels as maxPixels and no more', async () => {
  for (const name of ['png_type2_8bit.png', 'jpeg_420.jpg', 'webp_lossless.webp', 'webp_animated.webp']) {
    const bytes = await load(name);
    const { width, height } = await decodeImage(bytes);
    assert.is((await decodeImage(bytes, { maxPixels: width * height })).width, width);
    assert.match(
      await refusal(bytes, width * height - 1),
      `${width}x${height} pixels; more than ${width * height - 1}`,
    );
  }
});

test('messages say what is wrong', async () => {
  const png = await load('png_type2_8bit.png');
  assert.match(await refusal(new Uint8Array(0)), 'empty');
  assert.match(await refusal(new TextEncoder().encode('GIF89a…')), 'this is GIF');
  assert.match(await refusal(png.subarray(0, 100)), 'truncated');
  assert.match(await refusal((await load('jpeg_420.jpg')).subarray(0, -2)), 'without an end marker');
  assert.match(await refusal((await load('webp_lossy.webp')).subarray(0, -2)), 'truncated');
});

test('what is odd but harmless is reported', async () => {
  const warningsOf = async (name: string) => (await decodeImage(await load(name))).warnings.join();
  assert.match(await warningsOf('png_type0_16bit.png'), '16-bit gray');
  assert.match(await warningsOf('webp_animated.webp'), 'first frame');
  assert.is(await warningsOf('jpeg_trailing.jpg'), '');
});

test('a file cut anywhere is refused or reported', async () => {
  for (const name of ['png_type3_4bit.png', 'jpeg_restart.jpg', 'jpeg_420_progressive.jpg', 'webp_lossy.webp']) {
    const bytes = await load(name);
    for (let length = 0; length < bytes.length; length += 7) {
      const warnings = await decodeImage(bytes.subarray(0, length)).then(
        (image) => image.warnings,
        (error: Error) => [error.message],
      );
      assert.is(warnings.length, 1, `${name} cut to ${length} of ${bytes.length} bytes`);
    }
  }
});

test.run();
