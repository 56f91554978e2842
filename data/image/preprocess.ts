/**
 * What the image tower gets: `preprocessor_config.json` applied to a picture, bit for bit as transformers'
 * `CLIPImageProcessor` on the PIL backend.
 */
import type { RgbImage } from './image.ts';
import { resizeBicubic, shortestSideSize } from './resize.ts';

/** Pillow's number for bicubic resampling, the only one there is here. */
const BICUBIC = 3;

export interface PreprocessorConfig {
  /** Exact size, or the length of the shortest side. */
  resize: { height: number; width: number } | { shortestEdge: number };
  /** Size of the centre crop, null = none. */
  crop: { height: number; width: number } | null;
  /** Factor from 0…255 to 0…1. */
  rescaleFactor: number;
  /** For red, green, blue. */
  mean: [number, number, number];
  std: [number, number, number];
}

/** The settings of the published KOSMOS-2 models. */
export const KOSMOS2_PREPROCESSOR: Readonly<PreprocessorConfig> = {
  resize: { height: 224, width: 224 },
  crop: { height: 224, width: 224 },
  rescaleFactor: 0.00392156862745098,
  mean: [0.48145466, 0.4578275, 0.40821073],
  std: [0.26862954, 0.26130258, 0.27577711],
};

/** Settings that are handled here, or that say nothing about pixels. */
const KNOWN_SETTINGS = new Set([
  'size',
  'crop_size',
  'use_square_size',
  'resample',
  'rescale_factor',
  'image_mean',
  'image_std',
  'do_resize',
  'do_center_crop',
  'do_rescale',
  'do_normalize',
  'do_convert_rgb',
  'image_processor_type',
  'feature_extractor_type',
  'processor_class',
  'auto_map',
  'num_patch_tokens',
  'return_tensors',
  'data_format',
  'input_data_format',
  'device',
  'disable_grouping',
]);

/**
 * Reads the object of a `preprocessor_config.json`.
 * @throws Error that names the setting when one is missing, malformed, or would change the pixels in a way not done here
 */
export function readPreprocessorConfig(settings: Readonly<Record<string, unknown>>): PreprocessorConfig {
  for (const [name, value] of Object.entries(settings)) {
    const inactive = value === null || value === undefined || value === false;
    if (!KNOWN_SETTINGS.has(name) && !name.startsWith('_') && !inactive) {
      throw refused(name, value, 'is not known here and could change the pixels');
    }
  }
  for (const name of ['do_resize', 'do_rescale', 'do_normalize']) {
    if ((settings[name] ?? true) !== true) throw refused(name, settings[name], 'is not supported, only true');
  }
  if ((settings.resample ?? BICUBIC) !== BICUBIC) {
    throw refused('resample', settings.resample, `is not supported, only ${BICUBIC} (bicubic)`);
  }
  return {
    resize: readResize(settings),
    crop: (settings.do_center_crop ?? true) === false ? null : readSize('crop_size', settings.crop_size),
    rescaleFactor: readNumber('rescale_factor', settings.rescale_factor ?? KOSMOS2_PREPROCESSOR.rescaleFactor),
    mean: readTriple('image_mean', settings.image_mean ?? KOSMOS2_PREPROCESSOR.mean),
    std: readTriple('image_std', settings.image_std ?? KOSMOS2_PREPROCESSOR.std),
  };
}

/**
 * Resizes, crops and normalises.
 *
 * Per value: `v * rescaleFactor` in float64, rounded to float32; minus the float32 mean, divided by the float32 standard
 * deviation, each result rounded to float32.
 * @returns `data` is [3, height, width], channel first
 */
export function preprocess(
  image: RgbImage,
  config: Readonly<PreprocessorConfig>,
): { data: Float32Array<ArrayBuffer>; height: number; width: number } {
  const resized = resizeAndCrop(image, config);
  return { data: normalizePixels(resized, config), height: resized.height, width: resized.width };
}

/** A picture that has its size already, normalised: [3, height, width]. */
export function normalizePixels(
  { width, height, data }: RgbImage,
  config: Readonly<PreprocessorConfig>,
): Float32Array<ArrayBuffer> {
  const planes = new Float32Array(3 * width * height);
  for (let channel = 0; channel < 3; channel++) {
    const normalized = normalizationTable(config, channel);
    const plane = planes.subarray(channel * width * height, (channel + 1) * width * height);
    for (let i = 0; i < plane.length; i++) plane[i] = normalized[data[3 * i + channel]];
  }
  return planes;
}

/** The 8-bit picture before normalisation. */
export function resizeAndCrop(image: RgbImage, { resize, crop }: Readonly<PreprocessorConfig>): RgbImage {
  const target = 'shortestEdge' in resize ? shortestSideSize(image.width, image.height, resize.shortestEdge) : resize;
  if (!crop) return resizeBicubic(image, target.width, target.height);
  if (crop.width > target.width || crop.height > target.height) {
    throw new Error(
      `preprocess: the crop of ${crop.width}x${crop.height} pixels is larger than the resized image of ${target.width}x${target.height}`,
    );
  }
  // transformers rounds the offset down here, unlike torchvision's centre crop in the training view.
  const left = Math.floor((target.width - crop.width) / 2);
  const top = Math.floor((target.height - crop.height) / 2);
  return resizeBicubic(image, target.width, target.height, { left, top, width: crop.width, height: crop.height });
}

/** The normalised value of each of the 256 levels. */
function normalizationTable({ rescaleFactor, mean, std }: Readonly<PreprocessorConfig>, channel: number): Float32Array {
  const channelMean = Math.fround(mean[channel]);
  const channelStd = Math.fround(std[channel]);
  return Float32Array.from({ length: 256 }, (_, level) => {
    const centered = Math.fround(Math.fround(level * rescaleFactor) - channelMean);
    return centered / channelStd;
  });
}

function readResize({
  size,
  use_square_size: square,
}: Readonly<Record<string, unknown>>): PreprocessorConfig['resize'] {
  const shortest = typeof size === 'number' ? size : (size as Record<string, unknown> | null)?.shortest_edge;
  if (shortest === undefined) return readSize('size', size);
  const edge = readLength('size.shortest_edge', shortest);
  return square ? { height: edge, width: edge } : { shortestEdge: edge };
}

/** `{height, width}`, or one number for both. */
function readSize(name: string, value: unknown): { height: number; width: number } {
  if (typeof value === 'number') {
    const edge = readLength(name, value);
    return { height: edge, width: edge };
  }
  const { height, width, ...others } = (value ?? {}) as Record<string, unknown>;
  if (Object.keys(others).length > 0) throw refused(name, value, 'must have "height" and "width" and nothing else');
  return { height: readLength(`${name}.height`, height), width: readLength(`${name}.width`, width) };
}

function readLength(name: string, value: unknown): number {
  if (!Number.isInteger(value) || (value as number) < 1)
    throw refused(name, value, 'must be a whole number of at least 1');
  return value as number;
}

function readNumber(name: string, value: unknown): number {
  if (!Number.isFinite(value)) throw refused(name, value, 'must be a number');
  return value as number;
}

function readTriple(name: string, value: unknown): [number, number, number] {
  if (!Array.isArray(value) || value.length !== 3) throw refused(name, value, 'must be a list of three numbers');
  const [red, green, blue] = value.map((item) => readNumber(name, item));
  return [red, green, blue];
}

function refused(name: string, value: unknown, why: string): Error {
  return new Error(`preprocessor_config.json: "${name}": ${JSON.stringify(value)} ${why}`);
}
