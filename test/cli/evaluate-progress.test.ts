/** The progress of an evaluation. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { EvaluateProgress } from '../../cli/evaluate-progress.ts';

function progressOn(output: { isTTY: boolean; columns?: number }) {
  const written: string[] = [];
  let now = 0;
  const progress = new EvaluateProgress('vqa', { write: (text) => written.push(text), ...output }, () => now);
  const reportAt = (time: number, done: number, tokens: number) => {
    now = time;
    progress.report({ done, count: 2000, answered: done, tokens });
  };
  return { written, progress, reportAt };
}

test('a terminal gets a bar with time left and tokens a second', () => {
  const { written, reportAt, progress } = progressOn({ isTTY: true, columns: 100 });
  reportAt(0, 0, 0);
  assert.is(written.at(-1), `\r${'░'.repeat(20)} vqa 0/2,000\x1b[K`);
  reportAt(2000, 100, 900);
  reportAt(4000, 200, 1800);
  assert.is(written.at(-1), `\r██${'░'.repeat(18)} vqa 200/2,000 · 36 s left · 450 tokens/s\x1b[K`);
  progress.clear();
  assert.is(written.at(-1), '\r\x1b[K');
});

test('rows of an earlier run do not count for the pace', () => {
  const { written, reportAt } = progressOn({ isTTY: true, columns: 100 });
  reportAt(0, 1000, 0);
  reportAt(1000, 1010, 100);
  assert.match(written.at(-1)!, /1,010\/2,000 · 1 min 39 s left · 100 tokens/);
});

test('elsewhere a line comes now and then; a narrow terminal leaves parts out', () => {
  const log = progressOn({ isTTY: false });
  for (let second = 0; second <= 30; second++) log.reportAt(1000 * second, second, 10 * second);
  assert.is(log.written.length, 3);
  assert.match(log.written[0], /^vqa 10\/2,000 · 33 min 10 s left · 10 tokens\/s\n$/);
  const narrow = progressOn({ isTTY: true, columns: 50 });
  narrow.reportAt(0, 0, 0);
  narrow.reportAt(1000, 100, 100);
  assert.ok(narrow.written.at(-1)!.includes('vqa 100/2,000 · 19 s left\x1b'));
});

test.run();
