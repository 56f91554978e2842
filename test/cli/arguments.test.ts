/** The words of the command `infer`: what they mean, and what is refused. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type InferArguments, parseInferArguments } from '../../cli/arguments.ts';
import { UsageError } from '../../cli/command.ts';

function parsed(...words: string[]): InferArguments {
  const result = parseInferArguments(words);
  if (typeof result === 'string') throw new Error(`parsed as ${result}`);
  return result;
}

test('a picture alone asks for a grounded caption from the shipped model', () => {
  const { question, ...rest } = parsed('a.png');
  assert.equal(rest, { image: 'a.png', model: null, dtype: 'f32', adapter: 'auto', out: null, form: 'text' });
  assert.is(question.prompt, '<grounding>An image of');
  for (const name of ['boxes', 'sampling', 'beams', 'maxNewTokens', 'noRepeatNgram', 'literalTags'] as const)
    assert.is(question[name], undefined, name);
});

test('every option is read', () => {
  const given = parsed(
    ...['a.png', '--prompt', ' x ', '--model', 'owner/name', '--dtype', 'f16', '--adapter', 'swiftshader'],
    ...['--max-new-tokens', '7', '--no-repeat-ngram', '0', '--temperature', '.7', '--top-p', '1', '--seed', '3'],
    ...['--out', 'B.PNG', '--json'],
  );
  assert.equal(given, {
    image: 'a.png',
    model: 'owner/name',
    dtype: 'f16',
    adapter: 'swiftshader',
    out: 'B.PNG',
    form: 'json',
    question: {
      prompt: ' x ',
      maxNewTokens: 7,
      noRepeatNgram: 0,
      beams: undefined,
      sampling: { temperature: 0.7, topP: 1, seed: 3 },
    },
  });
  assert.is(parsed('a.png', '--beams', '5').question.beams, 5);
  assert.is(parsed('a.png', '--markdown').form, 'markdown');
  assert.is(parseInferArguments(['--help']), 'help');
  assert.is(parseInferArguments(['-h', 'a.png']), 'help');
  assert.is(parseInferArguments(['--version']), 'version');
});

test('literal tags leave the prompt as it is, behind the tag that asks for boxes', () => {
  const { prompt, prefix, literalTags } = parsed('a.png', '--literal-tags', '--prompt', '<phrase>x').question;
  assert.equal([prompt, prefix, literalTags], ['<phrase>x', '<grounding>', true]);
  assert.is(parsed('a.png', '--literal-tags').question.prompt, 'An image of');
});

test('a box marks its phrase in the prompt', () => {
  const { prompt, boxes } = parsed(
    'a.png',
    '--prompt',
    '<grounding>A dog by a fire',
    '--box',
    'a fire=0,0,.5,1',
  ).question;
  assert.is(prompt, '<grounding>A dog by <phrase>a fire</phrase>');
  assert.equal(boxes, [[{ box: [0, 0, 0.5, 1] }]]);
});

test('boxes of one phrase add up, and without a prompt the model goes on after it', () => {
  const one = parsed('a.png', '--box', 'It=0,0,1,1', '--box', ' It =0,0,.5,.5').question;
  assert.is(one.prompt, '<grounding><phrase>It</phrase> is');
  assert.equal(one.boxes, [[{ box: [0, 0, 1, 1] }, { box: [0, 0, 0.5, 0.5] }]]);
  const two = parsed('a.png', '--box', 'a=b=0,0,1,1', '--box', 'the cat=0,0,.5,.5').question;
  assert.is(two.prompt, '<grounding><phrase>a=b</phrase> and<phrase>the cat</phrase> are');
  assert.is(two.boxes?.length, 2);
});

const REFUSED: [words: string[], message: RegExp][] = [
  [[], /^an image file is expected$/],
  [['a.png', 'b.png'], /^one image file is expected, not 2: a\.png, b\.png$/],
  [['a.png', '--foo'], /^Unknown option '--foo'$/],
  [['a.png', '--prompt'], /--prompt/],
  [['a.png', '--prompt', ''], /^the prompt is empty$/],
  [['a.png', '--prompt', ' \n'], /^the prompt is empty$/],
  [['a.png', '--dtype', 'f64'], /^--dtype takes f32, f16, not "f64"$/],
  [['a.png', '--adapter', 'cuda'], /^--adapter takes auto, system, swiftshader, not "cuda"$/],
  [['a.png', '--model', ''], /^--model is empty$/],
  [['a.png', '--beams', '0'], /^--beams takes a whole number from 1 to 32, not "0"$/],
  [['a.png', '--beams', '33'], /from 1 to 32/],
  [['a.png', '--beams', '2', '--seed', '1'], /exclude/],
  [['a.png', '--max-new-tokens', '0'], /^--max-new-tokens takes a whole number of at least 1, not "0"$/],
  [['a.png', '--max-new-tokens', '1.5'], /whole number/],
  [['a.png', '--max-new-tokens', '1e3'], /whole number/],
  [['a.png', '--max-new-tokens', '99999999999999999999'], /whole number/],
  [['a.png', '--no-repeat-ngram=-1'], /^--no-repeat-ngram takes a whole number of at least 0, not "-1"$/],
  [
    ['a.png', '--temperature', '-1'],
    /^--temperature takes a value; one that begins with a dash is written --temperature=…$/,
  ],
  [['a.png', '--temperature', '0'], /^--temperature takes a number above 0, not "0"$/],
  [['a.png', '--temperature', 'warm'], /number above 0/],
  [['a.png', '--temperature', ''], /number above 0/],
  [['a.png', '--top-p', '1.1'], /^--top-p takes a number above 0 and at most 1, not "1\.1"$/],
  [['a.png', '--seed', 'x'], /^--seed takes a whole number/],
  [['a.png', '--out', 'x.jpg'], /^--out writes PNG: "x\.jpg" does not end in \.png$/],
  [['a.png', '--out', '.png'], /--out writes PNG/],
  [['a.png', '--json', '--markdown'], /exclude each other/],
  [['a.png', '--box', 'dog'], /^--box "dog": PHRASE=x1,y1,x2,y2 is expected$/],
  [['a.png', '--box', '=0,0,1,1'], /PHRASE=x1,y1,x2,y2 is expected/],
  [['a.png', '--box', 'dog=0,0,1'], /PHRASE=x1,y1,x2,y2 is expected/],
  [['a.png', '--box', 'dog=0,0,1,'], /PHRASE=x1,y1,x2,y2 is expected/],
  [['a.png', '--box', '<b>=0,0,1,1'], /PHRASE=x1,y1,x2,y2 is expected/],
  [['a.png', '--box', 'dog=0,0,1,1.5'], /from 0 to 1/],
  [['a.png', '--box', 'dog=.5,0,.4,1'], /x2 > x1/],
  [['a.png', '--box', 'zebra=0,0,1,1', '--prompt', 'a dog'], /the prompt "a dog" does not have the phrase "zebra"/],
  [['a.png', '--box', 'do=0,0,1,1', '--prompt', 'a dog'], /does not have the phrase "do"/],
  [['a.png', '--box', 'dog=0,0,1,1', '--literal-tags'], /--literal-tags forbids/],
];

for (const [words, message] of REFUSED) {
  test(`refused: ${JSON.stringify(words.join(' '))}`, () => {
    try {
      parseInferArguments(words);
    } catch (error) {
      assert.instance(error, UsageError);
      assert.match((error as Error).message, message);
      assert.not.match((error as Error).message, /\n/);
      return;
    }
    assert.unreachable('it was accepted');
  });
}

test.run();
