/** Clauses of captions with their trees: verbs with objects and places, participles behind nouns, and what follows a sentence. */
import type { Dice } from './dice.ts';
import { type VerbForm, verb } from './inflect.ts';
import { common, type NounPhrases, type Phrase } from './noun-phrases.ts';
import type { NounKind } from './nouns.ts';
import { prepositional } from './prepositions.ts';
import { as, coordinated, punctuation, type Tree, tree, withBefore, withBehind, word } from './tree.ts';
import {
  type Action,
  INTRANSITIVE,
  PARTICLE_TRANSITIVE,
  PASSIVE,
  type Place,
  TRANSITIVE,
  WITH_PARTICLE,
} from './verbs.ts';

/** Who does it, as far as the verb has to know. */
export interface Subject {
  readonly kind: NounKind;
  readonly isPlural: boolean;
}

/** Of "up at" and "away from" the first word belongs to the verb. */
const ADVERBS = new Set(['away', 'down', 'up']);
const WHERE = [
  'outside',
  'outdoors',
  'indoors',
  'inside',
  'together',
  'alone',
  'nearby',
  'overhead',
  'upright',
  'around',
  'away',
  'outside',
  'together',
];
/** Verbs with a clause for an object now and then. */
const WATCHING = new Set(['watch', 'see']);
const MANNER = ['quietly', 'happily', 'closely', 'carefully', 'peacefully', 'quickly', 'slowly'];
const DEPICTIVES = ['asleep', 'open', 'empty', 'alone', 'awake', 'still'];

type Kind = 'plain' | 'transitive' | 'passive' | 'particle' | 'particle with object';
const ACTIONS: Readonly<Record<Kind, readonly Action[]>> = {
  plain: INTRANSITIVE,
  transitive: TRANSITIVE,
  passive: PASSIVE,
  particle: WITH_PARTICLE,
  'particle with object': PARTICLE_TRANSITIVE,
};

export class Clauses {
  readonly #dice: Dice;
  readonly #phrases: NounPhrases;

  constructor(dice: Dice, phrases: NounPhrases) {
    this.#dice = dice;
    this.#phrases = phrases;
  }

  /** A noun phrase with a participle or a relative clause behind it, as often as captions have them. */
  described(kinds: readonly NounKind[], budget: number): Phrase {
    const dice = this.#dice;
    if (!dice.chance(0.8)) return this.#phrases.phrase(kinds, budget, 'all');
    const base = this.#phrases.phrase(kinds, dice.chance(0.4) ? 1 : 0, dice.chance(0.5) ? 'own' : 'all');
    return this.describe(base, budget);
  }

  describe(base: Phrase, budget: number): Phrase {
    const dice = this.#dice;
    if (dice.chance(0.1)) return { ...base, tree: withBehind(base.tree, this.#relative(base, budget)) };
    const first = this.participle(base, budget);
    if (first === null) return base;
    if (dice.chance(0.05)) return { ...base, tree: withBehind(base.tree, punctuation(',', ','), first) };
    const described = withBehind(base.tree, first);
    if (!dice.chance(0.14) || budget <= 0) return { ...base, tree: described };
    const second = this.participle(base, budget - 1);
    if (second === null) return { ...base, tree: described };
    if (dice.chance(0.5)) return { ...base, tree: withBehind(described, second) };
    return { ...base, tree: withBehind(base.tree, this.#and(first, second)) };
  }

  /** "riding a bike down a street", "parked at a curb"; null where nothing is known that such things do. */
  participle(subject: Subject, budget: number): Tree | null {
    const found = this.#action(subject);
    if (found === null) return null;
    const [kind, action] = found;
    const isSeat = kind === 'particle' && this.#dice.chance(0.4);
    return as(this.#predicate(action, kind, kind === 'passive' || isSeat ? 'VBN' : 'VBG', budget), 'acl');
  }

  /** A whole sentence, or two: "…, and one is …", "… while …". */
  sentences(kinds: readonly NounKind[], budget: number): Tree | null {
    const dice = this.#dice;
    const first = this.sentence(kinds, budget);
    if (first === null || !dice.chance(0.06)) return first;
    const second = dice.chance(0.4) ? this.copula(kinds, 0) : this.sentence(kinds, 0);
    if (second === null) return first;
    const comma = dice.chance(0.5) ? [punctuation(',', ',')] : [];
    if (dice.chance(0.35))
      return withBehind(first, as(withBefore(second, tree(word('while', 'SCONJ', 'IN'), 'mark')), 'advcl'));
    return withBehind(first, as(withBefore(second, ...comma, tree(word('and', 'CCONJ', 'CC'), 'cc')), 'conj'));
  }

  /** A whole sentence. */
  sentence(kinds: readonly NounKind[], budget: number): Tree | null {
    const dice = this.#dice;
    const subject = this.#subject(kinds, budget);
    const found = this.#action(subject);
    if (found === null) return null;
    const [kind, action] = found;
    const second = dice.chance(0.1) ? this.#action(subject) : null;
    const progressive = dice.chance(0.46);
    const passive = kind === 'passive';
    const head = passive
      ? this.#predicate(action, kind, 'VBN', budget, [
          ...(dice.chance(0.25)
            ? [be(subject), tree(verb('be', 'VBG', 'AUX'), 'aux:pass')]
            : [as(be(subject), 'aux:pass')]),
        ])
      : progressive
        ? this.#predicate(action, kind, 'VBG', budget, [be(subject)])
        : this.#predicate(action, kind, finite(subject, dice), budget);
    const both =
      second && second[0] !== 'passive' && !passive
        ? this.#and(
            head,
            this.#predicate(second[1], second[0], progressive ? 'VBG' : finite(subject, null), budget - 1),
          )
        : head;
    const whole = withBefore(both, as(subject.tree, passive ? 'nsubj:pass' : 'nsubj'));
    return this.#followed(whole, subject, budget);
  }

  /** "Two boys being chased by a dog." as a sentence: a passive without its auxiliary. */
  beingPassive(kinds: readonly NounKind[], budget: number): Tree | null {
    const subject = this.#phrases.phrase(kinds, 1, 'own');
    const action = this.#actionOf('passive', subject);
    if (action === null) return null;
    const head = this.#predicate(action, 'passive', 'VBN', budget, [tree(verb('be', 'VBG', 'AUX'), 'aux:pass')]);
    return withBefore(head, as(subject.tree, 'nsubj:pass'));
  }

  /** "The cat is in a box.", "The room is clean." */
  copula(kinds: readonly NounKind[], budget: number): Tree {
    const dice = this.#dice;
    const subject = this.#subject(kinds, 1);
    const before = [as(subject.tree, 'nsubj'), as(be(subject), 'cop')];
    switch (dice.weighed({ place: 60, adjective: 20, noun: 12, full: 8 })) {
      case 'adjective': {
        const qualities = [this.#quality(), ...(dice.chance(0.2) ? [this.#quality()] : [])];
        return withBefore(coordinated(qualities, this.#phrases.andStyle()), ...before);
      }
      case 'full': {
        const contents = this.#phrases.at(
          { preposition: 'of', kinds: ['thing', 'person', 'food', 'furniture', 'plant'] },
          'obl',
          budget,
        );
        return withBefore(tree(word('full', 'ADJ', 'JJ'), 'root', [], [contents]), ...before);
      }
      case 'noun':
        return withBefore(this.described([subject.kind], budget - 1).tree, ...before);
      default: {
        const place = this.#place(subject.kind);
        const at =
          dice.chance(0.2) || place === null
            ? this.#phrases.behindAll('root')
            : this.#phrases.at(place, 'root', budget);
        return withBefore(at, ...before);
      }
    }
  }

  /** "There is a dog sleeping on a couch." */
  thereIs(kinds: readonly NounKind[], budget: number): Tree {
    const what = this.#dice.chance(0.25) ? this.#phrases.pair(kinds) : this.described(kinds, budget);
    const is = tree(verb('be', 'VB'), 'root', [tree(word('there', 'PRON', 'EX'), 'expl')], [as(what.tree, 'nsubj')]);
    return { ...is, form: what.isPlural && this.#dice.chance(0.9) ? 'are' : 'is', xpos: what.isPlural ? 'VBP' : 'VBZ' };
  }

  /** "with trees in the background", "with people watching". */
  withAll(relation: string, budget: number): Tree {
    const dice = this.#dice;
    const what = this.#phrases.phrase(
      dice.of<readonly NounKind[]>([
        ['land'],
        ['plant', 'building'],
        ['person'],
        ['thing', 'food'],
        ['vehicle'],
        ['animal', 'bird'],
      ]),
      0,
      'not',
    );
    switch (dice.weighed({ background: 40, participle: 26, on: 20, top: 8, body: 10 })) {
      case 'participle': {
        const participle = this.participle(what, budget - 1);
        return prepositional('with', participle ? withBehind(what.tree, participle) : what.tree, relation);
      }
      case 'on': {
        const place = prepositional(
          dice.of(['on', 'on', 'in', 'in front of', 'behind', 'around', 'next to', 'above', 'near']),
          this.#phrases.pronoun(),
          'nmod',
        );
        return prepositional('with', withBehind(what.tree, place), relation);
      }
      case 'top': {
        const behind = dice.chance(0.4)
          ? [
              prepositional(
                dice.of(['on', 'in']),
                tree(common(dice.of(['top', 'front', 'back', 'view', 'place', 'tow', 'hand']), 'NN'), 'nmod'),
                'nmod',
              ),
            ]
          : [
              tree(
                word(dice.of(['behind', 'nearby', 'inside', 'underneath', 'overhead', 'outside']), 'ADV', 'RB'),
                'advmod',
              ),
            ];
        return prepositional('with', withBehind(what.tree, ...behind), relation);
      }
      case 'body': {
        const own = this.#phrases.phrase(['body'], 0, 'not').tree;
        const behind = dice.chance(0.5)
          ? this.#phrases.at(
              { preposition: dice.of(['in', 'on', 'around', 'over']), kinds: ['body', 'body', 'thing', 'animal'] },
              'nmod',
              0,
            )
          : tree(word(dice.of(['open', 'closed', 'visible', 'raised', 'outstretched']), 'ADJ', 'JJ'), 'acl');
        return prepositional('with', withBehind(own, behind), relation);
      }
      default:
        return prepositional('with', withBehind(what.tree, this.#phrases.behindAll('nmod')), relation);
    }
  }

  /** What stands behind a whole sentence: participles, "while …", "as …", "with …". */
  #followed(sentence: Tree, subject: Phrase, budget: number): Tree {
    const dice = this.#dice;
    if (budget <= 0) return sentence;
    switch (dice.weighed({ nothing: 66, participle: 13, while: 5, as: 6, with: 10 })) {
      case 'participle': {
        const after = this.participle(subject, budget - 1);
        if (after === null) return sentence;
        const comma = dice.chance(0.3) ? [punctuation(',', ',')] : [];
        return withBehind(sentence, as(withBefore(after, ...comma), 'advcl'));
      }
      case 'while': {
        const found = this.#action(subject);
        if (found === null || found[0] === 'passive') return sentence;
        return withBehind(
          sentence,
          as(this.#predicate(found[1], found[0], 'VBG', 0, [tree(word('while', 'SCONJ', 'IN'), 'mark')]), 'advcl'),
        );
      }
      case 'as': {
        const other = this.#clause(
          dice.of<readonly NounKind[]>([['person'], ['animal'], ['vehicle', 'train']]),
          dice.of(['as', 'as', 'while', 'while']),
        );
        return other ? withBehind(sentence, as(other, 'advcl')) : sentence;
      }
      case 'with':
        return withBehind(sentence, this.withAll('obl', budget - 1));
      default:
        return sentence;
    }
  }

  /** "as a train passes by". */
  #clause(kinds: readonly NounKind[], conjunction: string): Tree | null {
    const dice = this.#dice;
    const subject = dice.chance(0.3) ? this.#pronounSubject() : this.#phrases.phrase(kinds, 0, 'not');
    const found = this.#action(subject);
    if (found === null || found[0] === 'passive') return null;
    const progressive = dice.chance(0.4);
    const form = progressive ? 'VBG' : finite(subject, null);
    const marks = [
      tree(word(conjunction, 'SCONJ', 'IN'), 'mark'),
      as(subject.tree, 'nsubj'),
      ...(progressive ? [be(subject)] : []),
    ];
    return this.#predicate(found[1], found[0], form, 0, marks);
  }

  /** "who is riding a horse", "that has a clock on it", "that is filled with food". */
  #relative(noun: Phrase, budget: number): Tree {
    const dice = this.#dice;
    const isPerson = noun.kind === 'person' || noun.kind === 'folk';
    const form = isPerson && dice.chance(0.6) ? 'who' : dice.of(['that', 'that', 'that', 'which']);
    const pronoun = tree(word(form, 'PRON', form === 'who' ? 'WP' : 'WDT'), 'nsubj');
    const found = dice.chance(0.25) ? null : this.#action(noun);
    if (found === null) {
      const what = this.#phrases.phrase(
        isPerson ? ['body', 'clothing', 'thing'] : ['thing', 'structure', 'plant', 'image'],
        budget,
        'all',
      );
      return tree(verb('have', noun.isPlural ? 'VBP' : 'VBZ'), 'acl:relcl', [pronoun], [as(what.tree, 'obj')]);
    }
    const [kind, action] = found;
    if (kind === 'passive')
      return as(
        this.#predicate(action, kind, 'VBN', budget, [as(pronoun, 'nsubj:pass'), as(be(noun), 'aux:pass')]),
        'acl:relcl',
      );
    if (dice.chance(0.2)) {
      const place = this.#place(noun.kind);
      if (place) return withBefore(this.#phrases.at(place, 'acl:relcl', budget - 1), pronoun, as(be(noun), 'cop'));
    }
    const progressive = dice.chance(0.75);
    const clause = this.#predicate(action, kind, progressive ? 'VBG' : finite(noun, null), budget, [
      pronoun,
      ...(progressive ? [be(noun)] : []),
    ]);
    return as(clause, 'acl:relcl');
  }

  #subject(kinds: readonly NounKind[], budget: number): Phrase {
    const dice = this.#dice;
    if (dice.chance(0.07)) return this.#pronounSubject();
    if (dice.chance(0.12)) return this.#phrases.pair(kinds);
    const phrase = this.#phrases.phrase(
      kinds,
      dice.chance(0.35) ? Math.min(budget, 2) : 0,
      dice.chance(0.5) ? 'own' : 'all',
    );
    if (dice.chance(0.03)) return { ...phrase, tree: this.#explained(phrase) };
    return dice.chance(0.14) ? this.describe(phrase, 0) : phrase;
  }

  /** "a dog, a black poodle,". */
  #explained({ tree: first, kind }: Phrase): Tree {
    const other = this.#phrases.plain(kind).tree;
    return withBehind(first, as(withBehind(withBefore(other, punctuation(',', ',')), punctuation(',', ',')), 'appos'));
  }

  #pronounSubject(): Phrase {
    const form = this.#dice.of(['it', 'he', 'she', 'they', 'they']);
    return {
      tree: tree(word(form, 'PRON', 'PRP'), 'nsubj'),
      kind: form === 'it' ? 'animal' : 'person',
      isPlural: form === 'they',
    };
  }

  #and(first: Tree, second: Tree): Tree {
    return withBehind(first, as(withBefore(second, tree(word('and', 'CCONJ', 'CC'), 'cc')), 'conj'));
  }

  /** What such a subject may do. */
  #action(subject: Subject): [Kind, Action] | null {
    const kind = this.#dice.weighed({ plain: 40, transitive: 30, passive: 24, particle: 5, 'particle with object': 2 });
    for (const tried of [kind, 'passive', 'plain'] as const) {
      const action = this.#actionOf(tried, subject);
      if (action !== null) return [tried, action];
    }
    return null;
  }

  #actionOf(kind: Kind, { kind: subject }: Subject): Action | null {
    const fitting = ACTIONS[kind].filter(({ subjects }) => subjects.includes(subject));
    return fitting.length === 0 ? null : this.#dice.early(fitting);
  }

  /** Where such a thing may be. */
  #place(kind: NounKind): Place | null {
    const fitting = INTRANSITIVE.filter(
      ({ subjects, verbs }) => subjects.includes(kind) && /^(?:sit|stand|perch)$/.test(verbs[0]!),
    );
    return fitting.length === 0 ? null : this.#dice.of(this.#dice.of(fitting).places);
  }

  #predicate(action: Action, kind: Kind, form: VerbForm, budget: number, before: readonly Tree[] = []): Tree {
    const dice = this.#dice;
    const [base, particle] = kind.startsWith('particle')
      ? (action.verbs as readonly [string, string])
      : [dice.of(action.verbs), null];
    const behind: Tree[] = [];
    if (particle) behind.push(tree(word(particle, 'ADP', 'RP'), 'compound:prt'));
    if (WATCHING.has(base) && dice.chance(0.4)) return tree(verb(base, form), 'root', before, [this.#watched()]);
    if (action.objects.length > 0) behind.push(as(this.#object(action, base, budget), 'obj'));
    behind.push(...this.#adverbs(action, kind));
    behind.push(...this.#places(action, kind, budget));
    if (behind.length === 0 && action.places.length > 0) behind.push(...this.#at(action.places[0]!, 'obl', budget));
    return tree(verb(base, form), 'root', before, behind);
  }

  #object(action: Action, base: string, budget: number): Tree {
    const dice = this.#dice;
    if (dice.chance(0.12)) return this.#phrases.list(action.objects, budget);
    if (/^(?:watch|have|see|display|feature)$/.test(base))
      return this.described(action.objects, Math.min(1, budget)).tree;
    const phrase = this.#phrases.phrase(action.objects, budget > 1 ? 1 : dice.chance(0.4) ? 1 : 0, 'own');
    return dice.chance(0.03) ? this.describe(phrase, 0).tree : phrase.tree;
  }

  /** What is watched is a whole clause: "a boat sail across a lake". */
  #watched(): Tree {
    const subject = this.#phrases.phrase(['person', 'animal', 'land', 'boat', 'aircraft', 'train', 'bird'], 0, 'not');
    const action = this.#actionOf('plain', subject) ?? INTRANSITIVE[0]!;
    const form = this.#dice.chance(0.6) ? 'VB' : 'VBG';
    return as(this.#predicate(action, 'plain', form, 0, [as(subject.tree, 'nsubj')]), 'ccomp');
  }

  #adverbs(action: Action, kind: Kind): Tree[] {
    const dice = this.#dice;
    if (kind === 'plain' && dice.chance(0.025))
      return [
        tree(verb(dice.of(['park', 'fold', 'stack', 'cross', 'line', 'huddle', 'cover', 'chain']), 'VBN'), 'xcomp'),
      ];
    if ((kind === 'plain' || kind === 'particle') && dice.chance(0.04))
      return [tree(word(dice.of(DEPICTIVES), 'ADJ', 'JJ'), 'xcomp')];
    if (!dice.chance(action.objects.length > 0 ? 0.03 : 0.1)) return [];
    return [tree(word(dice.chance(0.8) ? dice.of(WHERE) : dice.of(MANNER), 'ADV', 'RB'), 'advmod')];
  }

  #places(action: Action, kind: Kind, budget: number): Tree[] {
    const dice = this.#dice;
    const { places, objects } = action;
    if (places.length === 0) return [];
    const chance = objects.length > 0 ? 0.5 : kind === 'passive' ? 0.93 : 0.88;
    if (!dice.chance(chance)) return [];
    const first = kind === 'passive' && dice.chance(0.6) ? places[0]! : dice.of(places);
    const found = this.#at(first, kind === 'passive' && first.preposition === 'by' ? 'obl:agent' : 'obl', budget);
    if (dice.chance(0.2) && budget > 0) found.push(...this.#second(first, budget - 1));
    return found;
  }

  /** A second place, which belongs to the verb too. */
  #second(first: Place, budget: number): Tree[] {
    const dice = this.#dice;
    switch (dice.weighed({ beside: 38, when: 26, all: 14, with: 22 })) {
      case 'when':
        return [this.#phrases.when('obl')];
      case 'all':
        return [this.#phrases.behindAll('obl')];
      case 'with':
        return [this.withAll('obl', budget)];
      default: {
        const preposition = dice.of(['next to', 'beside', 'near', 'with', 'in front of', 'in', 'by', 'behind']);
        const kinds: readonly NounKind[] = preposition === 'in' ? ['area', 'room'] : ['person', 'animal', 'thing'];
        return first.preposition === preposition ? [] : this.#at({ preposition, kinds }, 'obl', budget);
      }
    }
  }

  /** The adverb of "up at" and the rest, both for the verb. */
  #at(place: Place, relation: string, budget: number): Tree[] {
    const dice = this.#dice;
    const [first, ...rest] = place.preposition.split(' ') as [string, ...string[]];
    const isAdverb = ADVERBS.has(first) && rest.length > 0;
    const preposition = isAdverb ? rest.join(' ') : place.preposition;
    const adverb = isAdverb ? [tree(word(first, 'ADV', 'RB'), 'advmod')] : [];
    if (budget > 0 && !place.kinds.includes('time') && dice.chance(0.12))
      return [...adverb, prepositional(preposition, this.described(place.kinds, 0).tree, relation)];
    return [...adverb, this.#phrases.at({ preposition, kinds: place.kinds }, relation, budget)];
  }

  #quality(): Tree {
    const form = this.#dice.of(
      'clean dirty empty open full large small red black white blue green brown wet dry busy crowded happy old new beautiful ready visible tall colorful bright dark cute big messy lit blurry clear calm sunny yellow orange gray'.split(
        ' ',
      ),
    );
    const quality = tree(word(form, 'ADJ', 'JJ'), 'root');
    return this.#dice.chance(0.15)
      ? withBefore(quality, tree(word(this.#dice.of(['very', 'really', 'so', 'quite']), 'ADV', 'RB'), 'advmod'))
      : quality;
  }
}

function be({ isPlural }: Subject): Tree {
  return tree(word(isPlural ? 'are' : 'is', 'AUX', isPlural ? 'VBP' : 'VBZ', 'be'), 'aux');
}

/** Now and then in the past. */
function finite({ isPlural }: Subject, dice: Dice | null): VerbForm {
  if (dice?.chance(0.06)) return 'VBD';
  return isPlural ? 'VBP' : 'VBZ';
}
