/** The words of train-parser's command line. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { parseTrainParserArguments } from '../../cli/train-parser-arguments.ts';

const refused = (words: string, message: RegExp) =>
  assert.throws(() => parseTrainParserArguments(words.split(' ').filter(Boolean)), message);

test('a training', () => {
  assert.equal(
    parseTrainParserArguments(['--data', 'ewt', '--out', 'runs/parser', '--steps', '9', '--resume', '--json']),
    {
      data: 'ewt',
      task: {
        kind: 'train',
        out: 'runs/parser',
        config: null,
        steps: 9,
        seed: undefined,
        resume: true,
        adapter: 'auto',
      },
      json: true,
    },
  );
});

test('scores of a parser', () => {
  const given = parseTrainParserArguments(['--data', 'ewt', '--score', 'shipped']);
  assert.equal(given, { data: 'ewt', task: { kind: 'score', folder: 'shipped' }, json: false });
  assert.is(parseTrainParserArguments(['-h']), 'help');
});

test('what is refused', () => {
  refused('', /--data FOLDER is needed/);
  refused('--data ewt', /--out FOLDER is needed, or --score FOLDER/);
  refused('--data ewt --score x --steps 3', /--score excludes --steps/);
  refused('--data ewt --out x --steps 0', /--steps takes a whole number of at least 1, not "0"/);
  refused('--data= --out x', /--data is empty/);
  refused('ewt --out x', /"ewt" is not expected/);
});

test.run();
