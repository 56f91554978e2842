/**
 * The tokenizer of the shapes world, trained from the texts of its training scenes.
 *
 * A unigram vocabulary of whole words and of punctuation, scored by how often they occur, with all printable ASCII
 * characters below them, so that any such text can be encoded. Laid out like KOSMOS-2's: special tokens, pieces by falling
 * score, `<mask>`, the tags, the location tokens.
 */
import { patchToken } from '../grounding/patches.ts';
import { Random } from '../random.ts';
import { documentTexts } from './documents.ts';
import { plainTextLines } from './plain-text.ts';
import { STREAMS } from './purposes.ts';
import { makeScene } from './scene.ts';
import { makePictureText, TEXT_KINDS, wholeText } from './texts.ts';

export interface ShapesTokenizerOptions {
  /** Cells per side of the location tokens. Default 16. */
  readonly gridSize?: number;
}

/** Contents of `tokenizer.json` and `tokenizer_config.json`, as `Tokenizer` and Hugging Face's `tokenizers` read them. */
export interface ShapesTokenizer {
  readonly tokenizerJson: object;
  readonly tokenizerConfig: object;
}

const SPECIALS = ['<s>', '<pad>', '</s>', '<unk>'] as const;
const MASK = '<mask>';
const TAGS = [
  '</doc>',
  '<image>',
  '</image>',
  '</chunk>',
  '</line>',
  '<phrase>',
  '</phrase>',
  '<object>',
  '</object>',
  '</delimiter_of_multi_objects/>',
  '<grounding>',
] as const;
const MARK = '▁';
/** Training scenes whose texts are counted, and draws of each kind of text from each. */
const SCENES = 1000;
const DRAWS = 2;
/** Single characters are that much less likely than the rarest word, so that words stay whole. */
const CHARACTER_PENALTY = 4;

/** The same for every call with the same grid, but for the last digits of scores. */
export function buildShapesTokenizer({ gridSize = 16 }: ShapesTokenizerOptions = {}): ShapesTokenizer {
  const vocab: [string, number][] = [...SPECIALS.map((token): [string, number] => [token, 0]), ...pieces(), [MASK, 0]];
  const maskId = vocab.length - 1;
  const cells = Array.from({ length: gridSize * gridSize }, (_, cell) => patchToken(cell));
  const added = [
    ...SPECIALS.map((content, id) => addedToken(id, content, { special: true, lstrip: false })),
    addedToken(maskId, MASK, { special: true, lstrip: true }),
    ...[...TAGS, ...cells].map((content, i) => addedToken(maskId + 1 + i, content, { special: false, lstrip: true })),
  ];
  return { tokenizerJson: tokenizerFile(added, vocab), tokenizerConfig: configFile() };
}

function addedToken(id: number, content: string, { special, lstrip }: { special: boolean; lstrip: boolean }): object {
  return { id, content, single_word: false, lstrip, rstrip: false, normalized: false, special };
}

function tokenizerFile(added: readonly object[], vocab: readonly [string, number][]): object {
  const metaspace = { type: 'Metaspace', replacement: MARK, prepend_scheme: 'always', split: true };
  const special = (id: string) => ({ SpecialToken: { id, type_id: 0 } });
  const text = (id: string) => ({ Sequence: { id, type_id: 0 } });
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: added,
    normalizer: { type: 'Replace', pattern: { Regex: ' {2,}' }, content: ' ' },
    pre_tokenizer: { type: 'Sequence', pretokenizers: [{ type: 'WhitespaceSplit' }, metaspace] },
    post_processor: {
      type: 'TemplateProcessing',
      single: [special('<s>'), text('A'), special('</s>')],
      pair: [special('<s>'), text('A'), special('</s>'), special('</s>'), text('B'), special('</s>')],
      special_tokens: {
        '<s>': { id: '<s>', ids: [0], tokens: ['<s>'] },
        '</s>': { id: '</s>', ids: [2], tokens: ['</s>'] },
      },
    },
    decoder: metaspace,
    model: { type: 'Unigram', unk_id: SPECIALS.indexOf('<unk>'), vocab, byte_fallback: false },
  };
}

function configFile(): object {
  return {
    tokenizer_class: 'XLMRobertaTokenizer',
    processor_class: 'Kosmos2Processor',
    bos_token: '<s>',
    eos_token: '</s>',
    sep_token: '</s>',
    cls_token: '<s>',
    unk_token: '<unk>',
    pad_token: '<pad>',
    mask_token: MASK,
    clean_up_tokenization_spaces: true,
  };
}

/** Words by falling frequency, then the characters that are no words. */
function pieces(): [string, number][] {
  const counts = countWords();
  const total = [...counts.values()].reduce((sum, count) => sum + count, 0);
  const score = (count: number) => Math.round(Math.log(count / total) * 1e4) / 1e4;
  const words = [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
  const lowest = score(words[words.length - 1][1]) - CHARACTER_PENALTY;
  const printable = Array.from({ length: 94 }, (_, i) => String.fromCharCode(33 + i));
  const characters = [MARK, ...printable].filter((character) => !counts.has(character));
  return [
    ...words.map(([word, count]): [string, number] => [word, score(count)]),
    ...characters.map((character): [string, number] => [character, lowest]),
  ];
}

/** How often each word and each sign occurs; what stands at the beginning of a word has the mark before it. */
function countWords(): Map<string, number> {
  const counts = new Map<string, number>();
  for (const text of corpus()) {
    for (const segment of text.split(/<[^<>]+>/)) {
      for (const word of segment.split(' ').filter((part) => part !== '')) {
        const [first, ...rest] = word.match(/[A-Za-z]+|[^A-Za-z]/g)!;
        for (const piece of [MARK + first, ...rest]) counts.set(piece, (counts.get(piece) ?? 0) + 1);
      }
    }
  }
  return counts;
}

function* corpus(): Generator<string> {
  for (let index = 0; index < SCENES; index++) {
    const scenes = [index, index + SCENES].map((number) => makeScene({ seed: 0, split: 'train', index: number }));
    for (let draw = 0; draw < DRAWS; draw++) {
      const random = new Random(0, [STREAMS.corpus, index, draw]);
      for (const kind of TEXT_KINDS) {
        const text = makePictureText(scenes[0], kind, random, 1);
        if (text) yield wholeText(text);
      }
      yield* plainTextLines(scenes[0], random);
      yield* documentTexts(scenes);
    }
  }
}
