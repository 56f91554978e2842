import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { blobSource, type FileSource } from '../../engine/runtime/index.ts';
import { repeatedKey } from '../../engine/safetensors/header.ts';
import {
  encodeSafetensors,
  openCheckpointFiles,
  openSafetensors,
  openSafetensorsFile,
  type SafetensorsDtype,
  type TensorToWrite,
  toFloat16Bits,
  toFloat32,
  toNumbers,
  writeSafetensors,
} from '../../engine/safetensors.ts';
import { skipUnlessShared } from '../shared.ts';

const folder = await mkdtemp(join(tmpdir(), 'safetensors-test-'));

/** A file made by hand: `header` as it stands (an object is written as JSON), then `data` bytes that count up. */
function fileOf(header: unknown, data = 0, claimedLength?: number | bigint): Uint8Array<ArrayBuffer> {
  const text = new TextEncoder().encode(typeof header === 'string' ? header : JSON.stringify(header));
  const bytes = new Uint8Array(8 + text.length + data);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(claimedLength ?? text.length), true);
  bytes.set(text, 8);
  for (let i = 0; i < data; i++) bytes[8 + text.length + i] = i;
  return bytes;
}

const open = (bytes: Uint8Array<ArrayBuffer>) => openSafetensors(blobSource(new Blob([bytes])), 'f.safetensors');

async function rejection(work: Promise<unknown>): Promise<string> {
  const outcome = await work.then(
    () => null,
    (error: Error) => error,
  );
  assert.instance(outcome, Error, 'should have thrown');
  return outcome!.message;
}

async function collect(pieces: AsyncIterable<Uint8Array>): Promise<Uint8Array<ArrayBuffer>> {
  const all: Uint8Array<ArrayBuffer>[] = [];
  for await (const piece of pieces) all.push(piece.slice());
  return new Uint8Array(await new Blob(all).arrayBuffer());
}

const f32 = (shape: number[], begin: number, end: number) => ({ dtype: 'F32', shape, data_offsets: [begin, end] });

test('a good file: records, metadata, whole tensors and rows', async () => {
  const header = {
    __metadata__: { format: 'pt' },
    matrix: f32([3, 2], 0, 24),
    empty: f32([0, 5], 24, 24),
    scalar: { dtype: 'U8', shape: [], data_offsets: [24, 25] },
  };
  const file = await open(fileOf(header, 25));
  const start = 8 + JSON.stringify(header).length;
  assert.equal([...file.metadata], [['format', 'pt']]);
  assert.equal(file.tensors.get('matrix'), { dtype: 'F32', shape: [3, 2], offset: start, length: 24 });
  assert.equal([...(await file.read('scalar'))], [24]);
  assert.equal(
    [...(await file.readRows('matrix', 1, 3))],
    Array.from({ length: 16 }, (_, i) => 8 + i),
  );
  assert.is((await file.readRows('matrix', 3, 3)).length, 0);
  assert.is((await file.read('empty')).length, 0);
  assert.is((await file.readRows('empty', 0, 0)).length, 0);
  assert.is(await rejection(file.read('other')), 'f.safetensors has no tensor "other"');
  for (const [start, end] of [
    [0, 4],
    [-1, 1],
    [2, 1],
    [0.5, 1],
    [0, Number.NaN],
  ] as const) {
    assert.match(await rejection(file.readRows('matrix', start, end)), /"matrix" of shape \[3,2\] has no rows/);
  }
  assert.match(await rejection(file.readRows('scalar', 0, 1)), /"scalar" of shape \[\] has no rows/);
});

test('an empty file of no tensors is a file', async () => {
  assert.is((await open(fileOf({}))).tensors.size, 0);
});

test('reads touch only the header and the rows that are asked for', async () => {
  const bytes = fileOf({ matrix: f32([1000, 10], 0, 40_000) }, 40_000);
  const whole = blobSource(new Blob([bytes]));
  const reads: number[] = [];
  const watched: FileSource = {
    ...whole,
    read(offset, length) {
      reads.push(length);
      return whole.read(offset, length);
    },
  };
  const file = await openSafetensors(watched, 'watched');
  await file.readRows('matrix', 500, 502);
  assert.equal(reads, [8, bytes.length - 8 - 40_000, 80]);
});

const broken: [string, Uint8Array<ArrayBuffer>, RegExp][] = [
  ['an empty file', new Uint8Array(), /has 0 bytes, too few/],
  ['seven bytes', new Uint8Array(7), /has 7 bytes, too few/],
  ['a header beyond the end', fileOf({}, 0, 3), /claims 3 bytes, but the file has 10/],
  ['a giant header', fileOf({}, 0, 100_000_001), /claims 100000001 bytes, more than the 100000000 allowed/],
  ['a header of 2^64-1 bytes', fileOf({}, 0, 2n ** 64n - 1n), /claims 18446744073709551615 bytes/],
  ['a header cut in the middle', fileOf({ a: f32([1], 0, 4) }, 4, 10), /header is not JSON/],
  ['no JSON', fileOf('hello'), /header is not JSON/],
  ['no text', fileOf('{"a\u0080b": 1}').map((byte) => (byte === 0xc2 ? 0xff : byte)), /header is not JSON/],
  ['a list', fileOf([]), /not an object/],
  ['null', fileOf('null'), /not an object/],
  ['deep nesting', fileOf(`{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}`), /tensor "a" is described by/],
  [
    'deep nesting of a shape',
    fileOf(`{"a":{"dtype":"F32","shape":${'['.repeat(1e5)}${']'.repeat(1e5)}}}`),
    /the shape \[…\]/,
  ],
  ['a name twice', fileOf('{"a":{"dtype":"F32","shape":[],"data_offsets":[0,4]}, "a" :{}}', 4), /the key "a" twice/],
  ['a field twice', fileOf('{"a":{"dtype":"F32","dtype":"F16","shape":[2],"data_offsets":[0,4]}}', 4), /"dtype" twice/],
  ['metadata of numbers', fileOf({ __metadata__: { a: 1 } }), /__metadata__ has "a", which is no string/],
  ['metadata in a list', fileOf({ __metadata__: ['a'] }), /__metadata__ is not an object/],
  ['a number as tensor', fileOf({ a: 3 }), /tensor "a" is described by/],
  ['no dtype', fileOf({ a: { shape: [1], data_offsets: [0, 4] } }, 4), /tensor "a" has the unknown dtype nothing/],
  [
    'unknown dtype',
    fileOf({ a: { ...f32([1], 0, 4), dtype: 'F31' } }, 4),
    /tensor "a" has the unknown dtype "F31" \(known: F64/,
  ],
  ['a dtype of the prototype', fileOf({ a: { ...f32([1], 0, 4), dtype: 'toString' } }, 4), /unknown dtype "toString"/],
  ['no shape', fileOf({ a: { dtype: 'F32', data_offsets: [0, 4] } }, 4), /tensor "a" has the shape nothing/],
  ['a negative size', fileOf({ a: f32([-1], 0, 4) }, 4), /tensor "a" has the shape \[-1\]/],
  ['half a size', fileOf({ a: f32([0.5], 0, 2) }, 2), /tensor "a" has the shape \[0.5\]/],
  [
    'an endless size',
    fileOf('{"a":{"dtype":"F32","shape":[1e999],"data_offsets":[0,4]}}', 4),
    /has the shape \[null\]/,
  ],
  ['sizes as text', fileOf({ a: { ...f32([], 0, 4), shape: ['1'] } }, 4), /tensor "a" has the shape \["1"\]/],
  ['a product beyond counting', fileOf({ a: f32([2 ** 40, 2 ** 40], 0, 4) }, 4), /more bytes than can be counted/],
  ['a product that wraps to 0', fileOf({ a: f32([2 ** 32, 2 ** 32], 0, 0) }), /more bytes than can be counted/],
  [
    'too few bytes for the shape',
    fileOf({ a: f32([2], 0, 4) }, 4),
    /tensor "a" has 4 bytes, but F32 of shape \[2\] takes 8/,
  ],
  ['too many bytes for the shape', fileOf({ a: f32([2], 0, 12) }, 12), /tensor "a" has 12 bytes, but F32/],
  ['no offsets', fileOf({ a: { dtype: 'F32', shape: [1] } }, 4), /tensor "a" has the data_offsets nothing/],
  ['one offset', fileOf({ a: { ...f32([1], 0, 4), data_offsets: [4] } }, 4), /data_offsets \[4\]/],
  ['negative offsets', fileOf({ a: f32([1], -4, 0) }, 4), /data_offsets \[-4,0\]/],
  ['offsets that fall', fileOf({ a: f32([1], 4, 0) }, 4), /data_offsets \[4,0\]/],
  [
    'an end beyond the file',
    fileOf({ a: f32([1], 0, 4), b: f32([2], 4, 12) }, 8),
    /tensor "b" ends at byte 12 of the data, of which the file has 8/,
  ],
  ['two in one place', fileOf({ a: f32([1], 0, 4), b: f32([1], 0, 4) }, 4), /"a" and "b" overlap/],
  ['a partial overlap', fileOf({ b: f32([2], 4, 12), a: f32([2], 0, 8) }, 12), /"a" and "b" overlap/],
  ['a hole', fileOf({ a: f32([1], 0, 4), b: f32([1], 8, 12) }, 12), /4 bytes before tensor "b" belong to no tensor/],
  ['a hole at the start', fileOf({ a: f32([1], 4, 8) }, 8), /4 bytes before tensor "a"/],
  ['trailing bytes', fileOf({ a: f32([1], 0, 4) }, 7), /3 bytes at its end belong to no tensor/],
];

for (const [name, bytes, expected] of broken) {
  test(`refused: ${name}`, async () => {
    const message = await rejection(open(bytes));
    assert.match(message, expected);
    assert.ok(message.startsWith('f.safetensors'), `names the file: ${message}`);
    assert.ok(message.length < 400, `short: ${message.length}`);
  });
}

test('every way to cut a file is refused', async () => {
  const bytes = await collect(encodeSafetensors([{ name: 'a', dtype: 'F32', shape: [3], data: new Float32Array(3) }]));
  for (let length = 0; length < bytes.length; length++) await rejection(open(bytes.slice(0, length)));
  assert.is((await open(bytes)).tensors.size, 1);
});

test('a long name makes no long error', async () => {
  const message = await rejection(open(fileOf({ ['x'.repeat(1_000_000)]: f32([1], 0, 3) }, 3)));
  assert.ok(message.length < 400);
});

test('repeated keys are found whatever the strings hold', () => {
  assert.is(repeatedKey('{"a":{"b":1},"b":[{"b":2},{"b":3}],"c":"\\"b\\":"}'), null);
  assert.is(repeatedKey('{"a\\\\":1,"a\\\\" : 2}'), 'a\\');
  assert.is(repeatedKey('{"\\u0061":1,"a":2}'), 'a');
  assert.is(repeatedKey('{"a":["a","a"],"b":"a"}'), null);
  assert.is(repeatedKey('"a"'), null);
});

test('float16 widens exactly: all 65,536 values', () => {
  const halves = Uint16Array.from({ length: 65_536 }, (_, i) => i);
  const wide = toFloat32(new Uint8Array(halves.buffer), 'F16');
  for (let i = 0; i < 65_536; i++) {
    const exponent = (i >> 10) & 31;
    const fraction = i & 1023;
    const size = exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15);
    const special = fraction ? Number.NaN : Number.POSITIVE_INFINITY;
    const expected = (i >> 15 ? -1 : 1) * (exponent === 31 ? special : size);
    if (!Object.is(wide[i], expected)) assert.is(wide[i], expected, `of 0x${i.toString(16)}`);
  }
});

test('float16 rounds to the nearest even, and gives every value back', () => {
  const halves = Uint16Array.from({ length: 65_536 }, (_, i) => i);
  const wide = toFloat32(new Uint8Array(halves.buffer), 'F16');
  const back = toFloat16Bits(wide);
  for (let i = 0; i < 65_536; i++) if (!Number.isNaN(wide[i]) && back[i] !== i) assert.is(back[i], i);
  // Half way between neighbours goes to the even one, a hair off half way to the nearer one.
  const view = new DataView(new ArrayBuffer(4));
  const neighbour = (value: number, step: number) => {
    view.setFloat32(0, value);
    view.setUint32(0, view.getUint32(0) + step);
    return view.getFloat32(0);
  };
  for (let i = 0; i < 0x7bff; i++) {
    const middle = (wide[i]! + wide[i + 1]!) / 2;
    const rounded = toFloat16Bits(Float32Array.of(middle, neighbour(middle, 1), neighbour(middle, -1), -middle));
    const even = i % 2 === 0 ? i : i + 1;
    if (rounded[0] !== even || rounded[1] !== i + 1 || rounded[2] !== i || rounded[3] !== (even | 0x8000)) {
      assert.equal([...rounded], [even, i + 1, i, even | 0x8000], `around 0x${i.toString(16)}`);
    }
  }
  const special = [
    65_519.99,
    65_520,
    1e30,
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
    2 ** -25,
    2 ** -25 * 1.001,
    1e-45,
    -0,
  ];
  assert.equal(
    [...toFloat16Bits(Float32Array.from(special))],
    [0x7bff, 0x7c00, 0x7c00, 0x7c00, 0xfc00, 0, 1, 0, 0x8000],
  );
  assert.is(toFloat16Bits(Float32Array.of(Number.NaN))[0]! & 0x7e00, 0x7e00);
});

test('bfloat16 and float64', () => {
  const bits = Uint16Array.of(0x3f80, 0xbf80, 0x0001, 0x7f80, 0xff80, 0x7fc1, 0x8000);
  const wide = toFloat32(new Uint8Array(bits.buffer), 'BF16');
  assert.equal(
    [...new Uint32Array(wide.buffer)],
    [...bits].map((word) => (word << 16) >>> 0),
  );
  assert.equal([...toFloat32(new Uint8Array(Float64Array.of(0.1, 1e300).buffer), 'F64')], [Math.fround(0.1), Infinity]);
  assert.equal(toNumbers(new Uint8Array(Float64Array.of(0.1).buffer), 'F64'), [0.1]);
});

test('bytes may begin anywhere', () => {
  const bytes = new Uint8Array(13);
  bytes.set(new Uint8Array(Float32Array.of(1.5, -2).buffer), 1);
  assert.equal([...toFloat32(bytes.subarray(1, 9), 'F32')], [1.5, -2]);
  assert.equal([...toFloat32(bytes.subarray(3, 5), 'BF16')], [1.5]);
  assert.throws(() => toFloat32(bytes.subarray(1, 4), 'F32'), /3 bytes are not a whole number of F32 elements/);
  assert.throws(() => toFloat32(bytes.subarray(1, 5), 'I32'), /cannot take I32 as floating-point numbers/);
});

test('integers', () => {
  const cases: [SafetensorsDtype, ArrayBufferView<ArrayBuffer>, number[]][] = [
    ['I64', BigInt64Array.of(-3n, 2n ** 53n - 1n), [-3, 2 ** 53 - 1]],
    ['U64', BigUint64Array.of(7n), [7]],
    ['I32', Int32Array.of(-5, 2 ** 31 - 1), [-5, 2 ** 31 - 1]],
    ['U32', Uint32Array.of(2 ** 32 - 1), [2 ** 32 - 1]],
    ['I16', Int16Array.of(-1), [-1]],
    ['U16', Uint16Array.of(65_535), [65_535]],
    ['I8', Int8Array.of(-1), [-1]],
    ['U8', Uint8Array.of(255), [255]],
    ['BOOL', Uint8Array.of(1, 0), [1, 0]],
  ];
  for (const [dtype, array, expected] of cases) assert.equal(toNumbers(new Uint8Array(array.buffer), dtype), expected);
  assert.throws(
    () => toNumbers(new Uint8Array(BigInt64Array.of(2n ** 53n).buffer), 'I64'),
    /9007199254740992 is beyond/,
  );
  assert.throws(() => toNumbers(new Uint8Array(1), 'F8_E4M3'), /F8_E4M3/);
});

test('what is written is read again, from arrays and from pieces', async () => {
  const tensors: TensorToWrite[] = [
    { name: '10', dtype: 'U8', shape: [3], data: Uint8Array.of(1, 2, 3) },
    { name: '__proto__', dtype: 'F16', shape: [2, 1], data: toFloat16Bits(Float32Array.of(1, -2)) },
    { name: 'scalar "quoted" ü', dtype: 'F32', shape: [], data: () => Float32Array.of(7) },
    { name: 'long', dtype: 'I64', shape: [2], data: async () => BigInt64Array.of(1n, -1n) },
    { name: 'none', dtype: 'F32', shape: [0, 4], data: () => [] },
    {
      name: 'pieces',
      dtype: 'F32',
      shape: [4],
      data: async function* () {
        yield Float32Array.of(0, 1, 2, 3).subarray(0, 3);
        yield Float32Array.of(3);
      },
    },
  ];
  const bytes = await collect(encodeSafetensors(tensors, { format: 'pt' }));
  const file = await open(bytes);
  assert.equal([...file.tensors.keys()].sort(), tensors.map(({ name }) => name).sort());
  assert.equal(file.metadata.get('format'), 'pt');
  assert.equal([...(await file.read('10'))], [1, 2, 3]);
  assert.equal(toNumbers(await file.read('__proto__'), 'F16'), [1, -2]);
  assert.equal(toNumbers(await file.read('scalar "quoted" ü'), 'F32'), [7]);
  assert.equal(toNumbers(await file.read('long'), 'I64'), [1, -1]);
  assert.equal(toNumbers(await file.read('pieces'), 'F32'), [0, 1, 2, 3]);
  for (const { dtype, offset } of file.tensors.values()) {
    assert.is(offset % { I64: 8, F32: 4, F16: 2, U8: 1 }[dtype as 'I64'], 0, 'aligned');
  }
  const again = await collect(encodeSafetensors([...tensors].reverse(), { format: 'pt' }));
  assert.equal(again, bytes, 'whatever the order');
});

test('the writer refuses what would be a lie', async () => {
  const write = (...tensors: TensorToWrite[]) => rejection(collect(encodeSafetensors(tensors)));
  const good: TensorToWrite = { name: 'a', dtype: 'F32', shape: [2], data: new Float32Array(2) };
  assert.match(await write(good, good), /two tensors of the name "a"/);
  assert.match(
    await write({ ...good, data: new Float32Array(1) }),
    /"a": F32 of shape \[2\] takes 8 bytes, but its data have 4/,
  );
  assert.match(await write({ ...good, data: new Float32Array(3) }), /its data have more/);
  assert.match(await write({ ...good, shape: [-2] }), /impossible shape \[-2\]/);
  assert.match(await write({ ...good, name: '__metadata__' }), /__metadata__/);
});

test('a file appears only when it is complete', async () => {
  const path = join(folder, 'atomic', 'model.safetensors');
  await mkdir(join(folder, 'atomic'));
  const good: TensorToWrite = { name: 'a', dtype: 'F32', shape: [2], data: Float32Array.of(1, 2) };
  await rejection(writeSafetensors(path, [{ ...good, data: new Float32Array(1) }]));
  assert.equal(await readdir(join(folder, 'atomic')), []);
  await writeSafetensors(path, [good]);
  const file = await openSafetensorsFile(path);
  assert.equal(toNumbers(await file.read('a'), 'F32'), [1, 2]);
  await file.close();
});

const oneTensor = (name: string, value: number) =>
  collect(encodeSafetensors([{ name, dtype: 'F32', shape: [1], data: Float32Array.of(value) }]));

async function checkpoint(name: string, files: Record<string, string | Uint8Array>): Promise<string> {
  const path = join(folder, name);
  await mkdir(path);
  for (const [file, content] of Object.entries(files)) await writeFile(join(path, file), content);
  return path;
}

const INDEX = 'model.safetensors.index.json';
const indexOf = (places: Record<string, unknown>) => JSON.stringify({ metadata: {}, weight_map: places });

test('a checkpoint of one file, and of shards', async () => {
  const single = await openCheckpointFiles(
    `${await checkpoint('one', { 'model.safetensors': await oneTensor('a', 1) })}/`,
  );
  assert.equal(toNumbers(await single.read('a'), 'F32'), [1]);
  await single.close();
  const path = await checkpoint('sharded', {
    'model-1.safetensors': await oneTensor('a', 1),
    'model-2.safetensors': await oneTensor('b', 2),
    [INDEX]: indexOf({ a: 'model-1.safetensors', b: 'model-2.safetensors' }),
  });
  const shards = await openCheckpointFiles(path);
  assert.equal([...shards.tensors.keys()], ['a', 'b']);
  assert.equal(toNumbers(await shards.read('b'), 'F32'), [2]);
  assert.equal(toNumbers(await shards.readRows('a', 0, 1), 'F32'), [1]);
  assert.match(await rejection(shards.read('c')), /has no tensor "c"/);
  await shards.close();
});

const wrongCheckpoints: [string, () => Promise<Record<string, string | Uint8Array>>, RegExp][] = [
  ['empty folder', async () => ({}), /holds neither model\.safetensors nor model\.safetensors\.index\.json/],
  [
    'pickled weights',
    async () => ({ 'pytorch_model.bin': 'x' }),
    /holds pytorch_model\.bin but no model\.safetensors: convert/,
  ],
  ['broken index', async () => ({ [INDEX]: '{' }), /index\.json is not JSON/],
  ['null index', async () => ({ [INDEX]: 'null' }), /has no object "weight_map"/],
  ['no map', async () => ({ [INDEX]: '{"weight_map": []}' }), /has no object "weight_map"/],
  ['empty map', async () => ({ [INDEX]: indexOf({}) }), /names no tensor/],
  [
    'missing shard',
    async () => ({ [INDEX]: indexOf({ a: 'x.safetensors' }) }),
    /names x\.safetensors, which is not there/,
  ],
  [
    'a shard elsewhere',
    async () => ({ [INDEX]: indexOf({ a: '../x.safetensors' }) }),
    /not a \.safetensors file of its folder/,
  ],
  ['a number as shard', async () => ({ [INDEX]: indexOf({ a: 1 }) }), /puts tensor "a" into 1/],
  [
    'absent tensor',
    async () => ({ 'x.safetensors': await oneTensor('b', 1), [INDEX]: indexOf({ a: 'x.safetensors' }) }),
    /puts tensor "a" into x\.safetensors, which does not hold it/,
  ],
  [
    'cut shard',
    async () => ({ 'x.safetensors': (await oneTensor('a', 1)).slice(0, -1), [INDEX]: indexOf({ a: 'x.safetensors' }) }),
    /x\.safetensors: tensor "a" ends at byte 4/,
  ],
];

for (const [name, files, expected] of wrongCheckpoints) {
  test(`refused checkpoint: ${name}`, async () => {
    const message = await rejection(openCheckpointFiles(await checkpoint(name, await files())));
    assert.match(message, expected);
    assert.ok(message.includes(folder), 'names the place');
  });
}

test('refused checkpoint: no folder', async () => {
  assert.match(await rejection(openCheckpointFiles(join(folder, 'nowhere'))), /nowhere is not a folder/);
});

skipUnlessShared(test, 'goldens/model', 'every reference file opens', async (path) => {
  const files = (await readdir(path, { recursive: true })).filter((name) => name.endsWith('.safetensors'));
  for (const name of files) {
    const file = await openSafetensorsFile(join(path, name));
    assert.ok(file.tensors.size > 0, name);
    await file.close();
  }
  assert.ok(files.length > 0);
  const file = await openSafetensorsFile(join(path, files[0]!));
  const tensors = await Promise.all(
    [...file.tensors].map(async ([name, { dtype, shape }]) => ({ name, dtype, shape, data: await file.read(name) })),
  );
  await file.close();
  const again = await open(await collect(encodeSafetensors(tensors, Object.fromEntries(file.metadata))));
  assert.is(again.tensors.size, tensors.length);
  for (const { name, data } of tensors) assert.equal(await again.read(name), data, name);
});

test.after(() => rm(folder, { recursive: true, force: true }));
test.run();
