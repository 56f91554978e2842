/**
 * Captions from a seeded grammar, with their trees by the conventions of UD English-EWT: a treebank of web texts holds few captions.
 * What attaches where follows from kinds of nouns and the verbs and prepositions that they go with. They are not true, and need not be.
 */
import type { TreebankSentence } from '../treebank.ts';
import { Clauses } from './clauses.ts';
import { Dice } from './dice.ts';
import { NounPhrases } from './noun-phrases.ts';
import { allNouns, type NounKind, type Nouns } from './nouns.ts';
import { prepositional } from './prepositions.ts';
import { punctuation, sentenceOf, type Tree, tree, withBefore, withBehind, word } from './tree.ts';

/** What captions are about, as often as that. */
const ABOUT: Readonly<Partial<Record<NounKind, number>>> = {
  person: 34,
  folk: 3,
  animal: 14,
  bird: 4,
  insect: 1,
  vehicle: 6,
  train: 3,
  boat: 3,
  aircraft: 3,
  ride: 1,
  board: 1,
  furniture: 3,
  container: 4,
  food: 7,
  dish: 3,
  thing: 8,
  clothing: 2,
  pair: 1,
  body: 1,
  ground: 1,
  area: 1,
  water: 2,
  room: 5,
  building: 3,
  structure: 5,
  plant: 3,
  land: 3,
  fixture: 1,
  image: 1,
};
/** Whence pictures are taken, and where they are. */
const FROM: readonly NounKind[] = ['structure', 'ground', 'aircraft', 'building', 'boat', 'vehicle'];
/** Phrases behind the first noun. */
const BUDGETS = { 0: 12, 1: 36, 2: 36, 3: 16 };
/** A sentence that has become longer is thrown again. */
const MOST_WORDS = 34;

export class CaptionGrammar {
  readonly #nouns: Nouns = allNouns();
  readonly #seed: number;

  constructor(seed: number) {
    this.#seed = seed;
  }

  /** Caption `index`, always the same one. */
  caption(index: number): TreebankSentence {
    const dice = new Dice(this.#seed, index);
    for (;;) {
      const made = new CaptionMaker(dice, this.#nouns).make();
      if (made !== null && made.forms.length <= MOST_WORDS) return made;
    }
  }

  captions(first: number, count: number): TreebankSentence[] {
    return Array.from({ length: count }, (_, i) => this.caption(first + i));
  }
}

class CaptionMaker {
  readonly #dice: Dice;
  readonly #phrases: NounPhrases;
  readonly #clauses: Clauses;

  constructor(dice: Dice, nouns: Nouns) {
    this.#dice = dice;
    this.#phrases = new NounPhrases(dice, nouns, { dropped: dice.chance(0.16) ? 0.75 : 0.04 });
    this.#clauses = new Clauses(dice, this.#phrases);
  }

  make(): TreebankSentence | null {
    const dice = this.#dice;
    const kind = dice.weighed(ABOUT);
    const budget = Number(dice.weighed(BUDGETS));
    const root = this.#root([kind], budget);
    if (root === null) return null;
    const ended = dice.chance(0.55) ? withBehind(root, punctuation('.', '.')) : root;
    return written(sentenceOf(ended), dice);
  }

  #root(kinds: readonly NounKind[], budget: number): Tree | null {
    const dice = this.#dice;
    switch (
      dice.weighed({
        phrase: 24,
        described: 26,
        pair: 14,
        image: 7,
        sentence: 36,
        being: 2,
        copula: 8,
        there: 7,
        view: 2,
      })
    ) {
      case 'phrase':
        return this.#placed(this.#phrases.phrase(kinds, budget, 'all').tree, budget);
      case 'described':
        return this.#placed(this.#clauses.described(kinds, budget).tree, budget - 1);
      case 'pair':
        return this.#placed(this.#pair(kinds, budget), 0);
      case 'image':
        return this.#image(kinds, budget);
      case 'sentence':
        return this.#clauses.sentences(kinds, budget);
      case 'being':
        return this.#clauses.beingPassive(kinds, budget);
      case 'copula':
        return this.#clauses.copula(kinds, budget);
      case 'there':
        return this.#clauses.thereIs(kinds, budget);
      default:
        return this.#abstract(budget);
    }
  }

  /** Now and then with what is true of the whole picture. */
  #placed(phrase: Tree, budget: number): Tree {
    const dice = this.#dice;
    if (budget < 0 || !dice.chance(0.16)) return phrase;
    switch (dice.weighed({ with: 50, when: 25, all: 25 })) {
      case 'with':
        return withBehind(phrase, this.#clauses.withAll('nmod', budget));
      case 'when':
        return withBehind(phrase, this.#phrases.when('nmod'));
      default:
        return withBehind(phrase, this.#phrases.behindAll('nmod'));
    }
  }

  /** What is said of coordinated nouns that have nothing of their own hangs on the first. */
  #pair(kinds: readonly NounKind[], budget: number): Tree {
    const dice = this.#dice;
    if (dice.chance(0.65)) return this.#phrases.pair(kinds).tree;
    const joined = { tree: this.#phrases.list(kinds, 0), kind: kinds[0]!, isPlural: true };
    if (dice.chance(0.3)) return joined.tree;
    if (dice.chance(0.5)) return this.#clauses.describe(joined, budget).tree;
    return this.#phrases.modify(joined, Math.max(1, budget), 'all').tree;
  }

  /** "a black and white photo of a man on a horse" */
  #image(kinds: readonly NounKind[], budget: number): Tree {
    const dice = this.#dice;
    const image = this.#phrases.plain('image').tree;
    const what = this.#depicted(kinds, budget);
    const from = dice.chance(0.1)
      ? [this.#phrases.at({ preposition: dice.of(['from', 'from', 'in', 'on']), kinds: FROM }, 'nmod', 0)]
      : [];
    const whole = withBehind(image, prepositional('of', what, 'nmod'), ...from);
    if (!dice.chance(0.08)) return whole;
    return withBefore(whole, tree(word('this', 'PRON', 'DT'), 'nsubj'), tree(word('is', 'AUX', 'VBZ', 'be'), 'cop'));
  }

  #depicted(kinds: readonly NounKind[], budget: number): Tree {
    switch (this.#dice.weighed({ described: 40, phrase: 32, list: 16, pair: 12 })) {
      case 'described':
        return this.#clauses.described(kinds, budget).tree;
      case 'phrase':
        return this.#phrases.phrase(kinds, budget, 'all').tree;
      case 'list':
        return this.#phrases.list(kinds, budget);
      default:
        return this.#phrases.pair(kinds).tree;
    }
  }

  /** "love on the beach" */
  #abstract(budget: number): Tree {
    const abstract = this.#phrases.plain('abstract');
    const place = this.#dice.of([
      { preposition: 'in', kinds: ['area', 'water', 'room'] },
      { preposition: 'on', kinds: ['ground', 'furniture', 'image'] },
      { preposition: 'of', kinds: ['person', 'abstract'] },
    ] as const);
    return withBehind(abstract.tree, this.#phrases.at(place, 'nmod', budget));
  }
}

/** With capital letters as captions have them: at the beginning, nowhere, at every word, everywhere. */
function written(sentence: TreebankSentence, dice: Dice): TreebankSentence {
  const style = dice.weighed({ sentence: 66, lower: 29, title: 4, upper: 1 });
  const capital = (form: string) => form[0]!.toUpperCase() + form.slice(1);
  const small = new Set(['DET', 'ADP', 'CCONJ', 'PART']);
  const forms = sentence.forms.map((form, i) => {
    if (style === 'lower') return form;
    if (style === 'upper') return form.toUpperCase();
    return i === 0 || (style === 'title' && !small.has(sentence.upos[i]!)) ? capital(form) : form;
  });
  return { ...sentence, forms, text: forms.join(' ') };
}
