/** Pictures loaded in threads and in place. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { openCorpus, PicturePool } from '../../../data/corpora/index.ts';
import type { LoadedPicture } from '../../../data/corpora/picture.ts';
import { rejects } from '../../rejects.ts';
import { repositoryRoot } from '../../shared.ts';
import { temporaryFolder } from '../grit/files.ts';
import { colors, contextWith, png, take } from './files.ts';

const folder = temporaryFolder();
test.after(folder.remove);

const IMAGES = join(repositoryRoot(), 'test/goldens/images/images');
const files = readdirSync(IMAGES).map((name) => join(IMAGES, name));
const view = { size: 20, squash: false };

/** Every picture, or why there is none, asked for at once. */
function loadAll(pool: PicturePool): Promise<(LoadedPicture | string)[]> {
  const load = (path: string) => pool.load(new Uint8Array(readFileSync(path)), view);
  return Promise.all(files.map((path) => load(path).catch((error: Error) => error.message)));
}

test('threads give what is given in place', async () => {
  const inPlace = new PicturePool(0);
  const threads = new PicturePool(2);
  const expected = await loadAll(inPlace);
  assert.ok(expected.filter((picture) => typeof picture === 'object').length > 20);
  assert.equal(await loadAll(threads), expected);
  assert.is(inPlace.describe(), 'in place: no threads are asked for');
  assert.is(threads.describe(), 'in 2 threads');
  await threads.close();
  await inPlace.close();
});

test('bytes that were given away fail by themselves, and the thread goes on', async () => {
  const pool = new PicturePool(1);
  const bytes = new Uint8Array(png(7));
  const [first, second] = await Promise.allSettled([pool.load(bytes, view), pool.load(bytes, view)]);
  assert.is(first.status, 'fulfilled');
  assert.is(second.status, 'rejected');
  assert.is((await pool.load(new Uint8Array(png(9)), view)).image.data[0], 9);
  await pool.close();
});

test('what is wrong with a picture is told from a thread too', async () => {
  const pool = new PicturePool(1);
  await rejects(() => pool.load(new Uint8Array([1, 2, 3]), view), Error, /only PNG, JPEG and WebP/);
  assert.is((await pool.load(new Uint8Array(png(7)), { size: 4, squash: true })).image.data[0], 7);
  assert.is(pool.describe(), 'in one thread');
  const late = pool.load(new Uint8Array(readFileSync(files[0]!)), view).catch((error: Error) => error.message);
  await pool.close();
  await late;
  await rejects(() => pool.load(new Uint8Array(png(7)), view), Error, /the pool of pictures is closed/);
});

test('a corpus keeps its order with threads, and shares a pool', async () => {
  const rows = Array.from({ length: 40 }, (_, i) => {
    // Large pictures before small ones, so that threads finish in another order.
    const side = i % 4 === 0 ? 300 : 9;
    folder.file(`${i}.png`, png(i + 1, side, side));
    return `{"image": "${i}.png", "caption": "a dog"}\n`;
  });
  const path = folder.file('captions.jsonl', rows.join(''));
  const pool = new PicturePool(2);
  const open = (context: object) =>
    openCorpus({ kind: 'captions', path, shuffleBuffer: 0, readAhead: 8 }, contextWith(context));
  const [shared, other] = [await open({ pictures: pool }), await open({ pictures: pool })];
  const expected = rows.map((_, i) => [i + 1]);
  assert.equal((await take(shared, 40)).map(colors), expected);
  await shared.close();
  assert.equal((await take(other, 40)).map(colors), expected, 'the pool is not closed by one that shares it');
  await other.close();
  await pool.close();
});

test('a corpus that is closed in the middle of its work ends', async () => {
  const stream = await openCorpus(
    { kind: 'captions', path: `${folder.path}/captions.jsonl`, workers: 1 },
    contextWith(),
  );
  await stream.next();
  await stream.close();
  await rejects(() => stream.next(), Error, /nothing is left to read/);
});

test.run();
