import { readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { CharacterMap } from '../../data/tokenizer/charsmap.ts';
import { cleanUpSpaces, StreamDecoder } from '../../data/tokenizer/decoder.ts';
import { Tokenizer } from '../../data/tokenizer.ts';
import { checkTokenizerIds } from '../golden/tokenizer-ids.ts';
import { skipUnlessShared } from '../shared.ts';
import { readGolden, smallTokenizer } from './small-tokenizer.ts';

const golden = readGolden('tokenizer-cases.json');

for (const [name, variant] of Object.entries<{ patch: object; cases: Row[] }>(golden.variants)) {
  test(`ids and text of the tokenizers library: ${name}`, () => {
    const tokenizer = new Tokenizer({ ...readGolden('tokenizer.json'), ...variant.patch });
    assert.ok(variant.cases.length > 60);
    for (const row of variant.cases) checkRow(tokenizer, row);
  });
}

interface Row {
  text: string;
  ids: number[];
  decoded: string;
  decoded_without_cleanup: string;
  decoded_with_special: string;
}

function checkRow(tokenizer: Tokenizer, row: Row): void {
  const { text, ids } = row;
  assert.equal(tokenizer.encode(text), ids, JSON.stringify(text));
  assert.is(tokenizer.decode(ids), row.decoded);
  assert.is(tokenizer.decode(ids, { cleanUpSpaces: false }), row.decoded_without_cleanup);
  const withSpecial = tokenizer.decode(ids, { cleanUpSpaces: false, skipSpecialTokens: false });
  assert.is(withSpecial, row.decoded_with_special);
  const stream = tokenizer.createStreamDecoder();
  assert.is(ids.map((id) => stream.push(id)).join('') + stream.finish(), row.decoded);
}

test("the character map gives what SentencePiece's normaliser gives", () => {
  const map = new CharacterMap(readGolden('tokenizer.json').normalizer.normalizers[0].precompiled_charsmap);
  for (const [text, expected] of golden.normalized) assert.is(map.normalize(text), expected, JSON.stringify(text));
});

test('special tokens around a text, names and ids', () => {
  const tokenizer = smallTokenizer();
  const ids = tokenizer.encode('a dog');
  assert.equal(tokenizer.encode('a dog', { addSpecialTokens: true }), [0, ...ids, 2]);
  assert.equal([tokenizer.bosId, tokenizer.padId, tokenizer.eosId, tokenizer.unkId], [0, 1, 2, 3]);
  assert.is(tokenizer.idToToken(4), '.');
  assert.is(tokenizer.tokenToId('<patch_index_0015>'), tokenizer.size - 1);
  assert.is(tokenizer.idToToken(tokenizer.size), undefined);
  assert.is(tokenizer.tokenToId('<patch_index_0016>'), undefined);
});

test('names of special tokens and further tags come from tokenizer_config.json', () => {
  const json = readGolden('tokenizer.json');
  const tag = { content: '[NEW]', lstrip: true, rstrip: false, normalized: false, special: false, single_word: false };
  const size = smallTokenizer().size;
  const tokenizer = new Tokenizer(json, {
    bos_token: { content: '<mask>' },
    eos_token: '<pad>',
    clean_up_tokenization_spaces: false,
    added_tokens_decoder: { [size]: tag, 0: { ...tag, content: '<s>' } },
  });
  assert.is(tokenizer.bosId, tokenizer.tokenToId('<mask>'));
  assert.is(tokenizer.eosId, 1);
  assert.is(tokenizer.size, size + 1);
  assert.equal(tokenizer.encode('a  [NEW]'), [...tokenizer.encode('a'), size]);
  assert.is(tokenizer.decode(tokenizer.encode('</object>.')), '</object> .');
});

test('literal tags are ordinary characters', () => {
  const tokenizer = smallTokenizer();
  const tags = new Set(readGolden('tokenizer.json').added_tokens.map((token: { id: number }) => token.id));
  for (const text of ['<phrase> a </phrase>', '<s>hi</s>', '<pad>', '<image>', '<patch_index_0001>', 'a<mask>']) {
    const ids = tokenizer.encode(text, { literalTags: true });
    assert.ok(ids.length > 2);
    assert.ok(
      ids.every((id) => id === 3 || !tags.has(id)),
      text,
    );
  }
  assert.is(tokenizer.decode(tokenizer.encode('a<object>b', { literalTags: true })), 'a<object>b');
  assert.equal(tokenizer.encode('\uff1cs\uff1e'), tokenizer.encode('<s>', { literalTags: true }));
});

test('a stream joins to the decoded text, whatever the tokens, and holds little back', () => {
  const parts = [
    ' ',
    '.',
    '?',
    '!',
    ',',
    "'",
    'n',
    't',
    'm',
    's',
    'v',
    'e',
    'r',
    'a',
    "n't",
    " ' ",
    '  ',
    '<x>',
    'end',
  ];
  let seed = 1;
  const random = (below: number) => {
    seed = (seed * 48271) % 2147483647;
    return seed % below;
  };
  for (let round = 0; round < 20000; round++) {
    const pieces = Array.from({ length: 1 + random(12) }, () => parts[random(parts.length)]);
    const stream = new StreamDecoder((id) => pieces[id], true);
    const text = pieces.map((_, id) => stream.push(id)).join('') + stream.finish();
    assert.is(text, cleanUpSpaces(pieces.join('')), JSON.stringify(pieces));
  }
  const tokenizer = smallTokenizer();
  const stream = tokenizer.createStreamDecoder();
  const ids = tokenizer.encode('An image of<phrase> a dog');
  assert.equal(
    ids.map((id) => stream.push(id)),
    ['An', ' image', ' of', '<phrase>', ' a', ' dog'],
  );
  assert.is(stream.finish(), '');
  assert.is(stream.push(ids[0]), 'An', 'a finished stream begins anew');
});

test('what cannot be used is refused by name', () => {
  const json = readGolden('tokenizer.json');
  const refused = (patch: object, message: RegExp) =>
    assert.throws(
      () => new Tokenizer({ ...json, ...patch }),
      (error: Error) => message.test(error.message),
    );
  refused({ model: { type: 'BPE' } }, /model: the component "BPE" is not supported \(supported: Unigram\)/);
  refused({ model: { ...json.model, byte_fallback: true } }, /byte_fallback/);
  refused({ model: { ...json.model, unk_id: 1e6 } }, /unk_id: 1000000 lies outside/);
  refused({ model: { ...json.model, vocab: [['a']] } }, /vocab\[0\]/);
  refused({ model: null }, /model: an object is expected/);
  refused(
    { normalizer: { type: 'Sequence', normalizers: [{ type: 'Nmt' }] } },
    /normalizer\.normalizers\[0\]: .*"Nmt"/,
  );
  refused({ normalizer: { type: 'Precompiled', precompiled_charsmap: '////' } }, /precompiled_charsmap/);
  refused({ normalizer: { type: 'Precompiled', precompiled_charsmap: '%' } }, /not base64/);
  refused({ normalizer: { type: 'Replace', pattern: { Regex: '(' }, content: '' } }, /no regular expression/);
  refused({ pre_tokenizer: { type: 'ByteLevel' } }, /pre_tokenizer: .*"ByteLevel"/);
  refused({ pre_tokenizer: { type: 'Metaspace', prepend_scheme: 'first' } }, /prepend_scheme: "first"/);
  refused({ post_processor: { type: 'BertProcessing' } }, /post_processor: .*"BertProcessing"/);
  refused({ decoder: { type: 'WordPiece' } }, /decoder: .*"WordPiece"/);
  refused({ added_tokens: [{ id: 1, content: 'x', single_word: true }] }, /single_word/);
  refused({ added_tokens: [{ id: -1, content: 'x' }] }, /added_tokens\[0\]\.id/);
  const twice = ['x', 'y'].map((content) => ({ id: 7, content }));
  refused({ added_tokens: twice }, /id 7 belongs to "x" and to "y"/);
  assert.throws(() => new Tokenizer('a string'), /an object is expected/);
});

test('ids outside the vocabulary and texts that are none are refused', () => {
  const tokenizer = smallTokenizer();
  assert.throws(() => tokenizer.decode([4, 99999]), /id 99999 is not in the vocabulary/);
  assert.throws(() => tokenizer.encode(undefined as unknown as string), /a string is expected/);
  const json = readGolden('tokenizer.json');
  const { unk_id: _, ...model } = json.model;
  assert.throws(() => new Tokenizer({ ...json, model }).encode('☃'), /no unknown token/);
});

test('long texts without a space take time in proportion to their length', () => {
  const tokenizer = smallTokenizer();
  const started = performance.now();
  assert.is(tokenizer.encode('a'.repeat(200_000)).length > 10_000, true);
  assert.is(tokenizer.encode('☃'.repeat(200_000)).length, 2);
  assert.is(tokenizer.encode('<phrase>'.repeat(20_000)).length, 20_000);
  assert.ok(performance.now() - started < 20_000);
});

skipUnlessShared(test, 'tokenizer/ids.json', 'the published vocabulary on 178 texts', async (path) => {
  const folder = path.slice(0, path.lastIndexOf('/'));
  const cases = await checkTokenizerIds(folder, `${folder}/tokenizer.json`);
  assert.is(cases.length, 4 * 178);
  assert.equal(
    cases.filter((one) => !one.ok),
    [],
  );
});

skipUnlessShared(test, 'tokenizer/tokenizer.json', 'the published encodings', (path) => {
  const tokenizer = new Tokenizer(JSON.parse(readFileSync(path, 'utf8')));
  const published: [string, number[]][] = [
    ['Two puppies sit in a field of grass.', [1264, 17772, 1357, 12, 10, 770, 9, 4464, 4]],
    ['? It is', [1235, 67, 17]],
    ['Question: What is special about this image? Answer:', [14895, 55, 352, 17, 667, 57, 38, 1648, 93, 20032, 55]],
    ['. This object is', [106, 4, 126, 3812, 17]],
    ['A man in a blue hard hat and orange safety vest', [95, 242, 12, 10, 1486, 354, 3958, 8, 5195, 1123, 13473]],
    ['</phrase>.', [64008, 106, 4]],
  ];
  for (const [text, ids] of published) assert.equal(tokenizer.encode(text), ids, text);
  assert.equal(tokenizer.encode('a </s> b', { literalTags: true }), [10, 8001, 166, 11, 6785, 3986]);
  assert.equal([tokenizer.size, tokenizer.tokenToId('<patch_index_1023>')], [65037, 65036]);
});

test.run();
