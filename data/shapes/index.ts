/** The shapes world: a synthetic world of scenes, texts and questions in which a small model can be trained and judged. */

export { type CurriculumStage, DEFAULT_MIX, type ExampleKind, type ShapesMix } from './curriculum.ts';
export {
  type Novelty,
  SHAPES_TASKS,
  type ShapesCaptionItem,
  type ShapesComprehensionItem,
  type ShapesEvaluationOptions,
  type ShapesGroundingItem,
  type ShapesItems,
  type ShapesQuestionItem,
  type ShapesTask,
  shapesEvaluation,
} from './evaluation.ts';
export { type CaptionVerdict, judgeCaption, objectAt, phraseIsTrue } from './judge.ts';
export { renderScene } from './render.ts';
export {
  makeScene,
  type Scene,
  type SceneAddress,
  type SceneObject,
  SPLITS as SHAPES_SPLITS,
  type Split as ShapesSplit,
} from './scene.ts';
export { openShapes, type ShapesOptions, type ShapesState, ShapesStream } from './stream.ts';
export { buildShapesTokenizer, type ShapesTokenizer, type ShapesTokenizerOptions } from './tokenizer-training.ts';
