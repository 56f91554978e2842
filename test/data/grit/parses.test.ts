/** Reading parses of other tools: offsets, several sentences, words written as one, and what is wrong with them. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { dependencyTree, ParseError, type Token } from '../../../data/grit/parse.ts';
import { schemeOf } from '../../../data/grit/schemes.ts';
import { countsOf, parsesIn, sentence, temporaryFolder } from './files.ts';

const folder = temporaryFolder();
test.after(folder.remove);

test('a CoNLL-U file without documents: every sentence is a caption, offsets are found in code points', async () => {
  const path = folder.file(
    'plain.conllu',
    `# sent_id = one\n# text = 🐕 dogs, dogs\r\n${sentence('🐕 🐕 SYM 2 discourse', 'dogs dog NOUN 0 root', ', , PUNCT 4 punct', 'dogs dog NOUN 2 conj')}` +
      `\n\n${sentence('A a DET 2 det', 'cat _ NOUN 0 root SpaceAfter=No', '. . PUNCT 2 punct')}`,
  );
  const { parses, problems } = await parsesIn(path);
  assert.equal(countsOf(problems), {});
  assert.equal(
    parses.map(({ id, caption }) => [id, caption]),
    [
      ['one', '🐕 dogs, dogs'],
      ['1', 'A cat.'],
    ],
  );
  assert.equal(
    parses[0]!.tokens.map(({ start, end }) => [start, end]),
    [
      [0, 1],
      [2, 6],
      [6, 7],
      [8, 12],
    ],
  );
  assert.is(parses[1]!.tokens[1]!.lemma, 'cat', 'a missing lemma is the form');
  assert.is(parses[0]!.scheme, 'ud');
});

test('documents with several sentences: heads are counted through the caption', async () => {
  const path = folder.file(
    'documents.conllu',
    `# newdoc id = two\n# caption = Dogs. A cat\n${sentence('Dogs dog NOUN 0 root', '. . PUNCT 1 punct')}${sentence('A a DET 2 det', 'cat cat NOUN 0 root')}` +
      `# newdoc id = next\n# caption = it\n${sentence('it it PRON 0 root TokenRange=0:2')}`,
  );
  const { parses } = await parsesIn(path);
  assert.equal(
    parses.map(({ id, tokens }) => [id, ...tokens.map(({ head }) => head)]),
    [
      ['two', -1, 0, 3, -1],
      ['next', -1],
    ],
  );
  assert.equal([parses[0]!.tokens[3]!.start, parses[0]!.tokens[3]!.end], [8, 11]);
});

test('words written as one share their place; empty nodes are passed over', async () => {
  const rows = [
    "1-2\tdon't\t_\t_\t_\t_\t_\t_\t_\t_",
    '1\tdo\tdo\tAUX\t_\t_\t0\troot\t_\t_',
    "2\tn't\tnot\tPART\t_\t_\t1\tadvmod\t_\t_",
    '2.1\tx\tx\tX\t_\t_\t_\t_\t_\t_',
    '3-4\tzum\t_\t_\t_\t_\t_\t_\t_\tstart_char=6|end_char=9',
    '3\tzu\tzu\tADP\t_\t_\t4\tcase\t_\t_',
    '4\tdem\tdem\tDET\t_\t_\t1\tobl\t_\t_',
  ];
  const { parses, problems } = await parsesIn(folder.file('shared.conllu', `${rows.join('\n')}\n`));
  assert.equal(countsOf(problems), {});
  assert.is(parses[0]!.caption, "don't zum");
  assert.equal(
    parses[0]!.tokens.map(({ start, end }) => [start, end]),
    [
      [0, 2],
      [2, 5],
      [6, 9],
      [6, 9],
    ],
  );
});

test('what is wrong with a caption costs that caption alone', async () => {
  const good = sentence('dog dog NOUN 0 root');
  const wrong: [name: string, text: string, why: RegExp][] = [
    ['columns', '1\tdog\tdog\n\n', /3 columns/],
    ['head', sentence('dog dog NOUN _ root'), /no head/],
    ['outside', sentence('dog dog NOUN 3 root'), /outside/],
    ['order', `2\tdog\tdog\tNOUN\t_\t_\t0\troot\t_\t_\n\n`, /word 2 where 1/],
    ['form', `# caption = cat\n${good}`, /"dog" is not in the caption/],
    ['offsets', `# caption = dog\n${sentence('dog dog NOUN 0 root start_char=1|end_char=9')}`, /1–9/],
  ];
  const text = wrong.map(([name, lines]) => `# newdoc id = ${name}\n${lines}# newdoc id = fine\n${good}`).join('');
  const { parses, problems } = await parsesIn(folder.file('wrong.conllu', text));
  assert.equal(
    parses.map(({ id }) => id),
    wrong.map(() => 'fine'),
  );
  const [malformed] = problems.list();
  assert.is(malformed!.kind, 'parse-malformed');
  assert.is(malformed!.count, wrong.length);
  assert.is(malformed!.first.length, 3);
  for (const [name, lines, why] of wrong) {
    const one = await parsesIn(folder.file('one.conllu', `# newdoc id = ${name}\n${lines}`));
    assert.match(one.problems.list()[0]!.first[0]!, why);
  }
});

test('heads that are no tree', () => {
  const token = (head: number): Token => ({
    form: 'a',
    lemma: 'a',
    upos: 'X',
    relation: 'dep',
    head,
    start: 0,
    end: 1,
  });
  assert.throws(
    () => dependencyTree([token(1), token(0)]),
    (error: Error) => error instanceof ParseError && /circle/.test(error.message),
  );
  assert.throws(() => dependencyTree([token(7)]), /outside/);
  const chain = dependencyTree(Array.from({ length: 50_000 }, (_, index) => token(index - 1)));
  assert.is(chain.rightEdge[0], 49_999, 'depth is no limit');
});

test('spaCy JSON as lines, as a list and as one printed document', async () => {
  const document = (text: string, more = {}) => ({
    ...more,
    text,
    tokens: [{ id: 0, start: 0, end: text.length, pos: 'NOUN', lemma: text, dep: 'ROOT', head: 0 }],
  });
  const lines = folder.file(
    'lines.json',
    `${JSON.stringify(document('dog', { id: 'first' }))}\n\n${JSON.stringify(document('cat'))}\n{"text": 1}\nnonsense\n`,
  );
  const { parses, problems } = await parsesIn(lines);
  assert.equal(
    parses.map(({ id, caption, scheme }) => [id, caption, scheme]),
    [
      ['first', 'dog', 'clear'],
      ['1', 'cat', 'clear'],
    ],
  );
  assert.equal(parses[0]!.tokens[0]!.head, -1);
  assert.equal(countsOf(problems), { 'parse-malformed': 2 });
  for (const content of [[document('dog')], document('dog')]) {
    const whole = await parsesIn(folder.file('whole.json', JSON.stringify(content, null, 2)));
    assert.equal(
      whole.parses.map(({ caption }) => caption),
      ['dog'],
    );
  }
  const unparsed = document('dog');
  unparsed.tokens[0]!.dep = '';
  const none = await parsesIn(folder.file('unparsed.json', JSON.stringify([unparsed])));
  assert.match(none.problems.list()[0]!.first[0]!, /was not parsed/);
});

test('labels tell whose they are', () => {
  assert.is(schemeOf(['nsubj', 'nsubj:pass', 'root'], 'clear'), 'ud');
  assert.is(schemeOf(['prep', 'pobj', 'ROOT'], 'ud'), 'clear');
  assert.is(schemeOf(['det', 'ROOT'], 'clear'), 'clear');
});

test('a file that cannot be read', async () => {
  try {
    await parsesIn(`${folder.path}/absent`);
    assert.unreachable();
  } catch (error) {
    assert.match((error as Error).message, /Cannot open .*absent/);
  }
  assert.equal((await parsesIn(folder.file('empty', ''))).parses, []);
  try {
    await parsesIn(folder.file('broken.json', '[{'));
    assert.unreachable();
  } catch (error) {
    assert.match((error as Error).message, /broken\.json is no valid JSON/);
  }
});

test.run();
