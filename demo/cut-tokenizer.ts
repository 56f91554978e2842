/**
 * Cuts the demo's small tokenizer out of the published one of KOSMOS-2 (`tokenizer.json` of microsoft/kosmos-2-patch14-224):
 *
 *     npx tsx demo/cut-tokenizer.ts PATH/tokenizer.json > demo/model/tokenizer.json && npm run format
 *
 * It keeps the special tokens, every printable ASCII character, the most frequent pieces of plain letters, the tags, and the
 * location tokens of a 16 x 16 grid.
 */
import { readFileSync } from 'node:fs';
import process from 'node:process';

const FREQUENT_PIECES = 900;
const CELLS = 16 * 16;
const SPECIALS = 4;

interface AddedToken {
  id: number;
  content: string;
}

interface TokenizerFile {
  added_tokens: AddedToken[];
  normalizer: unknown;
  model: { vocab: [piece: string, score: number][] };
}

const full = JSON.parse(readFileSync(process.argv[2], 'utf8')) as TokenizerFile;

// pieces are ordered by falling score, that is by frequency
const pieces = full.model.vocab.slice(SPECIALS).filter(([piece]) => piece !== '<mask>');
const frequent = new Set(
  pieces
    .filter(([piece]) => /^▁?[A-Za-z]?[a-z]+$/.test(piece))
    .slice(0, FREQUENT_PIECES)
    .map(([piece]) => piece),
);
const kept = pieces.filter(([piece]) => frequent.has(piece) || /^▁?[!-~]?$/.test(piece));
const vocab = [...full.model.vocab.slice(0, SPECIALS), ...kept];

let next = vocab.length;
const added = full.added_tokens.flatMap((token): AddedToken[] => {
  if (token.id < SPECIALS) return [token];
  const cell = /^<patch_index_(\d+)>$/.exec(token.content);
  return cell && Number(cell[1]) >= CELLS ? [] : [{ ...token, id: next++ }];
});
// the mask is an added token and, at the end of the vocabulary, a piece
vocab.push(['<mask>', 0]);

const normalizer = { type: 'Replace', pattern: { Regex: ' {2,}' }, content: ' ' };
process.stdout.write(JSON.stringify({ ...full, added_tokens: added, normalizer, model: { ...full.model, vocab } }));
