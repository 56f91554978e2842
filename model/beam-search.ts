/** Beam search over candidates, as the transformers library does it: bookkeeping only, no tensors. */

export interface BeamOptions {
  readonly beams: number;
  readonly maxNewTokens: number;
  readonly eosTokenId: number;
  /** Scores are sums of log-probabilities divided by length to this power. */
  readonly lengthPenalty: number;
  /** Stop as soon as enough hypotheses are finished, instead of when no running beam can beat them. */
  readonly earlyStopping: boolean;
}

/** A way to go on: which running beam, with which token, and the sum of log-probabilities then. */
export interface Candidate {
  readonly beam: number;
  readonly token: number;
  readonly score: number;
}

export interface Hypothesis {
  readonly ids: readonly number[];
  readonly score: number;
}

interface Running extends Candidate {
  readonly ids: readonly number[];
}

export class BeamSearch {
  readonly #options: BeamOptions;
  #running: Running[] = [{ beam: 0, token: -1, score: 0, ids: [] }];
  #finished: Hypothesis[] = [];
  #step = 0;
  #done = false;

  constructor(options: BeamOptions) {
    this.#options = options;
  }

  get done(): boolean {
    return this.#done;
  }

  /** The beams to run next: `beam` is the place that each had in the step before. */
  get running(): readonly Running[] {
    return this.#running;
  }

  /** Finished hypotheses, best first. */
  get results(): readonly Hypothesis[] {
    return this.#finished;
  }

  /** For a search that is broken off: running beams as they are beside finished hypotheses, best first. */
  get resultsSoFar(): readonly Hypothesis[] {
    if (this.#done || this.#step === 0) return this.#finished;
    const { beams, lengthPenalty } = this.#options;
    const open = this.#running.map(({ ids, score }) => ({ ids, score: score / ids.length ** lengthPenalty }));
    return [...this.#finished, ...open].sort((a, b) => b.score - a.score).slice(0, beams);
  }

  /** Takes the best 2·beams candidates of a step, best first, and decides who runs on. */
  advance(candidates: readonly Candidate[]): void {
    const { beams, maxNewTokens, eosTokenId, lengthPenalty, earlyStopping } = this.#options;
    this.#step++;
    const next: Running[] = [];
    for (const [rank, candidate] of candidates.entries()) {
      const ids = [...this.#running[candidate.beam].ids, candidate.token];
      if (candidate.token !== eosTokenId && this.#step < maxNewTokens) {
        if (next.length < beams) next.push({ ...candidate, ids });
      } else if (rank < beams) {
        // a finished candidate further down is lost
        this.#finished.push({ ids, score: candidate.score / ids.length ** lengthPenalty });
      }
    }
    this.#finished = this.#finished.sort((a, b) => b.score - a.score).slice(0, beams);
    this.#running = next;
    const best = next[0] ? next[0].score / this.#step ** lengthPenalty : -Infinity;
    const full = this.#finished.length === beams;
    this.#done = next.length === 0 || (full && (earlyStopping || best <= this.#finished[beams - 1].score));
  }
}
