/** The command `golden` and its checkers notice what is wrong: right, altered and broken folders. */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Processor } from '../../data/processor.ts';
import { parseConfig } from '../../model/config.ts';
import { namedLeaves, parameterShapes } from '../../model/parameters.ts';
import { smallTokenizer, TEXT_GOLDENS } from '../data/small-tokenizer.ts';
import { NOT_CHECKED } from './checkers.ts';
import type { Json } from './json.ts';
import { golden } from './run-command.ts';

const root = mkdtempSync(join(tmpdir(), 'golden-'));
test.after(() => rmSync(root, { recursive: true }));

const [UNCHECKED] = Object.keys(NOT_CHECKED);

function folderWith(name: string, files: Record<string, unknown>): string {
  const folder = join(root, name);
  mkdirSync(folder, { recursive: true });
  for (const [file, content] of Object.entries(files)) {
    writeFileSync(join(folder, file), typeof content === 'string' ? content : JSON.stringify(content));
  }
  return folder;
}

function fullSizeTensors(): Record<string, number[]> {
  const shapes = namedLeaves(parameterShapes(parseConfig({ text_config: {}, vision_config: {} })));
  return Object.fromEntries([...shapes].map(([name, { shape }]) => [name, [...shape]]));
}

/** A folder with every kind of text golden, made with the small tokenizer, which it names by a path as links are stored. */
function textFolder(name: string, alter: (files: Record<string, Json>) => void = () => {}): string {
  cpSync(TEXT_GOLDENS, join(root, 'tokenizer'), { recursive: true });
  const tokenizer = smallTokenizer();
  const text = '<phrase> a dog</phrase>';
  const { inputIds, attentionMask } = new Processor(tokenizer).process(text, { bboxes: [{ patch: [1, 6] }] });
  const result = { input_ids: inputIds[0], attention_mask: attentionMask[0] };
  const boxed = `${text}<object> <patch_index_0001> <patch_index_0006> </object>`;
  const files: Record<string, Json> = {
    'tokenizer.json': '../tokenizer/tokenizer.json',
    'ids.json': [{ text: 'a dog', ids: tokenizer.encode('a dog'), decoded: 'a dog' }],
    'prompts.json': {
      cases: [
        {
          id: 'p',
          text,
          images: null,
          bboxes: [{ patch: [1, 6] }],
          options: {},
          expect: result,
          text_with_boxes: boxed,
        },
        { id: 'q', text, images: null, bboxes: [], options: { padding: 'max_length' }, error: {} },
      ],
    },
    'processor.json': [{ text, bboxes: [{ patches: [1, 6] }], image: false, expected: result }],
    'boxes.json': JSON.parse(readFileSync(join(TEXT_GOLDENS, 'boxes.json'), 'utf8')),
    'postprocess.json': {
      sequences: [
        { ids: tokenizer.encode('a dog.'), decoded: 'a dog.', caption: 'a dog.', text: 'a dog.', entities: [] },
      ],
    },
    [UNCHECKED]: {},
    'tensors-full.json': fullSizeTensors(),
  };
  alter(files);
  return folderWith(name, files);
}

test('a folder that agrees', () => {
  const folder = textFolder('good');
  const { code, report, errors } = golden(folder);
  assert.equal(
    report.cases.filter((one) => !one.ok),
    [],
  );
  assert.is(code, 0);
  assert.is(report.ok, true);
  assert.is(report.folder, folder);
  assert.is(report.cases.length, 4 + 3 + 1 + 2 * 261 + 205 + 104 + 4 + 4);
  assert.equal(
    report.notChecked.map(({ file }) => file),
    [UNCHECKED],
  );
  assert.match(errors, /847 of 847 cases/);
});

test('each altered value is noticed, and nothing else', () => {
  const folder = textFolder('altered', (files) => {
    files['ids.json'][0].ids.push(4);
    files['prompts.json'].cases[0].expect = { ...files['prompts.json'].cases[0].expect, input_ids: [0] };
    files['prompts.json'].cases[1].options = {};
    files['processor.json'][0].expected = { input_ids: [], attention_mask: [] };
    files['boxes.json'].coordinate_to_index[3].hf_ceil = [264, 528];
    files['boxes.json'].iou[0].iou += 1e-6;
    files['postprocess.json'].sequences[0].entities = [{ name: 'a dog', span: [0, 5], boxes: [] }];
    const { 'text_model.model.layer_norm.bias': moved, ...others } = files['tensors-full.json'];
    files['tensors-full.json'] = { ...others, 'text_model.model.norm.bias': moved };
    files['tensors-full.json']['text_model.model.layer_norm.weight'] = [2047];
  });
  const { code, report } = golden(folder, '--json');
  assert.is(code, 1);
  assert.is(report.ok, false);
  assert.equal(
    report.cases.filter((one) => !one.ok).map((one) => one.name),
    [
      'ids.json row 0 encode',
      'ids.json row 0 decode',
      'ids.json row 0 decode without clean-up',
      'ids.json row 0 decode as a stream',
      'prompts.json p',
      'prompts.json q',
      'processor.json 0',
      'boxes.json coordinate_to_index 3 hf_ceil',
      'boxes.json iou 0',
      'postprocess.json sequences 0 entities',
      'tensors-full.json names that the model lacks',
      'tensors-full.json names that only the model has',
      'tensors-full.json shapes of 884 names',
    ],
  );
});

test('a broken file is a failed case', () => {
  const { code, report } = golden(folderWith('broken', { 'boxes.json': '{', 'ids.json': [] }), '--json');
  assert.is(code, 1);
  const details = report.cases.map(({ name, ok, detail }) => [name, ok, detail?.includes('boxes.json')]);
  assert.equal(details.sort(), [
    ['boxes.json', false, true],
    ['ids.json', false, undefined],
  ]);
});

test('files of a model without the model are one failed case each', () => {
  const files = { 'forward.safetensors': '', 'generation.json': '{}', 'expected.json': '{}' };
  const { code, report } = golden(folderWith('without-model', files), '--json');
  assert.is(code, 1);
  assert.equal(
    report.cases.map(({ name, ok }) => [name, ok]),
    Object.keys(files).map((name) => [name, false]),
  );
});

test('a tokenizer that is missing or named', () => {
  const texts = { texts: [{ input: ' a', caption: ' a', text: 'a', entities: [] }] };
  const ids = [{ text: 'a', ids: [10], decoded: 'a' }];
  const bare = mkdtempSync(join(tmpdir(), 'golden-bare-'));
  writeFileSync(join(bare, 'postprocess.json'), JSON.stringify(texts));
  writeFileSync(join(bare, 'ids.json'), JSON.stringify(ids));
  const without = golden(bare).report.cases;
  const named = golden(bare, '--tokenizer', join(TEXT_GOLDENS, 'tokenizer.json'));
  rmSync(bare, { recursive: true });
  assert.equal(
    without.filter((one) => !one.ok).map(({ name, detail }) => [name, detail?.startsWith('no tokenizer.json')]),
    [['ids.json', true]],
  );
  assert.is(named.code, 0);
});

test('wrong usage ends with 2 and one line', () => {
  const empty = folderWith('empty', { 'README.md': '' });
  const model = folderWith('model', { 'config.json': '{}', 'model.safetensors': '' });
  const wrong: [string[], RegExp][] = [
    [[], /one folder is expected/],
    [['/nowhere'], /\/nowhere is no folder/],
    [[empty], /holds no file that can be checked/],
    [[model], /model holds no file that can be checked/],
    [[empty, '--adapter', 'cuda'], /--adapter takes/],
    [[empty, '--what'], /--what/],
  ];
  for (const [words, message] of wrong) {
    const { code, errors } = golden(...words);
    assert.is(code, 2, words.join(' '));
    assert.match(errors, message);
  }
  assert.is(golden('--help').code, 0);
});

test.run();
