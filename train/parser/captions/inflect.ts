/** Forms of regular English nouns and verbs, and of the irregular ones that captions are full of. */
import { type Word, word } from './tree.ts';

/** Past tense and participle. */
const IRREGULAR: Readonly<Record<string, readonly [past: string, participle: string]>> = Object.fromEntries(
  (
    'hold held held;ride rode ridden;eat ate eaten;take took taken;stand stood stood;sit sat sat;lie lay lain;lay laid laid;' +
    'fly flew flown;run ran run;swim swam swum;throw threw thrown;catch caught caught;hit hit hit;cut cut cut;read read read;' +
    'wear wore worn;drink drank drunk;feed fed fed;drive drove driven;sleep slept slept;make made made;blow blew blown;' +
    'hang hung hung;swing swung swung;bite bit bitten;build built built;put put put;set set set;draw drew drawn;' +
    'write wrote written;shine shone shone;grow grew grown;rise rose risen;fall fell fallen;stick stuck stuck;lead led led;' +
    'leave left left;give gave given;get got gotten;speak spoke spoken;sing sang sung;ring rang rung;dig dug dug;' +
    'spread spread spread;see saw seen;show showed shown;shoot shot shot;sell sold sold;buy bought bought;hide hid hidden;' +
    'light lit lit;break broke broken;bend bent bent;kneel knelt knelt;keep kept kept;' +
    'come came come;go went gone;have had had;do did done;win won won;spin spun spun;teach taught taught;' +
    'meet met met;find found found;lose lost lost;weave wove woven;shake shook shaken;split split split'
  )
    .split(';')
    .map((row) => {
      const [base, past, participle] = row.split(' ') as [string, string, string];
      return [base, [past, participle]];
    }),
);

/** Verbs whose last letter doubles before -ing and -ed. */
const DOUBLING = new Set(
  (
    'sit run swim cut hit pet hug chop grab stop jog put get wrap top flip skip dip drag strip trim spot pat nap tip clap step ' +
    'set dig spin win shop scrub stir mop strum hop sip bat cap tan snap zip shut plug fit rub equip flap drip bob'
  ).split(' '),
);

export type VerbForm = 'VB' | 'VBZ' | 'VBP' | 'VBG' | 'VBN' | 'VBD';

export function verb(base: string, form: VerbForm, upos = 'VERB'): Word {
  return word(verbForm(base, form), upos, form, base);
}

function verbForm(base: string, form: VerbForm): string {
  switch (form) {
    case 'VB':
    case 'VBP':
      return base;
    case 'VBZ':
      return base === 'have' ? 'has' : withS(base);
    case 'VBG':
      return `${stemBefore(base, 'i')}ing`;
    case 'VBD':
      return IRREGULAR[base]?.[0] ?? regularPast(base);
    case 'VBN':
      return IRREGULAR[base]?.[1] ?? regularPast(base);
  }
}

function regularPast(base: string): string {
  if (/[^aeiou]y$/.test(base)) return `${base.slice(0, -1)}ied`;
  return `${stemBefore(base, 'e')}ed`;
}

function stemBefore(base: string, vowel: 'e' | 'i'): string {
  if (DOUBLING.has(base)) return base + base.slice(-1);
  if (vowel === 'i' && base.endsWith('ie')) return `${base.slice(0, -2)}y`;
  const losesE = vowel === 'e' ? base.endsWith('e') : /[^eoy]e$/.test(base) && base !== 'be';
  return losesE ? base.slice(0, -1) : base;
}

/** Plurals of nouns, and the third person of verbs. */
export function withS(base: string): string {
  if (/(?:s|x|z|ch|sh)$/.test(base)) return `${base}es`;
  if (/[^aeiou]y$/.test(base)) return `${base.slice(0, -1)}ies`;
  return /(?:^go|^do)$/.test(base) ? `${base}es` : `${base}s`;
}
