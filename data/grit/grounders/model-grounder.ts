/** Grounder (c): a KOSMOS-2 model that finds phrases by itself, as in the paper's phrase grounding (section 4.1.1). */
import { PicturePool } from '../../corpora/picture-pool.ts';
import { type PatchPair, patchesToBox } from '../../grounding/patches.ts';
import type { RgbImage } from '../../image/image.ts';
import { checkedBox } from '../boxes.ts';
import type { GroundedPicture, Grounder, GroundingRequest, Phrase } from '../grounder.ts';
import type { ProblemSink } from '../problems.ts';
import type { Detection, PictureFacts } from '../records.ts';
import type { StageClock } from '../run/clock.ts';
import { CodePoints } from '../spans.ts';
import { RequestPictures } from './pictures.ts';

export interface PhraseQuestion {
  readonly image: RgbImage;
  /** What the model continues with `<object>…</object>`. */
  readonly prompt: string;
}

/** A box as the model writes it. */
export interface FoundBox {
  readonly cells: PatchPair;
  /** How sure the model is of its upper-left and its lower-right corner, 0…1. */
  readonly certainty: readonly [number, number];
}

/** A model behind the grounder, whatever it runs on. */
export interface PhraseModel {
  readonly identity: unknown;
  /** Pixels per side of the pictures that it sees, and cells per side of the location tokens. */
  readonly imageSize: number;
  readonly gridSize: number;
  /** Questions that it takes at a time; those about one picture should come together. */
  readonly batch: number;
  /** The boxes of each question, in their order; null for a prompt that is too long. */
  find(questions: readonly PhraseQuestion[]): Promise<(readonly FoundBox[] | null)[]>;
  close(): Promise<void>;
}

export interface ModelGrounderOptions {
  /** Threads that decode pictures; 0 for none. Default as `PicturePool` has it. */
  readonly workers?: number;
}

interface Asked extends PhraseQuestion {
  /** Index of the request. */
  readonly request: number;
  readonly phrase: Phrase;
}

export class ModelGrounder implements Grounder {
  readonly #model: PhraseModel;
  readonly #pool: PicturePool;
  readonly #pictures: RequestPictures;

  constructor(model: PhraseModel, { workers }: ModelGrounderOptions = {}) {
    this.#model = model;
    this.#pool = new PicturePool(workers);
    this.#pictures = new RequestPictures(this.#pool, { size: model.imageSize, squash: true });
  }

  get identity(): unknown {
    return this.#model.identity;
  }

  prefetch(requests: readonly GroundingRequest[], clock: StageClock): void {
    this.#pictures.prefetch(requests, clock);
  }

  async ground(
    requests: readonly GroundingRequest[],
    problems: ProblemSink,
    clock?: StageClock,
  ): Promise<(GroundedPicture | null)[]> {
    const answers: (GroundedPicture | null)[] = [];
    const asked: Asked[] = [];
    for (const [index, request] of requests.entries()) {
      const loaded = request.phrases.length > 0 ? await this.#pictures.of(request, problems, clock) : null;
      const isSeen = request.phrases.length === 0 || loaded !== null;
      answers.push(isSeen ? { detections: [], picture: sizeOf(loaded) } : null);
      if (loaded === null) continue;
      for (const phrase of request.phrases) {
        asked.push({ request: index, phrase, image: loaded.image, prompt: promptFor(request.caption, phrase) });
      }
    }
    const { batch } = this.#model;
    for (let from = 0; from < asked.length; from += batch) {
      const some = asked.slice(from, from + batch);
      const found = await this.#model.find(some);
      for (const [i, { request, phrase }] of some.entries()) {
        const { id } = requests[request]!;
        answers[request]!.detections.push(...this.#detections(found[i] ?? null, phrase, id, problems));
      }
    }
    return answers;
  }

  async close(): Promise<void> {
    await this.#pool.close();
    await this.#model.close();
  }

  #detections(
    boxes: readonly FoundBox[] | null,
    { chunk, text }: Phrase,
    id: string,
    problems: ProblemSink,
  ): Detection[] {
    if (boxes === null) problems.add('phrase-too-long', `${id}: ${text}`);
    return (boxes ?? []).flatMap(({ cells, certainty: [first, last] }): Detection[] => {
      const { box, problem } = checkedBox(patchesToBox(cells, this.#model.gridSize));
      if (problem) problems.add(problem, `${id}: ${text}`);
      return box ? [{ chunk, box, score: Math.sqrt(first * last) }] : [];
    });
  }
}

/** The caption up to the phrase, and the phrase as what a box is wanted for. */
export function promptFor(caption: string, { start, end }: Pick<Phrase, 'start' | 'end'>): string {
  const characters = new CodePoints(caption);
  const before = characters.slice({ start: 0, end: start });
  return `<grounding>${before}<phrase>${characters.slice({ start, end })}</phrase>`;
}

function sizeOf(loaded: { width: number; height: number } | null): Partial<PictureFacts> {
  return loaded ? { width: loaded.width, height: loaded.height } : {};
}
