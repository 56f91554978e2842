/**
 * Pairs of colour and shape that no text of training says, left open where one of them is predicted beside the other. The softmax over the vocabulary pushes
 * down whatever is not the label, so a decoder learns that «red» is never followed by «heart», in any picture. Where «heart» takes no part in the softmax
 * behind «red», nothing is learned about it there. This is logit adjustment (Menon et al. 2020, arXiv 2007.07314, equation 10) by the frequencies of the
 * pairs, for the ones whose frequency is zero.
 */
import type { TrainingSequence } from '../corpora/example.ts';
import type { Tokenizer } from '../tokenizer.ts';
import { COLORS, plural, SHAPES } from './attributes.ts';
import { NOVEL_PAIRS } from './holdout.ts';
import { idsOfWords } from './learning-aids.ts';

const NOTHING: readonly number[] = [];

export class UnseenPairs {
  /** Words for each colour, and for one and for several of each shape, with what never stands before or behind them. */
  readonly #shapesBehind: ReadonlyMap<number, readonly number[]>;
  readonly #colorsBefore: ReadonlyMap<number, readonly number[]>;

  constructor(tokenizer: Tokenizer) {
    const [colors, ones, several] = [COLORS, SHAPES, SHAPES.map(plural)].map((words) => idsOfWords(tokenizer, words));
    const pairs = NOVEL_PAIRS.map(({ color, shape }) => {
      const at = SHAPES.indexOf(shape);
      return { color: colors[COLORS.indexOf(color)], shapes: [ones[at], several[at]] };
    });
    const colorsOf = (shape: number) => pairs.filter(({ shapes }) => shapes.includes(shape)).map(({ color }) => color);
    this.#shapesBehind = new Map(
      colors.map((color) => [color, pairs.filter((pair) => pair.color === color).flatMap(({ shapes }) => shapes)]),
    );
    this.#colorsBefore = new Map([...ones, ...several].map((shape) => [shape, colorsOf(shape)]));
  }

  /** The sequence with what its predictions leave open: shapes behind a colour, and colours before a shape. */
  of(sequence: TrainingSequence): TrainingSequence {
    const { ids, lossMask } = sequence;
    const openIds = lossMask.map((mask, i) => (mask === 1 ? this.#open(ids[i], ids[i + 1], ids[i + 2]) : NOTHING));
    return { ...sequence, openIds };
  }

  /** What is left open for something that has words for both: what is never said of it with one of them. */
  besides(ids: readonly number[]): number[] {
    return ids.flatMap((id) => this.#shapesBehind.get(id) ?? this.#colorsBefore.get(id) ?? NOTHING);
  }

  #open(before: number, predicted: number, behind: number): readonly number[] {
    const shapes = this.#shapesBehind.get(before);
    if (shapes && this.#colorsBefore.has(predicted)) return shapes;
    const colors = this.#colorsBefore.get(behind);
    return colors && this.#shapesBehind.has(predicted) ? colors : NOTHING;
  }
}
