/** The index of rows: names that share a hash, order, growth, marks. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { RowIndex } from '../../../data/grit/row-index.ts';

test('rows are found by their hash in the order of the file, however many there are', () => {
  const index = new RowIndex();
  for (let row = 0; row < 5000; row++) index.add((row % 2500) * 0x10001 + 0x80000000, row * 2 ** 22, row + 1);
  assert.is(index.size, 5000);
  for (const name of [0, 1, 1023, 1024, 2499]) {
    const rows = index.rows(name * 0x10001 + 0x80000000);
    assert.equal(rows, [name, name + 2500]);
    assert.equal(index.place(rows[1]!), { offset: (name + 2500) * 2 ** 22, length: name + 2501 });
  }
  assert.equal(index.rows(7), []);
});

test('marks stay when the index grows', () => {
  const index = new RowIndex();
  index.add(5, 0, 1);
  index.mark(0);
  for (let row = 1; row < 3000; row++) index.add(5, row, 1);
  assert.ok(index.isMarked(0) && !index.isMarked(1));
  assert.is(index.rows(5).length, 3000);
});

test.run();
