/**
 * METEOR's aligner: of all candidates the set of non-overlapping matches that covers the most words, in the fewest chunks,
 * over the shortest distance, by a beam search over the reference from left to right.
 */
import type { Candidates, Match } from './candidates.ts';

const BEAM_SIZE = 40;

/** Half weight for all stages but the first, whatever their weights in the score. */
const SEARCH_WEIGHTS = [1, 0.5, 0.5, 0.5];

/** A way to align the reference up to some word. */
class Path {
  /** By the reference word at which they start. */
  readonly matches: (Match | null)[];
  readonly usedHypothesis: boolean[];
  readonly usedReference: boolean[];
  /** Weighted words covered; see `take`. */
  hypothesisMatches = 0;
  referenceMatches = 0;
  chunks = 0;
  distance = 0;
  /** The reference word that is looked at next. */
  next = 0;
  /** The hypothesis word after the chunk that is open; -1 when none is. */
  chunkEnd = -1;

  constructor(matches: (Match | null)[], usedHypothesis: boolean[], usedReference: boolean[]) {
    this.matches = matches;
    this.usedHypothesis = usedHypothesis;
    this.usedReference = usedReference;
  }

  clone(): Path {
    const copy = new Path([...this.matches], [...this.usedHypothesis], [...this.usedReference]);
    copy.hypothesisMatches = this.hypothesisMatches;
    copy.referenceMatches = this.referenceMatches;
    copy.chunks = this.chunks;
    copy.distance = this.distance;
    copy.next = this.next;
    copy.chunkEnd = this.chunkEnd;
    return copy;
  }

  isFree({ start, length, hypothesisStart, hypothesisLength }: Match): boolean {
    const isUsed = (words: boolean[], from: number, count: number) => words.slice(from, from + count).some(Boolean);
    return (
      !isUsed(this.usedReference, start, length) && !isUsed(this.usedHypothesis, hypothesisStart, hypothesisLength)
    );
  }

  reserve(match: Match): void {
    const { start, length, hypothesisStart, hypothesisLength } = match;
    this.matches[start] = match;
    this.usedReference.fill(true, start, start + length);
    this.usedHypothesis.fill(true, hypothesisStart, hypothesisStart + hypothesisLength);
  }

  /**
   * Walks over a reserved match. The sums are whole numbers in the reference program, which cuts off what a half weight
   * leaves over, so a single word that is not matched exactly counts nothing in the search.
   */
  take({ stage, start, length, hypothesisStart, hypothesisLength }: Match): void {
    this.hypothesisMatches = Math.trunc(this.hypothesisMatches + hypothesisLength * SEARCH_WEIGHTS[stage]);
    this.referenceMatches = Math.trunc(this.referenceMatches + length * SEARCH_WEIGHTS[stage]);
    if (this.chunkEnd !== -1 && hypothesisStart !== this.chunkEnd) this.chunks++;
    this.next = start + length;
    this.chunkEnd = hypothesisStart + hypothesisLength;
  }

  closeChunk(): void {
    if (this.chunkEnd !== -1) this.chunks++;
    this.chunkEnd = -1;
  }
}

/** The matches of the best alignment, in the order of the reference. */
export function align(candidates: Candidates): Match[] {
  const { byStart } = candidates;
  let paths = [settledMatches(candidates)];
  for (let at = 0; at < byStart.length; at++) {
    const following: Path[] = [];
    for (const path of best(paths)) following.push(...stepOver(path, at, byStart[at]));
    // A settled match inside a longer one strands a path; the program then goes on with the best path it had.
    paths = following.length > 0 ? following : paths.slice(0, 1);
  }
  const complete = best(paths);
  for (const path of complete) path.closeChunk();
  return complete.sort(compare)[0].matches.filter((match) => match !== null);
}

/** Matches that nothing else competes with are settled before the search. */
function settledMatches({ byStart, hypothesisCoverage, referenceCoverage }: Candidates): Path {
  const start = new Path(
    byStart.map(() => null),
    Array.from(hypothesisCoverage, () => false),
    Array.from(referenceCoverage, () => false),
  );
  for (const matches of byStart) {
    if (matches.length !== 1) continue;
    const [match] = matches;
    const isAlone = (coverage: Uint32Array, from: number, count: number) =>
      coverage.subarray(from, from + count).every((times) => times === 1);
    const isSettled =
      isAlone(referenceCoverage, match.start, match.length) &&
      isAlone(hypothesisCoverage, match.hypothesisStart, match.hypothesisLength);
    if (isSettled) start.reserve(match);
  }
  return start;
}

/** The paths that the beam keeps, best first; sorts the list. */
function best(paths: Path[]): Path[] {
  return paths.sort(compare).slice(0, BEAM_SIZE);
}

function compare(a: Path, b: Path): number {
  const covered = b.hypothesisMatches + b.referenceMatches - (a.hypothesisMatches + a.referenceMatches);
  return covered || a.chunks - b.chunks || a.distance - b.distance;
}

/** What a path can become at a reference word. */
function stepOver(path: Path, at: number, matches: readonly Match[]): Path[] {
  if (path.usedReference[at]) {
    if (at < path.next) return [path];
    const settled = path.matches[path.next];
    if (settled === null) return [];
    path.take(settled);
    path.distance += Math.abs(settled.start - settled.hypothesisStart);
    return [path];
  }
  const branches: Path[] = [];
  for (const match of matches) {
    if (!path.isFree(match)) continue;
    const branch = path.clone();
    branch.reserve(match);
    branch.take(match);
    branches.push(branch);
    // The distance of a match is charged to the path that it was not added to, and so to the branches after it: the
    // reference program does so, and ties are broken by it.
    path.distance += Math.abs(match.start - match.hypothesisStart);
  }
  path.closeChunk();
  path.next++;
  return [...branches, path];
}
