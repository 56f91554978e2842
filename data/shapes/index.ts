/** The shapes world: a synthetic world of scenes, texts and questions in which a small model can be trained and judged. */
export { renderScene } from './render.ts';
export { makeScene, type Scene, type SceneAddress, type SceneObject, type Split } from './scene.ts';
export {
  DEFAULT_MIX,
  type ExampleKind,
  openShapes,
  type ShapesMix,
  type ShapesOptions,
  type ShapesState,
  ShapesStream,
} from './stream.ts';
export { buildShapesTokenizer, type ShapesTokenizer, type ShapesTokenizerOptions } from './tokenizer-training.ts';
