/** The order of a corpus' records: every record once an epoch, shuffled by seed, and to be gone on with from any place. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { DataFile } from '../../../data/corpora/data-files.ts';
import {
  type Cursor,
  type EpochEnd,
  FIRST,
  type OrderedRecord,
  orderedRecords,
  randomOfRecord,
} from '../../../data/corpora/order.ts';
import { Unusable } from '../../../data/corpora/problems.ts';
import { temporaryFolder } from '../grit/files.ts';

const folder = temporaryFolder();
test.after(folder.remove);

const COUNTS = [7, 1, 12, 4];
const ALL = COUNTS.reduce((sum, count) => sum + count);
const files: DataFile[] = COUNTS.map((count, file) => {
  const lines = Array.from({ length: count }, (_, line) => `{"name": "${file}.${line}"}\n`);
  return { path: folder.file(`${file}.jsonl`, lines.join('')), format: 'jsonl' };
});

type Item = OrderedRecord | EpochEnd;

async function read(count: number, window: number, { seed = 1, from = FIRST, of = files } = {}): Promise<Item[]> {
  const items: Item[] = [];
  const order = orderedRecords(of, from, { seed, window });
  while (items.length < count) items.push((await order.next()).value);
  await order.return(undefined);
  return items;
}

function name({ record }: Item): string {
  if (record === null) return 'end';
  return record.content instanceof Unusable ? record.content.reason : String(record.content.name);
}

test('without a window the order is that of the files', async () => {
  const names = (await read(ALL + 2, 0)).map(name);
  const expected = COUNTS.flatMap((count, file) => Array.from({ length: count }, (_, line) => `${file}.${line}`));
  assert.equal(names, [...expected, 'end', '0.0']);
});

test('every record once an epoch, in another order each time and for each seed', async () => {
  for (const window of [1, 5, 100]) {
    const names = (await read(2 * ALL + 2, window)).map(name);
    const [first, second] = [names.slice(0, ALL), names.slice(ALL + 1, 2 * ALL + 1)];
    assert.equal([names[ALL], names[2 * ALL + 1]], ['end', 'end']);
    assert.is(new Set(first).size, ALL);
    assert.equal([...second].sort(), [...first].sort());
    assert.not.equal(second, first);
    const other = (await read(ALL, window, { seed: 2 ** 40 + 1 })).map(name);
    assert.equal([...other].sort(), [...first].sort());
    assert.not.equal(other, first);
  }
});

test('only what is in a window is shuffled', async () => {
  const one = [files[2]!];
  const names = (await read(12, 5, { of: one })).map((item) => Number(name(item).slice(2)));
  assert.not.equal(
    names,
    [...names].sort((a, b) => a - b),
  );
  assert.equal(
    names.map((line) => Math.floor(line / 5)),
    [0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 2, 2],
  );
});

test('the order goes on from any place, through JSON', async () => {
  for (const window of [0, 1, 5, 100]) {
    const count = 2 * ALL + 5;
    const all = await read(count, window);
    for (const [index, { next }] of all.slice(0, -1).entries()) {
      const from: Cursor = JSON.parse(JSON.stringify(next));
      const rest = await read(Math.min(9, count - index - 1), window, { from });
      assert.equal(rest, all.slice(index + 1, index + 10), `window ${window}, behind ${index}`);
    }
  }
});

test('the place of a record gives that record', async () => {
  for (const item of await read(2 * ALL, 5)) {
    if (item.record !== null) assert.equal((await read(1, 5, { from: item.at }))[0], item);
  }
});

test('choices about a record depend on it and the epoch, not on the order', async () => {
  const draws = async (window: number) => {
    const items = (await read(2 * ALL + 1, window)).filter((item) => item.record !== null) as OrderedRecord[];
    return new Map(items.map((item) => [`${item.at.epoch} ${name(item)}`, randomOfRecord(1, item).below(1 << 30)]));
  };
  const [shuffled, plain] = [await draws(5), await draws(0)];
  assert.is(new Set(plain.values()).size, 2 * ALL);
  for (const [key, value] of plain) assert.is(shuffled.get(key), value);
});

test('a file that cannot be read is told of once an epoch, the others are read', async () => {
  const of: DataFile[] = [{ path: `${folder.path}/gone.jsonl`, format: 'jsonl' }, files[1]!];
  const items = await read(6, 10, { of });
  assert.equal(items.slice(0, 3).map(name).sort(), ['1.0', 'end', 'file that cannot be read']);
  assert.is(name(items[5]!), 'end');
});

test('a file that became shorter is told of', async () => {
  const from = { ...FIRST, place: { offset: 10_000, number: 3 } };
  const [first] = await read(1, 0, { from });
  assert.is(name(first!), 'file that cannot be read');
});

test.run();
