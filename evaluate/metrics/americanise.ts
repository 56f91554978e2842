/**
 * American spelling of some British words, as Stanford's PTBTokenizer writes them unless it is told not to. Only lower-case
 * words change, but for two.
 */

const OUR_TO_OR = `
  armoured coloured colouring colourful discoloured discolouring endeavoured endeavouring favoured favouring favourite
  favourites flavoured flavouring honoured honouring honourable humoured humouring Labour laboured labouring neighbourhood
  neighbourhoods rumoured rumouring savoured savouring`;

const S_TO_Z = `
  analyse analysed analysing capitalise capitalised capitalisation finalise finalised finalising localise localised maximise
  maximised maximising minimise minimised minimising modernise modernised modernising organisation organisations penalise
  penalised popularise popularised popularises popularising pressurise pressurised pressurises pressurising realise
  realised realising realises recognise recognised recognising recognises`;

const SINGLE_L = 'cancelled cancelling labelled labelling travelled travelling';

const PAIRS = `
  anaesthetic anesthetic analogue analog analogues analogs centre center chimaeric chimeric defence defense Defence Defense
  encyclopaedia encyclopedia fibre fiber fibres fibers grey gray homologue homolog homologues homologs kerb curb leant leaned
  learnt learned manoeuvre maneuver manoeuvres maneuvers meagre meager oestrogen estrogen oestrogens estrogens practise
  practice practised practiced theatre theater theatres theaters titre titer titres titers`;

const WORDS = table();

function table(): ReadonlyMap<string, string> {
  const words = (list: string) => list.trim().split(/\s+/);
  const pairs = words(PAIRS);
  return new Map([
    ...words(OUR_TO_OR).map((word): [string, string] => [word, word.replace('our', 'or')]),
    ...words(S_TO_Z).map((word): [string, string] => [word, word.replace(/s(?=(?:e|ed|es|ing|ations?)$)/, 'z')]),
    ...words(SINGLE_L).map((word): [string, string] => [word, word.replace('ll', 'l')]),
    ...pairs.flatMap((word, at): [string, string][] => (at % 2 === 0 ? [[word, pairs[at + 1]]] : [])),
  ]);
}

/** Words in "our" that are no British spelling. */
const KEEP_OUR =
  /abatjour|beflour|bonjour|calambour|carrefour|cornflour|contour|de[tv]our|dortour|dyvour|downpour|giaour|glamour|holour|inpour|outpour|pandour|paramour|pompadour|recontour|repour|ryeflour|sompnour|tambour|troubadour|tregetour|velour/;

/** The first that fits is applied. */
const PATTERNS: readonly (readonly [RegExp, string])[] = [
  [/haem(at)?o/g, 'hem$1o'],
  [/aemia$/, 'emia'],
  [/([lL])eukaem/g, '$1eukem'],
  [/programme(s?)$/, 'program$1'],
  [/^([a-z]{3,})our(s?)$/, '$1or$2'],
];

const SHORTEST_FOR_PATTERNS = 6;

export function americanise(word: string): string {
  const known = WORDS.get(word);
  if (known !== undefined) return known;
  if (word.length < SHORTEST_FOR_PATTERNS || KEEP_OUR.test(word)) return word;
  for (const [pattern, replacement] of PATTERNS) {
    if (word.search(pattern) >= 0) return word.replace(pattern, replacement);
  }
  return word;
}
