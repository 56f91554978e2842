/** Images: files to pixels, pixels to the network's input, and results drawn on pictures. */
export { type DecodedImage, type DecodeOptions, decodeImage, type ImageFormat } from './decode.ts';
export { drawBoxes, type LabeledBoxes } from './draw/boxes.ts';
export { entityColor } from './draw/colors.ts';
export { type FractionBox, uprightBox } from './draw/frame.ts';
export { encodePng } from './encode.ts';
export type { RgbImage } from './image.ts';
export {
  KOSMOS2_PREPROCESSOR,
  normalizePixels,
  type PreprocessorConfig,
  preprocess,
  readPreprocessorConfig,
  resizeAndCrop,
} from './preprocess.ts';
export { type Rectangle, resizeBicubic, type TrainingView, trainingCrop, trainingView } from './resize.ts';
export { type PictureBatch, type PicturePlanes, stackPictures } from './stack.ts';
