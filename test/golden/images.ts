/** Checks of a folder with `images.json` (decoding, resizing, normalisation) and `bad.json` (files to be refused). */
import { readFile } from 'node:fs/promises';
import { decodeImage } from '../../data/image/decode.ts';
import type { RgbImage } from '../../data/image/image.ts';
import { preprocess, readPreprocessorConfig, resizeAndCrop } from '../../data/image/preprocess.ts';
import { trainingCrop, trainingView } from '../../data/image/resize.ts';
import type { GoldenCase } from './case.ts';

interface PixelSample {
  x: number;
  y: number;
  rgb: number[];
}

interface ImageRecord {
  file: string;
  width: number;
  height: number;
  lossy: boolean;
  decoded_rgb_sha256: string;
  decoded_samples: PixelSample[];
  decoded_png: string | null;
  resized_png: string | null;
  resized_rgb_sha256: string;
  pixel_values_sha256: string;
  pixel_values_samples: { c: number; y: number; x: number; value: number }[];
  pixel_values_min: number;
  pixel_values_max: number;
  training_crop: {
    resized_width: number;
    resized_height: number;
    left: number;
    top: number;
    rgb_sha256: string;
    samples: PixelSample[];
  } | null;
}

interface ImagesFile {
  preprocessor: Record<string, unknown>;
  published_pixel_values?: { file: string; tolerance: number; top_left: number[][][]; bottom_right: number[][][] };
  images: ImageRecord[];
}

/** Every file of `images.json`: decoded, resized, normalised, and the view of training. All must be exact. */
export async function checkImages(folder: string): Promise<GoldenCase[]> {
  const golden = await readJson<ImagesFile>(`${folder}/images.json`);
  const cases: GoldenCase[] = [];
  for (const record of golden.images) {
    try {
      cases.push(...(await checkImage(folder, golden, record)));
    } catch (error) {
      cases.push({ name: record.file, deviation: 'error', tolerance: 'none', ok: false, detail: messageOf(error) });
    }
  }
  return cases;
}

async function checkImage(folder: string, golden: ImagesFile, record: ImageRecord): Promise<GoldenCase[]> {
  const config = readPreprocessorConfig(golden.preprocessor);
  const decoded = await decodeFile(`${folder}/${record.file}`);
  const resized = resizeAndCrop(decoded, config);
  const pixels = preprocess(decoded, config);
  const at = ({ c, y, x }: { c: number; y: number; x: number }) =>
    pixels.data[(c * pixels.height + y) * pixels.width + x];
  const cases = [
    exact(`${record.file} size`, [decoded.width, decoded.height], [record.width, record.height]),
    await sameBytes(`${record.file} decoded`, decoded.data, record.decoded_rgb_sha256, () =>
      deviationFromPng(folder, record.decoded_png, decoded),
    ),
    sameSamples(`${record.file} decoded samples`, decoded, record.decoded_samples),
    await sameBytes(`${record.file} resized`, resized.data, record.resized_rgb_sha256, () =>
      deviationFromPng(folder, record.resized_png, resized),
    ),
    await sameBytes(`${record.file} pixel values`, pixels.data, record.pixel_values_sha256),
    within(
      `${record.file} pixel value samples`,
      record.pixel_values_samples.map((sample) => [at(sample), sample.value]),
      0,
    ),
    within(
      `${record.file} pixel value range`,
      [
        [pixels.data.reduce((a, b) => Math.min(a, b)), record.pixel_values_min],
        [pixels.data.reduce((a, b) => Math.max(a, b)), record.pixel_values_max],
      ],
      0,
    ),
  ];
  if (record.training_crop) cases.push(...(await checkTrainingCrop(decoded, record.file, record.training_crop)));
  const published = golden.published_pixel_values;
  if (published?.file === record.file) {
    cases.push(
      within(`${record.file} published pixel values`, publishedPairs(published, at, pixels), published.tolerance),
    );
  }
  return cases;
}

async function checkTrainingCrop(
  decoded: RgbImage,
  file: string,
  golden: NonNullable<ImageRecord['training_crop']>,
): Promise<GoldenCase[]> {
  const view = trainingView(decoded.width, decoded.height);
  const cropped = trainingCrop(decoded);
  return [
    exact(
      `${file} training view`,
      [view.resizedWidth, view.resizedHeight, view.left, view.top],
      [golden.resized_width, golden.resized_height, golden.left, golden.top],
    ),
    await sameBytes(`${file} training crop`, cropped.data, golden.rgb_sha256),
    sameSamples(`${file} training crop samples`, cropped, golden.samples),
  ];
}

/** Corners as [channel][row][column], paired with the values here. */
function publishedPairs(
  { top_left, bottom_right }: NonNullable<ImagesFile['published_pixel_values']>,
  at: (position: { c: number; y: number; x: number }) => number,
  { height, width }: { height: number; width: number },
): [number, number][] {
  const pairs = (corner: number[][][], top: number, left: number) =>
    corner.flatMap((rows, c) =>
      rows.flatMap((row, y) => row.map((value, x): [number, number] => [at({ c, y: top + y, x: left + x }), value])),
    );
  const rows = bottom_right[0].length;
  const columns = bottom_right[0][0].length;
  return [...pairs(top_left, 0, 0), ...pairs(bottom_right, height - rows, width - columns)];
}

interface BadRecord {
  file: string;
  what: string;
}

/** Seconds within which a bad file must be refused. */
const BAD_FILE_SECONDS = 5;
/** Growth of the process while one bad file is looked at. */
const BAD_FILE_BYTES = 1e9;

/** Every file of `bad.json` must be refused, or decoded with a warning, quickly and in bounded memory. */
export async function checkBadImages(folder: string): Promise<GoldenCase[]> {
  const { bad } = await readJson<{ bad: BadRecord[] }>(`${folder}/bad.json`);
  const cases: GoldenCase[] = [];
  for (const { file, what } of bad) {
    const bytes = new Uint8Array(await readFile(`${folder}/${file}`));
    const before = process.memoryUsage().rss;
    const start = performance.now();
    const outcome = await decodeImage(bytes).then(
      ({ warnings }) => (warnings.length > 0 ? `reported: ${warnings.join('; ')}` : 'accepted'),
      (error: unknown) => `refused: ${messageOf(error)}`,
    );
    const seconds = (performance.now() - start) / 1000;
    const grown = process.memoryUsage().rss - before;
    const ok = outcome !== 'accepted' && seconds < BAD_FILE_SECONDS && grown < BAD_FILE_BYTES;
    const detail = `${what}: ${outcome} (${seconds.toFixed(2)} s, ${Math.round(grown / 1e6)} MB)`;
    cases.push({ name: file, deviation: outcome.split(':')[0], tolerance: 'refused or reported', ok, detail });
  }
  return cases;
}

async function decodeFile(path: string): Promise<RgbImage> {
  return decodeImage(new Uint8Array(await readFile(path)));
}

async function readJson<T>(path: string): Promise<T> {
  return JSON.parse(await readFile(path, 'utf8'));
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function exact(name: string, values: number[], expected: number[]): GoldenCase {
  const ok = values.join() === expected.join();
  const detail = ok ? undefined : `expected ${expected.join(', ')}, got ${values.join(', ')}`;
  return { name, deviation: ok ? 'equal' : 'differs', tolerance: 'equal', ok, detail };
}

/** Compares SHA-256 hashes; `deviation` is asked for the largest difference where they differ. */
async function sameBytes(
  name: string,
  data: Uint8Array | Float32Array,
  expected: string,
  deviation?: () => Promise<number | null>,
): Promise<GoldenCase> {
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength).slice();
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  const hash = Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
  if (hash === expected) return { name, deviation: 0, tolerance: 0, ok: true };
  const largest = (await deviation?.()) ?? 'differs';
  return { name, deviation: largest, tolerance: 0, ok: false, detail: `sha256 ${hash}, expected ${expected}` };
}

async function deviationFromPng(folder: string, file: string | null, image: RgbImage): Promise<number | null> {
  if (!file) return null;
  const expected = await decodeFile(`${folder}/${file}`);
  return image.data.reduce((largest, value, i) => Math.max(largest, Math.abs(value - expected.data[i])), 0);
}

function sameSamples(name: string, image: RgbImage, samples: PixelSample[]): GoldenCase {
  const pairs = samples.flatMap(({ x, y, rgb }) =>
    rgb.map((value, c): [number, number] => [image.data[(y * image.width + x) * 3 + c], value]),
  );
  return within(name, pairs, 0);
}

/** The largest difference of `[got, expected]` pairs. */
function within(name: string, pairs: [number, number][], tolerance: number): GoldenCase {
  const deviation = pairs.reduce((largest, [got, expected]) => Math.max(largest, Math.abs(got - expected)), 0);
  return { name, deviation, tolerance, ok: pairs.length > 0 && deviation <= tolerance };
}
