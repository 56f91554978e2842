import { readFile } from 'node:fs/promises';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  decodeImage,
  KOSMOS2_PREPROCESSOR,
  preprocess,
  type RgbImage,
  readPreprocessorConfig,
  resizeAndCrop,
} from '../../data/image/index.ts';
import { skipUnlessShared } from '../shared.ts';

const PUBLISHED = {
  crop_size: { height: 224, width: 224 },
  do_center_crop: true,
  do_convert_rgb: true,
  do_normalize: true,
  do_rescale: true,
  do_resize: true,
  image_mean: [0.48145466, 0.4578275, 0.40821073],
  image_processor_type: 'CLIPImageProcessor',
  image_std: [0.26862954, 0.26130258, 0.27577711],
  processor_class: 'Kosmos2Processor',
  resample: 3,
  rescale_factor: 0.00392156862745098,
  size: { shortest_edge: 224 },
  use_square_size: true,
};

function ramp(width: number, height: number): RgbImage {
  return { width, height, data: Uint8Array.from({ length: width * height * 3 }, (_, i) => i % 256) };
}

test('the published configuration is read', () => {
  assert.equal(readPreprocessorConfig(PUBLISHED), KOSMOS2_PREPROCESSOR);
});

test('sizes come in all the forms that transformers writes', () => {
  const read = (settings: object) => readPreprocessorConfig({ ...PUBLISHED, ...settings });
  assert.equal(read({ use_square_size: false }).resize, { shortestEdge: 224 });
  assert.equal(read({ use_square_size: undefined, size: 96 }).resize, { shortestEdge: 96 });
  assert.equal(read({ size: { height: 32, width: 48 } }).resize, { height: 32, width: 48 });
  assert.equal(read({ crop_size: 64 }).crop, { height: 64, width: 64 });
  assert.is(read({ do_center_crop: false, crop_size: undefined }).crop, null);
});

test('what would change the pixels unnoticed is refused by name', () => {
  const refuse = (settings: object, message: RegExp) =>
    assert.throws(() => readPreprocessorConfig({ ...PUBLISHED, ...settings }), message);
  refuse({ resample: 2 }, /"resample": 2 .*only 3/);
  refuse({ do_normalize: false }, /"do_normalize": false/);
  refuse({ do_pad: true }, /"do_pad": true is not known/);
  refuse({ offset: 1 }, /"offset"/);
  refuse({ image_mean: [0.5, 0.5] }, /"image_mean": \[0.5,0.5\] must be a list of three/);
  refuse({ image_std: ['a', 1, 1] }, /"image_std": "a" must be a number/);
  refuse({ size: undefined }, /"size.height"/);
  refuse({ size: { longest_edge: 224 } }, /"size": .*must have "height" and "width"/);
  refuse({ size: { shortest_edge: 0 } }, /"size.shortest_edge": 0/);
  refuse({ crop_size: { height: 224 } }, /"crop_size.width"/);
});

test('settings that are off or about something else do not matter', () => {
  const config = readPreprocessorConfig({
    ...PUBLISHED,
    do_pad: false,
    pad_size: null,
    _valid_processor_keys: ['images'],
  });
  assert.equal(config, KOSMOS2_PREPROCESSOR);
});

test('values are scaled in double precision and normalised in single', () => {
  const config = { ...KOSMOS2_PREPROCESSOR, resize: { height: 16, width: 32 }, crop: null };
  const image = ramp(32, 16);
  const { data, height, width } = preprocess(image, config);
  assert.equal([height, width, data.length], [16, 32, 3 * 16 * 32]);
  for (let channel = 0; channel < 3; channel++) {
    for (let i = 0; i < 16 * 32; i++) {
      const scaled = Math.fround(image.data[3 * i + channel] * config.rescaleFactor);
      const centered = Math.fround(scaled - Math.fround(config.mean[channel]));
      assert.is(data[channel * 16 * 32 + i], Math.fround(centered / Math.fround(config.std[channel])));
    }
  }
});

test('without square size the aspect ratio stays and the middle is cut out', () => {
  const config = { ...KOSMOS2_PREPROCESSOR, resize: { shortestEdge: 8 }, crop: { height: 6, width: 5 } };
  const resized = resizeAndCrop(ramp(16, 8), { ...config, crop: null });
  const cropped = resizeAndCrop(ramp(16, 8), config);
  assert.equal([resized.width, resized.height, cropped.width, cropped.height], [16, 8, 5, 6]);
  // Offsets (16 - 5) / 2 and (8 - 6) / 2, rounded down.
  const start = (1 * 16 + 5) * 3;
  assert.equal(cropped.data.subarray(0, 15), resized.data.subarray(start, start + 15));
});

test('a crop larger than the picture is refused', () => {
  const config = { ...KOSMOS2_PREPROCESSOR, crop: { height: 225, width: 10 } };
  assert.throws(() => preprocess(ramp(4, 4), config), /crop of 10x225 pixels is larger than .* 224x224/);
});

/** The bytes of a tensor in a safetensors file. */
function tensorBytes(file: Uint8Array, name: string): Uint8Array {
  const headerLength = Number(new DataView(file.buffer, file.byteOffset).getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(file.subarray(8, 8 + headerLength)));
  const [start, end] = header[name].data_offsets;
  return file.slice(8 + headerLength + start, 8 + headerLength + end);
}

skipUnlessShared(test, 'goldens/model/e2e', 'the pictures of the model goldens are exact', async (folder) => {
  const config = readPreprocessorConfig(JSON.parse(await readFile(`${folder}/preprocessor_config.json`, 'utf8')));
  const golden = new Uint8Array(await readFile(`${folder}/expected.safetensors`));
  const { images } = JSON.parse(await readFile(`${folder}/expected.json`, 'utf8'));
  const resized = tensorBytes(golden, 'resized_224');
  for (const [i, { file, width, height, decoded_rgb_sha256 }] of images.entries()) {
    const image = await decodeImage(new Uint8Array(await readFile(`${folder}/${file}`)));
    const digest = await crypto.subtle.digest('SHA-256', image.data.slice());
    assert.equal([image.width, image.height], [width, height]);
    assert.is(Buffer.from(digest).toString('hex'), decoded_rgb_sha256);
    assert.equal(resizeAndCrop(image, config).data, resized.subarray(i * 150528, (i + 1) * 150528));
  }
  const first = await decodeImage(new Uint8Array(await readFile(`${folder}/${images[0].file}`)));
  const pixelValues = new Uint8Array(preprocess(first, config).data.buffer);
  assert.equal(pixelValues, tensorBytes(golden, 'pixel_values.0'));
});

test.run();
