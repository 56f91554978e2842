/** `config.json`: defaults, other names of fields, and one clear error for each value that makes no sense. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { readConfig } from '../../model/checkpoint.ts';
import { parseConfig, visionTokens } from '../../model/config.ts';
import { namedLeaves, parameterShapes } from '../../model/parameters.ts';
import { checkTensors } from '../golden/tensors.ts';
import { skipUnlessShared } from '../shared.ts';

type Fields = Record<string, unknown>;

const parse = (text: Fields = {}, vision: Fields = {}, top: Fields = {}) =>
  parseConfig({ text_config: text, vision_config: vision, ...top });

test('absent fields are those of the published model', () => {
  const { text, vision, latentQueryNum } = parse();
  assert.equal(text, {
    vocabSize: 65037,
    maxPositionEmbeddings: 2048,
    embedDim: 2048,
    layers: 24,
    ffnDim: 8192,
    attentionHeads: 32,
    activation: 'gelu',
    layerNormEps: 1e-5,
    scaleEmbedding: true,
    padTokenId: 1,
    bosTokenId: 0,
    eosTokenId: 2,
    noRepeatNgramSize: 0,
  });
  assert.equal(vision, {
    hiddenSize: 1024,
    intermediateSize: 4096,
    layers: 24,
    attentionHeads: 16,
    channels: 3,
    imageSize: 224,
    patchSize: 14,
    activation: 'quick_gelu',
    layerNormEps: 1e-5,
  });
  assert.is(latentQueryNum, 64);
  assert.is(visionTokens(vision), 257);
});

test('the general names of fields stand in for the special ones', () => {
  const { text } = parse({ hidden_size: 64, num_attention_heads: 4, num_hidden_layers: 3, embed_dim: null });
  assert.equal([text.embedDim, text.attentionHeads, text.layers], [64, 4, 3]);
});

const counts = ['vocab_size', 'max_position_embeddings', 'embed_dim', 'layers', 'ffn_dim', 'attention_heads'];
const visionCounts = [
  'hidden_size',
  'intermediate_size',
  'num_hidden_layers',
  'num_attention_heads',
  'num_channels',
  'image_size',
  'patch_size',
];

test('a size that is no whole number above 0', () => {
  for (const value of [0, -1, 1.5, '64', Number.NaN, 2 ** 60, [], true]) {
    for (const name of counts)
      assert.throws(() => parse({ [name]: value }), new RegExp(`text_config: ${name} must be a whole number ≥ 1`));
    for (const name of visionCounts)
      assert.throws(() => parse({}, { [name]: value }), new RegExp(`vision_config: ${name} must be a whole number`));
    assert.throws(() => parse({}, {}, { latent_query_num: value }), /config.json: latent_query_num must be/);
  }
});

test('other fields with a wrong value', () => {
  const wrong: [Fields, Fields, Fields, RegExp][] = [
    [{ pad_token_id: -1 }, {}, {}, /pad_token_id must be a whole number ≥ 0, found -1/],
    [{ bos_token_id: 'x' }, {}, {}, /bos_token_id must be/],
    [{ eos_token_id: 0.5 }, {}, {}, /eos_token_id must be/],
    [{ no_repeat_ngram_size: -3 }, {}, {}, /no_repeat_ngram_size must be/],
    [{ layer_norm_eps: 0 }, {}, {}, /text_config: layer_norm_eps must be a positive number, found 0/],
    [{}, { layer_norm_eps: '1e-5' }, {}, /vision_config: layer_norm_eps must be a positive number/],
    [
      { activation_function: 'swish' },
      {},
      {},
      /activation_function must be "gelu", "quick_gelu" or "relu", found "swish"/,
    ],
    [{}, { hidden_act: 3 }, {}, /hidden_act must be/],
    [{ scale_embedding: 1 }, {}, {}, /scale_embedding must be true or false/],
    [{ add_cross_attention: true }, {}, {}, /add_cross_attention must be false/],
    [{ embed_dim: 80, attention_heads: 3 }, {}, {}, /attention_heads must be such that the width 80 divides/],
    [{ embed_dim: 24, attention_heads: 5 }, {}, {}, /divides into heads/],
    [{ embed_dim: 264, attention_heads: 2 }, {}, {}, /heads of at most 128/],
    [{ embed_dim: 512, attention_heads: 2 }, {}, {}, /at most 128/],
    [{}, { hidden_size: 64, num_attention_heads: 5 }, {}, /num_attention_heads must be such that the width 64/],
    [{}, { image_size: 225 }, {}, /image_size must be a multiple of patch_size \(14\), found 225/],
    [{}, {}, { tie_word_embeddings: false }, /tie_word_embeddings must be true/],
    [{}, {}, { model_type: 'llava' }, /model_type must be "kosmos-2", found "llava"/],
  ];
  for (const [text, vision, top, message] of wrong) assert.throws(() => parse(text, vision, top), message);
});

test('what is no configuration at all', () => {
  assert.throws(() => parseConfig(null, 'm/config.json'), /^m\/config.json: expected an object$/);
  assert.throws(() => parseConfig([]), /expected an object/);
  assert.throws(() => parseConfig({ vision_config: {} }), /config.json: text_config: expected an object/);
  assert.throws(() => parseConfig({ text_config: {}, vision_config: 7 }), /vision_config: expected an object/);
});

test('a file that is missing or broken is named', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'config-'));
  try {
    const message = () => readConfig(folder).then(String, (error: Error) => error.message);
    assert.match(await message(), /config\.json/);
    await writeFile(join(folder, 'config.json'), '{"text_config": {');
    assert.match(await message(), /config\.json is no valid JSON/);
    await writeFile(join(folder, 'config.json'), '{"text_config": {"layers": 0}, "vision_config": {}}');
    assert.match(await message(), /config\.json: text_config: layers must be/);
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('the full-size model has 885 tensors with 1,664,485,376 values', () => {
  const shapes = [...namedLeaves(parameterShapes(parse())).values()];
  assert.is(shapes.length, 885);
  assert.is(
    shapes.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0),
    1_664_485_376,
  );
});

skipUnlessShared(test, 'goldens/model', 'names and shapes of the full-size checkpoint', async (path) => {
  const cases = await checkTensors(path);
  assert.is(cases.length, 4);
  assert.equal(
    cases.filter(({ ok }) => !ok),
    [],
  );
});

test.run();
