/** Pictures of requests, loaded ahead in threads, each of them once. */
import type { LoadedPicture, PictureView } from '../../corpora/picture.ts';
import { pictureBytes } from '../../corpora/picture-files.ts';
import type { PicturePool } from '../../corpora/picture-pool.ts';
import { Unusable } from '../../corpora/problems.ts';
import type { GroundingRequest } from '../grounder.ts';
import type { ProblemSink } from '../problems.ts';
import type { StageClock } from '../run/clock.ts';

/** As whatever looks for picture files calls it. */
const MISSING = 'picture without a file';

export class RequestPictures {
  readonly #pool: PicturePool;
  readonly #view: PictureView;
  readonly #loading = new WeakMap<GroundingRequest, Promise<LoadedPicture>>();

  /** @param view how the pool gives pictures */
  constructor(pool: PicturePool, view: PictureView) {
    this.#pool = pool;
    this.#view = view;
  }

  /** Begins to load the pictures of those that have phrases. */
  prefetch(requests: readonly GroundingRequest[], clock?: StageClock): void {
    for (const request of requests) if (request.phrases.length > 0) this.#load(request, clock);
  }

  /** Null where there is no picture, which `problems` is told of. */
  async of(request: GroundingRequest, problems: ProblemSink, clock?: StageClock): Promise<LoadedPicture | null> {
    try {
      return await this.#load(request, clock);
    } catch (error) {
      problems.add(pictureProblem(error), `${request.id}: ${(error as Error).message}`);
      return null;
    }
  }

  #load(request: GroundingRequest, clock?: StageClock): Promise<LoadedPicture> {
    const known = this.#loading.get(request);
    if (known) return known;
    const loading = this.#read(request);
    const timed = clock ? clock.time('pictures', 1, loading) : loading;
    // It is told of where the picture is asked for.
    timed.catch(() => {});
    this.#loading.set(request, timed);
    return timed;
  }

  async #read(request: GroundingRequest): Promise<LoadedPicture> {
    const bytes = await bytesFor(request);
    // The pool takes bytes away, and those of an archive may be wanted again.
    return this.#pool.load('bytes' in request.picture! ? bytes.slice() : bytes, this.#view);
  }
}

/** The file of a request's picture. @throws Unusable where there is none */
export async function bytesFor({ picture }: GroundingRequest): Promise<Uint8Array<ArrayBuffer>> {
  if (picture === null) throw new Unusable(MISSING, 'the pair names none');
  return pictureBytes(picture);
}

/** The kind of problem that loading a picture ended with. */
export function pictureProblem(error: unknown): 'image-missing' | 'image-broken' {
  return error instanceof Unusable && error.reason === MISSING ? 'image-missing' : 'image-broken';
}
