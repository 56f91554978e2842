/** A model's scores in the shapes world: finding phrases and expressions, answering questions, captions. */
import {
  Processor,
  SHAPES_TASKS,
  type ShapesItems,
  type ShapesSplit,
  type ShapesTask,
  shapesEvaluation,
  type Tokenizer,
} from '../data/index.ts';
import type { Kosmos2 } from '../model/index.ts';
import { Answerer } from './run/answerer.ts';
import {
  SHAPES_MOST_TOKENS,
  SHAPES_SCORERS,
  type ShapesAnswered,
  type ShapesScorer,
  type ShapesScores,
} from './shapes/scores.ts';

export type {
  CaptionScores,
  ComprehensionScores,
  GroundingScores,
  QuestionScores,
  ShapesScores,
  Share,
} from './shapes/scores.ts';

export interface EvaluateShapesOptions {
  readonly seed: number;
  readonly split: ShapesSplit;
  /** Items of each task. */
  readonly count: number;
  /** Default: all. */
  readonly tasks?: readonly ShapesTask[];
  /** Scenes with more objects are left out. Default: none are. */
  readonly mostObjects?: number;
  /** Questions that are answered together. Default 32. */
  readonly batch?: number;
  /** Ends the evaluation by throwing its reason. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: ShapesProgress) => void;
}

export interface ShapesProgress {
  readonly task: ShapesTask;
  /** Items of the task that are answered, and all of them. */
  readonly done: number;
  readonly count: number;
  /** That the model has written for the task so far. */
  readonly tokens: number;
}

/**
 * Lets a model answer the first items of the tasks, greedily and in batches. What it makes on the device is freed; the model stays.
 *
 * @throws Error when the tokenizer has no location tokens or does not belong to the model
 */
export async function evaluateShapes(
  model: Kosmos2,
  tokenizer: Tokenizer,
  options: EvaluateShapesOptions,
): Promise<ShapesScores> {
  const answerer = new Answerer({
    model,
    processor: new Processor(tokenizer, { numImageTokens: model.config.latentQueryNum }),
  });
  try {
    if (answerer.processor.gridSize === 0) throw new Error('shapes: the tokenizer has no location tokens');
    const scores: Partial<Record<ShapesTask, unknown>> = {};
    for (const task of options.tasks ?? SHAPES_TASKS) {
      scores[task] = await scoreTask(task, answerer, model.config.vision.imageSize, options);
    }
    return scores as ShapesScores;
  } finally {
    answerer.dispose();
  }
}

async function scoreTask<Task extends ShapesTask>(
  task: Task,
  answerer: Answerer,
  imageSize: number,
  { seed, split, count, mostObjects, batch = 32, signal, onProgress }: EvaluateShapesOptions,
) {
  const items = shapesEvaluation({ seed, split, count, task, imageSize, mostObjects });
  const answered: ShapesAnswered<ShapesItems[Task]>[] = [];
  let tokens = 0;
  for (let from = 0; from < items.length; from += batch) {
    const part = items.slice(from, from + batch);
    const questions = part.map((item) => ({ prompt: item.prompt, images: [item.image()] }));
    const answers = await answerer.answer(questions, { maxNewTokens: SHAPES_MOST_TOKENS[task], signal });
    for (const [i, answer] of answers.entries()) {
      answered.push({ item: part[i], answer });
      tokens += answer.tokens;
    }
    onProgress?.({ task, done: answered.length, count: items.length, tokens });
  }
  const score: ShapesScorer<Task> = SHAPES_SCORERS[task];
  return score(answered);
}
