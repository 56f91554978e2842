import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { decodeImage, encodePng } from '../../../data/image/index.ts';
import { crc32c } from '../../../train/report/tensorboard/record.ts';
import { EventFile } from '../../../train/report/tensorboard.ts';
import { rejects } from '../../rejects.ts';
import { readEvents, slowCrc32c } from './event-reader.ts';

const folder = await mkdtemp(join(tmpdir(), 'events-'));
const eventsIn = async (path: string) => readEvents(await readFile(path));

test('CRC-32C gives the published values', () => {
  const published: [Uint8Array, number][] = [
    [new TextEncoder().encode('123456789'), 0xe3069283],
    [new Uint8Array(32), 0x8a9136aa],
    [new Uint8Array(32).fill(255), 0x62a8ab43],
    [Uint8Array.from({ length: 32 }, (_, i) => i), 0x46dd794e],
    [Uint8Array.from({ length: 32 }, (_, i) => 31 - i), 0x113fdb5c],
    [new Uint8Array(0), 0],
  ];
  for (const [bytes, check] of published) assert.equal([crc32c(bytes), slowCrc32c(bytes)], [check, check]);
});

test('a file begins as all event files do', async () => {
  const file = await EventFile.open(folder, { now: () => 1_700_000_000_500 });
  await file.close();
  assert.is(basename(file.path), 'events.out.tfevents.1700000000.kosmos-webgpu.000');
  const bytes = await readFile(file.path);
  // 24 bytes follow; every event file has these twelve in front
  assert.equal([...bytes.subarray(0, 12)], [0x18, 0, 0, 0, 0, 0, 0, 0, 0xa3, 0x7f, 0x4b, 0x22]);
  assert.equal(readEvents(bytes), [{ wallTime: 1_700_000_000.5, step: 0, version: 'brain.Event:2', values: [] }]);
});

test('scalars and pictures come back, also before the file is closed', async () => {
  const file = await EventFile.open(folder);
  const large = 2 ** 40 + 123;
  await file.scalars(1, { 'loss/training': 0.1, 'rate — peak': 2e-4 });
  await file.scalars(large, { 'loss/training': Number.NaN });
  const picture = { width: 300, height: 2, data: Uint8Array.from({ length: 1800 }, (_, i) => i % 251) };
  await file.image(7, 'samples', encodePng(picture));
  const [version, first, second, third] = await eventsIn(file.path);
  await file.close();
  assert.is(version!.version, 'brain.Event:2');
  assert.ok(Math.abs(first!.wallTime - Date.now() / 1000) < 60);
  assert.equal(
    [first!.step, first!.values],
    [
      1,
      [
        { tag: 'loss/training', scalar: Math.fround(0.1) },
        { tag: 'rate — peak', scalar: Math.fround(2e-4) },
      ],
    ],
  );
  assert.equal([second!.step, second!.values], [large, [{ tag: 'loss/training', scalar: Number.NaN }]]);
  const { tag, image } = third!.values[0]!;
  assert.equal([third!.step, tag, image!.width, image!.height, image!.colorspace], [7, 'samples', 300, 2, 3]);
  assert.equal((await decodeImage(image!.png.slice())).data, picture.data);
});

test('every session has a file of its own, in the order of names, and a resumed one takes later steps back', async () => {
  const own = await mkdtemp(join(folder, 'resumed-'));
  const now = () => 1_700_000_000_000;
  for (const resumeAfter of [undefined, 5, 7]) {
    const file = await EventFile.open(own, { now, ...(resumeAfter && { resumeAfter }) });
    await file.scalars((resumeAfter ?? 0) + 1, { loss: 1 });
    await file.close();
  }
  const names = (await readdir(own)).sort();
  assert.equal(
    names.map((name) => name.slice(-3)),
    ['000', '001', '002'],
  );
  const events = await Promise.all(names.map((name) => eventsIn(join(own, name))));
  assert.equal(
    events.map((list) => list.map(({ step, restart }) => (restart ? `restart ${step}` : step))),
    [
      [0, 1],
      [0, 'restart 6', 6],
      [0, 'restart 8', 8],
    ],
  );
});

test('a picture must be a PNG file', async () => {
  const file = await EventFile.open(folder);
  await rejects(() => file.image(1, 'x', new Uint8Array(50)), Error, /the 50 bytes are no PNG file/);
  await rejects(() => file.image(1, 'x', new Uint8Array(3)), Error, /the 3 bytes are no PNG file/);
  await file.close();
  assert.is((await eventsIn(file.path)).length, 1);
});

test.after(() => rm(folder, { recursive: true, force: true }));
test.run();
