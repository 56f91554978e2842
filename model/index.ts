/** The model: KOSMOS-2 on tensors, its checkpoints, and generation. */

export type { TokenBatch } from './batch.ts';
export type { Hypothesis } from './beam-search.ts';
export { type LoadOptions, loadParameters, parameterRecords, readConfig, type WeightDType } from './checkpoint.ts';
export { type Kosmos2Config, parseConfig, type TextConfig, type VisionConfig, visionTokens } from './config.ts';
export {
  type BeamGenerateOptions,
  type GeneratedRow,
  type GeneratedToken,
  type GenerateOptions,
  Generator,
} from './generate.ts';
export { type HubProgress, type ResolveOptions, resolveModelFolder } from './hub.ts';
export {
  type Initialization,
  type InitializeOptions,
  initializeParameters,
  type LocationTokens,
  subLayerNormGain,
} from './initialize.ts';
export type { Kosmos2Options, PixelBatch, Taps } from './kosmos2.ts';
export { Kosmos2 } from './kosmos2.ts';
export { type Alternative, type AlternativeSet, LikelihoodScorer } from './likelihood.ts';
export {
  disposeParameters,
  type Kosmos2Parameters,
  type Kosmos2Weights,
  namedLeaves,
  ParameterShape,
  parameterShapes,
} from './parameters.ts';
export { defaultGroup, type QuantizeOptions, type QuantizeReport, quantizeModel } from './quantize.ts';
export type { SamplingOptions } from './sampling.ts';
export type { Weight } from './weight.ts';
