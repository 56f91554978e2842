/** Noun phrases of captions with their trees: determiners, adjectives, compounds, measures, and prepositional phrases behind them. */
import { BESIDE_LANDMARK, COMPANY, LANDMARKS, OWN, PLACED } from './attachments.ts';
import type { Dice } from './dice.ts';
import { verb, withS } from './inflect.ts';
import {
  ADJECTIVES,
  COLOURS,
  COMPOUNDS,
  COVERED,
  COVERED_LEMMAS,
  COVERING,
  FIRST_NAMES,
  LAST_NAMES,
  MEASURES,
  NAMES,
  NUMBERS,
  POSSESSIVES,
  QUANTIFIERS,
  SHADES,
} from './modifiers.ts';
import { lemmaOfPlural, type Noun, type NounKind, type Nouns } from './nouns.ts';
import { prepositional } from './prepositions.ts';
import { coordinated, punctuation, type Tree, tree, withBefore, withBehind, word } from './tree.ts';
import type { Place } from './verbs.ts';

export interface Phrase {
  readonly tree: Tree;
  /** Of what it speaks: of "a herd of zebras", animals. */
  readonly kind: NounKind;
  readonly isPlural: boolean;
}

/** What the nouns of one caption have in common. */
export interface Style {
  /** How often articles are left out. */
  readonly dropped: number;
}

const COLOURED = new Set<NounKind>(
  'animal bird vehicle train boat aircraft ride board furniture container thing clothing pair building structure plant body fixture'.split(
    ' ',
  ) as NounKind[],
);

/** "A herd of zebras are": so many are several. */
const ALIVE = new Set<NounKind>(['person', 'animal', 'bird']);

export type Modified = 'not' | 'own' | 'own and beside' | 'all';

export class NounPhrases {
  readonly #dice: Dice;
  readonly #nouns: Nouns;
  readonly #style: Style;

  constructor(dice: Dice, nouns: Nouns, style: Style) {
    this.#dice = dice;
    this.#nouns = nouns;
    this.#style = style;
  }

  /** A noun of one of the kinds with what stands before it; `budget` is about how many phrases may stand behind it. */
  phrase(kinds: readonly NounKind[], budget: number, modified: Modified): Phrase {
    const dice = this.#dice;
    const kind = dice.of(kinds);
    if (kind === 'part') return this.partOf(budget);
    const base = dice.chance(0.12) && MEASURES[kind] ? this.#measured(kind, budget) : this.plain(kind);
    return this.modify(base, budget, modified);
  }

  /** With prepositional phrases behind it: first what is its own, then where it is. */
  modify(base: Phrase, budget: number, modified: Modified): Phrase {
    const dice = this.#dice;
    let phrase = base;
    if (modified === 'not' || budget <= 0) return phrase;
    let left = budget;
    const own = OWN[base.kind];
    if (own && dice.chance(0.38)) {
      phrase = this.#with(phrase, dice.of(own), left - 1);
      left--;
    }
    if (modified === 'own' || left <= 0) return phrase;
    const placed = PLACED[base.kind]?.filter(
      ({ preposition }) => modified === 'all' || (LANDMARKS.has(base.kind) && BESIDE_LANDMARK.test(preposition)),
    );
    for (
      let chance = modified === 'all' ? 0.6 : 0.16;
      placed?.length && left > 0 && dice.chance(chance);
      chance *= 0.45
    ) {
      phrase = this.#with(phrase, dice.of(placed), left - 1);
      left--;
    }
    return phrase;
  }

  /** `preposition + phrase`, hanging by `relation`. */
  at({ preposition, kinds }: Place, relation: string, budget: number): Tree {
    const dice = this.#dice;
    if (kinds.length > 0 && kinds[0] === 'land' && dice.chance(0.6))
      return prepositional(preposition, this.#sky(), relation);
    if (kinds.includes('time')) return this.when(relation);
    if (dice.chance(0.04)) return prepositional(preposition, this.pronoun(), relation);
    const isPart = kinds.every((kind) => LANDMARKS.has(kind)) && (preposition === 'on' || preposition === 'in');
    if (isPart && dice.chance(0.12)) return this.#atPart(kinds, relation, budget);
    const phrase = dice.chance(listChance(preposition, kinds))
      ? this.list(kinds, budget)
      : this.phrase(kinds, budget, budget > 1 ? 'own and beside' : dice.chance(0.5) ? 'own' : 'not').tree;
    return prepositional(preposition, phrase, relation);
  }

  /** When, or in what weather: "in the morning", "on a sunny day", "at night". */
  when(relation: string): Tree {
    const dice = this.#dice;
    const noun = dice.of(this.#nouns.time);
    const preposition = whenPreposition(noun.form, noun.plural === null, dice);
    const isBare = noun.plural === null || dice.chance(this.#style.dropped);
    const determiner = isBare ? [] : [article(preposition === 'on' ? 'a' : dice.of(['the', 'the', 'a']))];
    const before = dice.chance(preposition === 'on' ? 0.8 : 0.15) ? [this.#adjective('time')] : [];
    return prepositional(preposition, tree(common(noun.form, 'NN'), 'nmod', [...determiner, ...before]), relation);
  }

  /** "in the background" and its like. */
  behindAll(relation: string): Tree {
    const dice = this.#dice;
    const noun = dice.of([
      'background',
      'background',
      'background',
      'distance',
      'foreground',
      'air',
      'middle',
      'sun',
      'rain',
      'dark',
      'snow',
      'sky',
      'water',
      'grass',
      'wind',
      'shade',
      'corner',
      'back',
    ]);
    return prepositional('in', tree(common(noun, 'NN'), 'nmod', [article('the')]), relation);
  }

  /** "a sink, toilet and tub": later ones may come without articles. */
  list(kinds: readonly NounKind[], budget: number): Tree {
    const dice = this.#dice;
    const length = dice.chance(0.68) ? 2 : dice.chance(0.75) ? 3 : 4;
    const keeps = dice.chance(0.4);
    const items = Array.from({ length }, (_, i) => {
      const kind = dice.of(kinds);
      const phrase = i === 0 || keeps ? this.plain(kind) : this.#plainWithout(kind);
      return (dice.chance(0.14) ? this.modify(phrase, Math.min(1, budget), i === length - 1 ? 'all' : 'own') : phrase)
        .tree;
    });
    return coordinated(items, this.andStyle());
  }

  andStyle(): { and: string; lastComma: boolean } {
    return { and: this.#dice.chance(0.95) ? 'and' : 'or', lastComma: this.#dice.chance(0.6) };
  }

  /** Several coordinated wholes: "a man in a hat and two dogs". */
  pair(kinds: readonly NounKind[]): Phrase {
    const dice = this.#dice;
    const plain = this.plain(dice.of(kinds));
    const behind = dice.chance(0.75) ? (dice.chance(0.6) ? OWN : PLACED)[plain.kind] : undefined;
    const first = behind ? this.#with(plain, dice.of(behind), 0) : plain;
    const company = dice.chance(0.5) ? kinds : (COMPANY[first.kind] ?? kinds);
    const others = Array.from({ length: dice.chance(0.75) ? 1 : 2 }, () =>
      this.phrase(company, dice.chance(0.3) ? 1 : 0, dice.chance(0.4) ? 'all' : 'own'),
    );
    const joined = coordinated([first.tree, ...others.map(({ tree }) => tree)], this.andStyle());
    return { tree: joined, kind: first.kind, isPlural: true };
  }

  /** "each other", "him", "it": stands for something in the caption. */
  pronoun(): Tree {
    const dice = this.#dice;
    if (dice.chance(0.2))
      return tree(word('each', 'DET', 'DT'), 'obl', [], [tree(word('other', 'ADJ', 'JJ'), 'fixed')]);
    const form = dice.of(['it', 'it', 'it', 'him', 'her', 'them', 'them']);
    return tree(word(form, 'PRON', 'PRP', LEMMAS_OF_PRONOUNS[form]), 'obl');
  }

  /** "the side of a road". */
  partOf(budget: number): Phrase {
    const part = this.#dice.of(this.#nouns.part);
    const kinds = this.#dice.of<readonly NounKind[]>([
      ['ground', 'building', 'room'],
      ['furniture', 'vehicle', 'container'],
      ['person', 'animal'],
      ['structure', 'water', 'food'],
    ]);
    const whole = this.phrase(kinds, budget - 1, 'not');
    const before = this.#dice.chance(0.2) ? [this.#adjective('part')] : [];
    const head = tree(
      common(part.form, 'NN'),
      'nmod',
      [article('the'), ...before],
      [prepositional('of', whole.tree, 'nmod')],
    );
    return { tree: head, kind: 'structure', isPlural: false };
  }

  /** Determiner, numeral, adjectives, nouns before the noun, and the noun; now and then a name. */
  plain(kind: NounKind): Phrase {
    if (kind === 'person' && this.#dice.chance(0.025)) return this.#named();
    const noun = this.#noun(kind);
    const isPlural = noun.plural !== null && (noun.onlyPlural || this.#dice.chance(0.27));
    return this.#plain(noun, isPlural, this.#determiners(noun, isPlural));
  }

  /** "Tom Brady", "chef Julia". */
  #named(): Phrase {
    const dice = this.#dice;
    const last = dice.chance(0.6) ? [tree(word(...nameOf(dice.of(LAST_NAMES))), 'flat')] : [];
    return { tree: tree(word(...nameOf(dice.of(FIRST_NAMES))), 'nmod', [], last), kind: 'person', isPlural: false };
  }

  #plainWithout(kind: NounKind): Phrase {
    const noun = this.#noun(kind);
    const isPlural = noun.plural !== null && (noun.onlyPlural || this.#dice.chance(0.35));
    return this.#plain(noun, isPlural, []);
  }

  #plain(noun: Noun, isPlural: boolean, determiners: readonly Tree[]): Phrase {
    const before = [...determiners, ...this.#describing(noun), ...this.#compounds(noun)];
    const head = isPlural ? pluralOf(noun) : common(noun.form, 'NN');
    return { tree: tree(head, 'nmod', before), kind: noun.kind, isPlural };
  }

  #noun(kind: NounKind): Noun {
    return this.#dice.early(this.#nouns[kind]);
  }

  /** "a herd of zebras". */
  #measured(kind: NounKind, budget: number): Phrase {
    const dice = this.#dice;
    const measure = dice.early(MEASURES[kind]!);
    const noun = this.#noun(kind);
    const isPlural = noun.plural !== null;
    const inner = this.#plain(noun, isPlural, dice.chance(0.06) ? [tree(word('some', 'DET', 'DT'), 'det')] : []);
    const whole = budget > 1 && dice.chance(0.15) ? this.modify(inner, 1, 'own') : inner;
    const isMany = measure === 'lot' ? dice.chance(0.5) : dice.chance(0.12);
    const head = common(isMany ? withS(measure) : measure, isMany ? 'NNS' : 'NN', measure);
    const size = measure === 'lot' || !dice.chance(0.25) ? [] : [this.#sized()];
    const before = isMany ? (dice.chance(0.3) && measure !== 'lot' ? [numeral(dice.of(NUMBERS))] : []) : [article('a')];
    return {
      tree: tree(head, 'nmod', [...before, ...size], [prepositional('of', whole.tree, 'nmod')]),
      kind,
      isPlural: isMany || ALIVE.has(kind),
    };
  }

  #sized(): Tree {
    return tree(
      word(
        this.#dice.of(['large', 'small', 'big', 'huge', 'long', 'whole', 'wide', 'tall', 'nice', 'colorful', 'close']),
        'ADJ',
        'JJ',
      ),
      'amod',
    );
  }

  #determiners(noun: Noun, isPlural: boolean): Tree[] {
    const dice = this.#dice;
    if (dice.chance(this.#style.dropped)) return [];
    const owner = this.#owner(noun);
    if (owner) return [owner];
    if (noun.plural === null) return this.#ofUncounted();
    if (!isPlural) return this.#ofOne();
    switch (dice.weighed({ none: 45, number: 26, some: 8, quantifier: 8, the: 9, few: 4, all: 1 })) {
      case 'number':
        return dice.chance(0.05)
          ? [article('the'), numeral(dice.of(NUMBERS))]
          : [numeral(dice.chance(0.06) ? String(2 + Math.floor(dice.throw() * 9)) : dice.of(NUMBERS))];
      case 'some':
        return [tree(word('some', 'DET', 'DT'), 'det')];
      case 'quantifier':
        return [tree(word(dice.of(QUANTIFIERS), 'ADJ', 'JJ'), 'amod')];
      case 'the':
        return [article(dice.of(['the', 'the', 'the', 'these']))];
      case 'few':
        return [
          article('a'),
          tree(word('few', 'ADJ', 'JJ'), 'amod'),
          ...(dice.chance(0.3) ? [tree(word('other', 'ADJ', 'JJ'), 'amod')] : []),
        ];
      case 'all':
        return [tree(word('all', 'DET', 'DT'), 'det')];
      default:
        return dice.chance(0.04) ? [tree(word('other', 'ADJ', 'JJ'), 'amod')] : [];
    }
  }

  #ofUncounted(): Tree[] {
    const dice = this.#dice;
    if (dice.chance(0.25)) return [article('the')];
    return dice.chance(0.2) ? [tree(word('some', 'DET', 'DT'), 'det')] : [];
  }

  #ofOne(): Tree[] {
    const dice = this.#dice;
    if (dice.chance(0.04)) return [numeral('one')];
    if (dice.chance(0.015)) return [tree(word('half', 'DET', 'PDT'), 'det:predet'), article('a')];
    return [article(dice.weighed({ a: 74, the: 20, this: 3, another: 2, each: 0.5, that: 0.5 }))];
  }

  /** "his", or "a woman's". */
  #owner(noun: Noun): Tree | null {
    const dice = this.#dice;
    const isPersonal = noun.kind === 'body' || noun.kind === 'clothing' || noun.kind === 'pair';
    if (!dice.chance(isPersonal ? 0.22 : 0.03)) return null;
    if (dice.chance(0.65)) {
      const form = dice.of([...POSSESSIVES.person, ...POSSESSIVES.animal, ...POSSESSIVES.many, 'my', 'your']);
      return tree(word(form, 'PRON', 'PRP$', LEMMAS_OF_PRONOUNS[form]), 'nmod:poss');
    }
    const kind = dice.of<NounKind>(['person', 'animal', 'person', 'bird']);
    const owner = this.#noun(kind);
    const describing = dice.chance(0.3) ? [this.#adjective(kind)] : [];
    const determiner = dice.chance(0.9) ? [article(dice.of(['a', 'a', 'the']))] : [];
    const head = tree(common(owner.form, 'NN'), 'nmod:poss', [...determiner, ...describing, ...compoundsOf(owner)]);
    return withBehind(head, tree(word("'s", 'PART', 'POS'), 'case'));
  }

  #describing(noun: Noun): Tree[] {
    const dice = this.#dice;
    if (dice.chance(0.015) && noun.plural !== null) return [this.#coveredBy()];
    if (dice.chance(0.012)) return [this.#halfDone()];
    const many = dice.throw();
    const isColoured = COLOURED.has(noun.kind);
    if (many < 0.56) return isColoured && dice.chance(0.22) ? [this.#colour()] : [];
    const first = this.#adjective(noun.kind);
    if (many < 0.88) return [first];
    const second = isColoured && dice.chance(0.6) ? this.#colour() : this.#adjective(noun.kind);
    if (dice.chance(0.1)) return [first, withBefore(second, punctuation(',', ','))];
    if (dice.chance(0.1)) return [coordinated([first, second], { and: 'and', lastComma: false })];
    return [first, second];
  }

  #colour(): Tree {
    const dice = this.#dice;
    const colour = (): Tree => tree(word(dice.of(COLOURS), 'ADJ', 'JJ'), 'amod');
    if (dice.chance(0.16)) {
      const both = [colour(), colour(), ...(dice.chance(0.12) ? [colour()] : [])];
      return coordinated(both, { and: 'and', lastComma: dice.chance(0.3) });
    }
    return dice.chance(0.06) ? withBefore(colour(), tree(word(dice.of(SHADES), 'ADJ', 'JJ'), 'amod')) : colour();
  }

  #adjective(kind: NounKind): Tree {
    const [form, participleOf] = this.#dice.early(ADJECTIVES[kind]).split('!') as [string, string?];
    if (participleOf) return tree(word(form, 'VERB', form.endsWith('ing') ? 'VBG' : 'VBN', participleOf), 'amod');
    const adjective = tree(word(form, 'ADJ', 'JJ'), 'amod');
    return this.#dice.chance(0.02)
      ? withBefore(
          adjective,
          tree(
            word(this.#dice.of(['very', 'really', 'extremely', 'brightly', 'dimly', 'newly']), 'ADV', 'RB'),
            'advmod',
          ),
        )
      : adjective;
  }

  /** "tree lined", "snow-covered". */
  #coveredBy(): Tree {
    const dice = this.#dice;
    const form = dice.of(COVERED);
    const stuff = tree(common(dice.of(COVERING), 'NN'), 'obl:unmarked', [], dice.chance(0.5) ? [hyphen()] : []);
    return tree(word(form, 'VERB', 'VBN', COVERED_LEMMAS[form]), 'amod', [stuff]);
  }

  /** "partially-eaten". */
  #halfDone(): Tree {
    const dice = this.#dice;
    const adverb = word(
      dice.of([
        'partially',
        'half',
        'partly',
        'well',
        'freshly',
        'newly',
        'neatly',
        'brightly',
        'fully',
        'mostly',
        'poorly',
        'nicely',
      ]),
      'ADV',
      'RB',
    );
    const participle = verb(
      dice.of([
        'eat',
        'build',
        'paint',
        'cook',
        'decorate',
        'light',
        'cut',
        'open',
        'fill',
        'dress',
        'bake',
        'park',
        'wrap',
      ]),
      'VBN',
    );
    return tree(participle, 'amod', [tree(adverb, 'advmod', [], dice.chance(0.5) ? [hyphen()] : [])]);
  }

  #compounds(noun: Noun): Tree[] {
    const dice = this.#dice;
    const own = compoundsOf(noun);
    const more = COMPOUNDS[noun.kind];
    if (dice.chance(0.02)) return [tree(word(...nameOf(dice.of(NAMES))), 'compound'), ...own];
    return more && own.length === 0 && dice.chance(0.13) ? [tree(common(dice.of(more), 'NN'), 'compound')] : own;
  }

  #with(phrase: Phrase, place: Place, budget: number): Phrase {
    return { ...phrase, tree: withBehind(phrase.tree, this.at(place, 'nmod', budget)) };
  }

  /** "on the side of the road", "in the middle of a field". */
  #atPart(kinds: readonly NounKind[], relation: string, budget: number): Tree {
    const dice = this.#dice;
    const [preposition, part] = dice
      .of([
        'on side',
        'in middle',
        'on top',
        'at top',
        'on edge',
        'in corner',
        'at end',
        'in center',
        'at edge',
        'in back',
        'at bottom',
        'on other+side',
        'on back',
        'in front',
        'on front',
      ])
      .split(' ') as [string, string];
    const words = part.split('+');
    const before = words.slice(0, -1).map((form) => tree(word(form, 'ADJ', 'JJ'), 'amod'));
    const whole = prepositional('of', this.phrase(kinds, budget - 1, 'own').tree, 'nmod');
    const head = tree(common(words[words.length - 1]!, 'NN'), 'nmod', [article('the'), ...before], [whole]);
    return prepositional(preposition, head, relation);
  }

  #sky(): Tree {
    const before = this.#dice.chance(0.35)
      ? [
          tree(
            word(this.#dice.of(['blue', 'clear', 'cloudy', 'gray', 'bright', 'dark', 'overcast', 'open']), 'ADJ', 'JJ'),
            'amod',
          ),
        ]
      : [];
    return tree(common(this.#dice.of(['sky', 'sky', 'air', 'clouds']), 'NN'), 'obl', [
      article(before.length > 0 ? this.#dice.of(['a', 'the']) : 'the'),
      ...before,
    ]);
  }
}

const LEMMAS_OF_PRONOUNS: Readonly<Record<string, string>> = {
  him: 'he',
  them: 'they',
  her: 'she',
  his: 'his',
  its: 'its',
  their: 'their',
  it: 'it',
  my: 'my',
  your: 'your',
};

/** Of prepositions whose nouns are often several. */
function listChance(preposition: string, kinds: readonly NounKind[]): number {
  if (preposition === 'with' || kinds[0] === 'clothing') return 0.32;
  return /^(?:of|between)$/.test(preposition) ? 0.2 : 0.1;
}

function whenPreposition(form: string, isUncounted: boolean, dice: Dice): string {
  if (/^(?:day|afternoon|morning|evening)$/.test(form)) return form === 'day' || dice.chance(0.5) ? 'on' : 'in';
  if (/^(?:winter|summer|spring|autumn|rain|snowstorm|snowfall)$/.test(form)) return dice.of(['in', 'during']);
  return isUncounted
    ? dice.of(['at', 'at', 'during', 'for'])
    : dice.of(['at', 'during', 'during', 'on', 'after', 'before', 'in']);
}

export function article(form: string): Tree {
  return tree(word(form, 'DET', 'DT'), 'det');
}

function numeral(form: string): Tree {
  return tree(word(form, 'NUM', 'CD'), 'nummod');
}

function hyphen(): Tree {
  return punctuation('-', 'HYPH');
}

export function common(form: string, xpos: string, lemma?: string) {
  return word(form, 'NOUN', xpos, lemma);
}

/** Names keep their capital letter. */
function nameOf(form: string): [string, string, string, string] {
  return [form, 'PROPN', 'NNP', form];
}

function pluralOf(noun: Noun) {
  return common(noun.plural!, 'NNS', noun.onlyPlural ? lemmaOfPlural(noun.plural!) : noun.form);
}

/** "hot" of "hot dog"; a hyphen hangs on the word behind it. */
function compoundsOf({ modifiers }: Noun): Tree[] {
  return modifiers.map(({ form, isAdjective }) => {
    if (form === '-') return hyphen();
    return isAdjective ? tree(word(form, 'ADJ', 'JJ'), 'amod') : tree(common(form, 'NN'), 'compound');
  });
}
