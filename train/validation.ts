/** What a run is looked at by every so often: the loss on examples that it never learns from, and pictures with what the model says of them. */
import {
  CaptionReader,
  type GroundedText,
  Processor,
  postProcessGeneration,
  type RgbImage,
  SHAPES_TASKS,
  stackPictures,
  type Tokenizer,
} from '../data/index.ts';
import { type Compiled, compile, type Tensor } from '../engine/index.ts';
import { evaluateShapes } from '../evaluate/shapes.ts';
import { Generator } from '../model/generate.ts';
import { Kosmos2 } from '../model/kosmos2.ts';
import { type LossInput, lossSum } from '../model/loss.ts';
import type { Kosmos2Parameters } from '../model/parameters.ts';
import { planesOf } from './batch.ts';
import type { TrainConfig } from './config.ts';
import { mostObjectsOf } from './data.ts';
import { type LossSum, type MeanLosses, meanLosses } from './mean-losses.ts';
import type { SheetSample } from './report/sheet.ts';
import type { NamedExamples, Trainer } from './trainer.ts';

/** What a sample asks of a picture. */
const SAMPLE_PROMPT = '<grounding>An image of';
const SAMPLE_TOKENS = 64;

/** A picture, and a grounded text about it that is right. */
interface Sample {
  readonly image: RgbImage;
  readonly truth: GroundedText;
}

export class Validator {
  readonly #trainer: Trainer;
  readonly #processor: Processor;
  readonly #batches: readonly NamedExamples[];
  readonly #samples: readonly Sample[];
  readonly #mostObjects: number | undefined;
  readonly #loss: Compiled<[Kosmos2Parameters, Tensor, LossInput], Tensor>;

  /** `batches` that no training sees, from which the grounded pictures of the sheet are taken. */
  constructor(trainer: Trainer, tokenizer: Tokenizer, batches: readonly NamedExamples[], training: TrainConfig) {
    this.#trainer = trainer;
    this.#mostObjects = mostObjectsOf(training);
    this.#processor = new Processor(tokenizer, { numImageTokens: trainer.config.latentQueryNum });
    this.#batches = batches;
    this.#samples = batches
      .flatMap(({ examples }) => examples.flatMap((example) => this.#samplesOf(example)))
      .slice(0, training.validation.samples);
    this.#loss = compile((parameters, table, batch) => lossSum(parameters, trainer.config, table, batch), {
      name: 'validation loss',
    });
  }

  /** On examples that no step learns from; null where there is nothing to validate on. */
  async loss(): Promise<MeanLosses | null> {
    const sums: LossSum[] = [];
    for (const batch of this.#batches) {
      const { feed, keptTokens, lastPosition } = this.#trainer.hostBatch(batch);
      const loss: Tensor = await this.#loss(this.#trainer.parameters, this.#trainer.positionTable(lastPosition), feed);
      const weight = this.#trainer.weightOf(batch.name);
      sums.push({ name: batch.name, keptTokens, weight, loss: await loss.item() });
      loss.dispose();
    }
    const scored = sums.filter(({ keptTokens }) => keptTokens > 0);
    return scored.length > 0 ? meanLosses(scored) : null;
  }

  /** Runs `use` with the model as it is now, on a copy of the parameters, so that plans of generation outlive no step. */
  async withModel<T>(use: (model: Kosmos2) => Promise<T>): Promise<T> {
    const model = new Kosmos2(this.#trainer.config, this.#trainer.snapshot(), this.#trainer.device);
    try {
      return await use(model);
    } finally {
      model.dispose();
    }
  }

  /** How well the model does the tasks of the shapes world, on the first `items` of each that have no more objects than what it learns from; by names for people, as shares. */
  async scores(model: Kosmos2, items: number): Promise<Record<string, number>> {
    if (items === 0) return {};
    const mostObjects = this.#mostObjects;
    const scores = await evaluateShapes(model, this.#processor.tokenizer, {
      seed: 1,
      split: 'validation',
      count: items,
      mostObjects,
      tasks: SHAPES_TASKS.filter((task) => task !== 'comprehension' || mostObjects !== 1),
    });
    const { grounding, comprehension, questions, captions } = scores;
    return {
      'phrase grounding R@1': grounding!.recallAt1,
      ...(comprehension && { 'referring comprehension': comprehension.accuracy }),
      questions: questions!.accuracy,
      'true captions': captions!.allTrue,
    };
  }

  /** What the model says of the sample pictures, all in one batch. */
  async samples(model: Kosmos2): Promise<SheetSample[]> {
    if (this.#samples.length === 0) return [];
    const vectors = await model.encodeImages(stackPictures(this.#samples.map(({ image }) => planesOf(image))));
    const generator = new Generator(model);
    try {
      const prompts = this.#samples.map(() => SAMPLE_PROMPT);
      const batch = this.#processor.process(prompts, { images: prompts.map(() => 1), paddingSide: 'left' });
      const rows = await generator.generate(batch, vectors, { maxNewTokens: SAMPLE_TOKENS });
      return rows.map(({ ids }, i) => {
        const reader = new CaptionReader(this.#processor, batch.inputIds[i]);
        for (const id of ids) reader.push(id);
        return { ...this.#samples[i], predicted: reader.result() };
      });
    } finally {
      generator.dispose();
      vectors.dispose();
    }
  }

  dispose(): void {
    this.#loss.dispose();
  }

  #samplesOf({ images, sequences }: NamedExamples['examples'][number]): Sample[] {
    if (images.length !== 1) return [];
    const { tokenizer, gridSize } = this.#processor;
    for (const { ids } of sequences) {
      // of packed texts the first
      const end = ids.indexOf(tokenizer.eosId!);
      const text = tokenizer.decode(end < 0 ? ids : ids.slice(0, end + 1));
      const truth = postProcessGeneration(text, { gridSize: gridSize || undefined });
      if (truth.entities.length > 0) return [{ image: images[0], truth }];
    }
    return [];
  }
}
