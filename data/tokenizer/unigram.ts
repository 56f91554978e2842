/**
 * The unigram language model of SentencePiece: a piece of text is cut so that the sum of the log-probabilities of the
 * vocabulary entries is largest (Viterbi). A character that no entry covers costs 10 more than the rarest entry, and
 * neighbouring unknown characters become one unknown token.
 */
import { arrayAt, idAt, objectAt, refuse, stringAt, typeAt, unknownComponent } from './fields.ts';

const UNKNOWN_PENALTY = 10;

export class Unigram {
  /** Entry of each id, special tokens included. */
  readonly tokens: readonly string[];
  readonly unknownId: number | null;
  readonly #scores: Float64Array;
  readonly #unknownScore: number;
  readonly #ids: ReadonlyMap<string, number>;
  readonly #longest: number;

  /**
   * @param component the `model` of a `tokenizer.json`
   * @param addedTokens strings that stand for themselves only and never match inside ordinary text, so that no text
   *   can be read as a special token (SentencePiece's control symbols behave so)
   * @throws Error naming another kind of model, byte fallback, or a broken entry
   */
  constructor(component: unknown, addedTokens: ReadonlySet<string>) {
    const fields = objectAt(component, 'model');
    const type = typeAt(fields, 'model');
    if (type !== 'Unigram') unknownComponent('model', type, 'Unigram');
    if (fields.byte_fallback === true) refuse('model.byte_fallback', 'not supported');
    const entries = arrayAt(fields.vocab, 'model.vocab');
    const tokens: string[] = [];
    const ids = new Map<string, number>();
    this.#scores = new Float64Array(entries.length);
    let lowest = Number.POSITIVE_INFINITY;
    let longest = 0;
    for (let id = 0; id < entries.length; id++) {
      const [token, score] = readEntry(entries[id], id);
      tokens.push(token);
      this.#scores[id] = score;
      lowest = Math.min(lowest, score);
      if (addedTokens.has(token) || token === '') continue;
      ids.set(token, id);
      longest = Math.max(longest, token.length);
    }
    const unknownId = fields.unk_id ?? null;
    if (unknownId !== null && idAt(unknownId, 'model.unk_id') >= tokens.length) {
      refuse('model.unk_id', `${unknownId} lies outside the vocabulary of ${tokens.length}`);
    }
    this.tokens = tokens;
    this.unknownId = unknownId as number | null;
    this.#ids = ids;
    this.#longest = longest;
    this.#unknownScore = lowest - UNKNOWN_PENALTY;
  }

  /** Ids of one piece of text. @throws Error when the vocabulary has no unknown token and needs one */
  encode(piece: string): number[] {
    const { starts, ids } = this.#bestPath(piece);
    const path: number[] = [];
    for (let end = piece.length; end > 0; end = starts[end]) {
      const id = ids[end];
      if (id === UNKNOWN && path.at(-1) === UNKNOWN) continue;
      path.push(id);
    }
    return path.reverse().map((id) => (id === UNKNOWN ? this.#unknown(piece) : id));
  }

  /** For every end of a prefix: where the last token of its best segmentation starts, and that token's id. */
  #bestPath(piece: string): { starts: Int32Array; ids: Int32Array } {
    const length = piece.length;
    const scores = new Float64Array(length + 1).fill(Number.NEGATIVE_INFINITY);
    const starts = new Int32Array(length + 1);
    const ids = new Int32Array(length + 1);
    scores[0] = 0;
    let width: number;
    for (let start = 0; start < length; start += width) {
      width = piece.codePointAt(start)! > 0xffff ? 2 : 1;
      const last = Math.min(length, start + this.#longest);
      let characterKnown = false;
      for (let end = start + 1; end <= last; end++) {
        const id = this.#ids.get(piece.slice(start, end));
        if (id === undefined) continue;
        if (end === start + width) characterKnown = true;
        const score = scores[start] + this.#scores[id];
        if (score > scores[end]) [scores[end], starts[end], ids[end]] = [score, start, id];
      }
      const end = start + width;
      const score = scores[start] + this.#unknownScore;
      if (!characterKnown && score > scores[end]) [scores[end], starts[end], ids[end]] = [score, start, UNKNOWN];
    }
    return { starts, ids };
  }

  #unknown(piece: string): number {
    if (this.unknownId === null) {
      throw new Error(`the vocabulary has no unknown token, and "${piece.slice(0, 40)}" needs one`);
    }
    return this.unknownId;
  }
}

/** Stands for the unknown token while a path is put together, so that neighbours fuse whatever its id is. */
const UNKNOWN = -1;

function readEntry(entry: unknown, id: number): [string, number] {
  const where = `model.vocab[${id}]`;
  const [token, score] = arrayAt(entry, where);
  if (typeof score !== 'number' || !Number.isFinite(score)) refuse(where, 'the score is no finite number');
  return [stringAt(token, where), score];
}
