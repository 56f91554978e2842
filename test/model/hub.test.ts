import { mkdir, mkdtemp, readdir, readFile, readlink, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { encodeSafetensors } from '../../engine/safetensors.ts';
import { type HubProgress, type ResolveOptions, resolveModelFolder } from '../../model/hub.ts';
import { type Behaviour, COMMIT, hashOf, hubServer } from './hub-server.ts';

const text = (value: string) => new TextEncoder().encode(value);
const WEIGHT_BYTES = 3_000_000;
const data = Float32Array.from({ length: WEIGHT_BYTES / 4 }, (_, i) => i);
const pieces: Uint8Array[] = [];
for await (const piece of encodeSafetensors([{ name: 'a', dtype: 'F32', shape: [data.length], data }]))
  pieces.push(piece);
const weights = new Uint8Array(Buffer.concat(pieces));

const files: Record<string, Uint8Array> = {
  'README.md': text('not wanted'),
  'config.json': text('{"model_type":"kosmos-2"}'),
  'tokenizer.json': text('{}'),
  'preprocessor_config.json': text('{"size":224}'),
  'pytorch_model.bin': new Uint8Array(5000),
  'model.safetensors': weights,
};
const WANTED = ['config.json', 'model.safetensors', 'preprocessor_config.json', 'tokenizer.json'];

const folder = await mkdtemp(join(tmpdir(), 'hub-test-'));
const hub = await hubServer(files);
const test = suite('hub');

let cache = '';
let caches = 0;
const blobs = () => join(cache, 'models--owner--name', 'blobs');
const weightsBlob = () => join(blobs(), hashOf(weights, true));
const QUICK = { attempts: 3, retryDelay: 5, stallTimeout: 5000 };

function behave(behaviour: Behaviour): void {
  hub.state.behaviour = behaviour;
  hub.state.seen.length = 0;
}

const resolve = (options: ResolveOptions = {}) => resolveModelFolder('owner/name', { retry: QUICK, ...options });

async function rejection(work: Promise<unknown>): Promise<string> {
  const outcome = await work.then(
    () => null,
    (error: Error) => error,
  );
  assert.ok(outcome, 'should have thrown');
  return outcome!.message;
}

async function checkComplete(snapshot: string): Promise<void> {
  assert.equal((await readdir(snapshot)).sort(), WANTED);
  for (const name of WANTED) assert.equal(new Uint8Array(await readFile(join(snapshot, name))), files[name], name);
  assert.equal(
    (await readdir(blobs())).filter((name) => name.includes('incomplete')),
    [],
  );
}

/** What was asked of the weights' URL: the Range headers, in order. */
const rangesSeen = () =>
  hub.state.seen.filter(({ url }) => url.endsWith('model.safetensors')).map(({ range }) => range);

test.before.each(async () => {
  cache = join(folder, `cache-${caches++}`);
  process.env.HF_HUB_CACHE = cache;
  process.env.HF_ENDPOINT = `${hub.url}/`;
  for (const name of ['HF_TOKEN', 'HF_HOME', 'HF_HUB_OFFLINE']) delete process.env[name];
  behave({});
});

test('a folder is taken as it is; a file or a wrong name is refused', async () => {
  assert.is(await resolveModelFolder(folder), folder);
  await writeFile(join(folder, 'file'), '');
  assert.match(await rejection(resolveModelFolder(join(folder, 'file'))), /file is a file: name the folder/);
  for (const name of ['./nowhere', 'nowhere', 'a/b/c', '../x', 'owner/..', 'owner/-x', '']) {
    assert.match(await rejection(resolveModelFolder(name)), /There is no folder/, name);
  }
  assert.match(await rejection(resolve({ revision: '../../x' })), /cannot be a revision/);
  assert.equal(hub.state.seen, []);
});

test('a model comes into the layout of the ecosystem, with progress, and is there the next time', async () => {
  const progress: HubProgress[] = [];
  const snapshot = await resolve({ onProgress: (step) => progress.push(step) });
  assert.is(snapshot, join(cache, 'models--owner--name', 'snapshots', COMMIT));
  await checkComplete(snapshot);
  assert.is(await readFile(join(cache, 'models--owner--name', 'refs', 'main'), 'utf8'), COMMIT);
  assert.is(await readlink(join(snapshot, 'config.json')), `../../blobs/${hashOf(files['config.json']!, false)}`);
  const total = WANTED.reduce((sum, name) => sum + files[name]!.length, 0);
  const last = progress.at(-1)!;
  assert.equal(last, { file: 'model.safetensors', bytes: total, totalBytes: total });
  assert.ok(progress.length > 8, 'told along the way');
  assert.ok(
    progress.every(({ bytes }, i) => i === 0 || bytes >= progress[i - 1]!.bytes),
    'and never backwards',
  );
  assert.ok(hub.state.seen.every(({ authorization }) => authorization === undefined));
  behave({});
  assert.is(await resolve(), snapshot);
  assert.ok(
    hub.state.seen.every(({ url }) => url.startsWith('/api/')),
    'contents are not fetched again',
  );
});

test('HF_HOME names the cache when HF_HUB_CACHE does not', async () => {
  delete process.env.HF_HUB_CACHE;
  process.env.HF_HOME = cache;
  assert.ok((await resolve()).startsWith(join(cache, 'hub', 'models--owner--name')));
});

test('HF_TOKEN goes to the hub, and not to the place it sends to', async () => {
  process.env.HF_TOKEN = 'secret';
  behave({ redirect: hub.otherUrl });
  await checkComplete(await resolve());
  const contents = hub.state.seen.filter(({ url }) => url.includes('/resolve/'));
  assert.is(contents.length, 2 * WANTED.length);
  assert.equal(
    contents.slice(0, 2).map(({ authorization }) => authorization),
    ['Bearer secret', undefined],
  );
  assert.ok(hub.state.seen.filter(({ url }) => url.startsWith('/api/')).every((seen) => seen.authorization));
});

test('a connection cut in the middle is taken up where it was', async () => {
  behave({ cuts: { file: 'model.safetensors', after: [1_000_000, 500_000] } });
  await checkComplete(await resolve());
  const [first, ...later] = rangesSeen();
  assert.is(first, undefined);
  assert.is(later.length, 2);
  for (const range of later) assert.match(range!, /^bytes=[1-9]\d*-$/);
});

test('cut for good: a clear error, no snapshot, and the next call goes on', async () => {
  behave({ cuts: { file: 'model.safetensors', after: [1_000_000, 0, 0, 0, 0] } });
  assert.match(
    await rejection(resolve()),
    /model\.safetensors: .+; \d+ of \d+ bytes are here, and the next call goes on/,
  );
  const { size } = await stat(`${weightsBlob()}.incomplete`);
  assert.ok(size > 0 && size <= 1_000_000, `${size} bytes are kept`);
  behave({ status: 503 });
  assert.match(await rejection(resolve()), /answers 503, and owner\/name is not in the cache as a whole/);
  behave({});
  const told: number[] = [];
  await checkComplete(await resolve({ onProgress: ({ bytes }) => told.push(bytes) }));
  assert.equal(rangesSeen(), [`bytes=${size}-`]);
});

test('a server that knows no ranges sends everything again', async () => {
  behave({ cuts: { file: 'model.safetensors', after: [1_000_000] }, ignoreRange: true });
  await checkComplete(await resolve());
});

test('a range that begins elsewhere is refused', async () => {
  behave({ cuts: { file: 'model.safetensors', after: [1_000_000] }, wrongRange: 7 });
  assert.match(await rejection(resolve()), /answers a request from byte \d+ with another range/);
});

test('a wrong size is refused, announced or not', async () => {
  behave({ listedSize: { 'model.safetensors': weights.length + 4 } });
  assert.match(
    await rejection(resolve()),
    new RegExp(`sends ${weights.length} bytes, but the hub lists ${weights.length + 4}`),
  );
  behave({ listedSize: { 'model.safetensors': weights.length + 4 }, chunked: true });
  assert.match(
    await rejection(resolve()),
    new RegExp(`sends ${weights.length} bytes, but the hub lists ${weights.length + 4}`),
  );
  await rm(cache, { recursive: true });
  behave({ listedSize: { 'model.safetensors': weights.length - 4 }, chunked: true });
  assert.match(await rejection(resolve()), new RegExp(`sends more bytes, but the hub lists ${weights.length - 4}`));
  assert.ok(!(await readdir(join(cache, 'models--owner--name', 'snapshots', COMMIT))).includes('model.safetensors'));
});

test('a wrong content is refused by its hash; a spoilt partial file is fetched anew', async () => {
  behave({ corrupt: 'model.safetensors' });
  assert.match(await rejection(resolve()), /does not have the hash/);
  assert.equal(
    (await readdir(blobs())).filter((name) => name.includes('incomplete')),
    [],
  );
  behave({});
  await writeFile(`${weightsBlob()}.incomplete`, new Uint8Array(1000));
  await checkComplete(await resolve());
  assert.equal(rangesSeen(), ['bytes=1000-', undefined]);
});

test('a partial file that is complete, or too long', async () => {
  await mkdir(blobs(), { recursive: true });
  await writeFile(`${weightsBlob()}.incomplete`, weights);
  await checkComplete(await resolve());
  assert.equal(rangesSeen(), []);
  await rm(cache, { recursive: true });
  await mkdir(blobs(), { recursive: true });
  await writeFile(`${weightsBlob()}.incomplete`, new Uint8Array(weights.length + 1));
  await checkComplete(await resolve());
  assert.equal(rangesSeen(), [undefined]);
});

test('a listing that is none is refused', async () => {
  behave({ listedHash: { 'config.json': '../../../etc/passwd' } });
  assert.match(await rejection(resolve()), /lists config\.json .*"\.\.\/\.\.\/\.\.\/etc\/passwd"/);
  behave({ commit: '../x' });
  assert.match(await rejection(resolve()), /"\.\.\/x" is no commit/);
  behave({ answer: '<html>Log in to the network</html>' });
  assert.match(await rejection(resolve()), /^Cannot use the answer of .* about owner\/name/);
});

for (const [status, token, expected] of [
  [404, undefined, /There is no model owner\/name at .* with a revision main \(404\)/],
  [401, undefined, /does not exist, or is private \(401\): check the name, or set HF_TOKEN/],
  [401, 'secret', /may not be read with the token in HF_TOKEN \(401\)/],
  [403, undefined, /is gated \(403\): accept its conditions at .*owner\/name, and set HF_TOKEN/],
  [403, 'secret', /is gated \(403\).*with the account of the token/],
  [418, undefined, /answers 418 when asked for owner\/name/],
] as const) {
  test(`the hub answers ${status}${token ? ' in spite of a token' : ''}`, async () => {
    if (token) process.env.HF_TOKEN = token;
    behave({ status });
    assert.match(await rejection(resolve()), expected);
  });
}

test('the contents answer 403 and 404; 500 is tried again', async () => {
  behave({ fileStatus: { status: 403, times: 1 } });
  assert.match(await rejection(resolve()), /is gated \(403\)/);
  behave({ fileStatus: { status: 404, times: 1 } });
  assert.match(await rejection(resolve()), /config\.json: the server answers 404/);
  behave({ fileStatus: { status: 500, times: 99 } });
  assert.match(await rejection(resolve()), /config\.json: the server answers 500/);
  behave({ fileStatus: { status: 500, times: 2 } });
  await checkComplete(await resolve());
});

test('without a network a complete copy is enough, and nothing less', async () => {
  const closed = await hubServer({});
  await closed.close();
  process.env.HF_ENDPOINT = closed.url;
  assert.match(
    await rejection(resolve()),
    /^Cannot reach http:\/\/127\.0\.0\.1:\d+ \(.+\), and owner\/name is not in the cache/,
  );
  process.env.HF_ENDPOINT = hub.url;
  const snapshot = await resolve();
  process.env.HF_ENDPOINT = closed.url;
  assert.is(await resolve(), snapshot);
  assert.is(await resolve({ revision: COMMIT }), snapshot);
  process.env.HF_HUB_OFFLINE = '1';
  assert.is(await resolve(), snapshot);
  await rm(weightsBlob());
  assert.match(await rejection(resolve()), /not in the cache as a whole, and HF_HUB_OFFLINE/);
});

test('a silent server is given up', async () => {
  behave({ silent: 'model.safetensors' });
  const retry = { attempts: 2, retryDelay: 1, stallTimeout: 100 };
  assert.match(await rejection(resolve({ retry })), /nothing came for 0\.1 s/);
});

test('a call that is stopped ends at once, and the next goes on', async () => {
  const controller = new AbortController();
  const onProgress = ({ bytes }: HubProgress) => bytes > 500_000 && controller.abort(new Error('stopped by the user'));
  assert.is(await rejection(resolve({ signal: controller.signal, onProgress })), 'stopped by the user');
  assert.ok((await stat(`${weightsBlob()}.incomplete`)).size > 0);
  assert.is(await rejection(resolve({ signal: controller.signal })), 'stopped by the user');
  behave({});
  await checkComplete(await resolve());
  assert.match(rangesSeen()[0]!, /^bytes=\d+-$/);
});

if (process.platform === 'linux') {
  test('a full disk is named', async () => {
    await mkdir(blobs(), { recursive: true });
    await symlink('/dev/full', `${weightsBlob()}.incomplete`);
    assert.match(await rejection(resolve()), /Cannot write .*incomplete: the disk is full/);
  });
}

async function withFiles(changed: Record<string, Uint8Array | undefined>, run: () => Promise<void>): Promise<void> {
  const before = { ...files };
  Object.assign(files, changed);
  for (const name of Object.keys(files)) if (!files[name]) delete files[name];
  try {
    await run();
  } finally {
    for (const name of Object.keys(files)) delete files[name];
    Object.assign(files, before);
  }
}

const indexOf = (...shards: string[]) =>
  text(JSON.stringify({ weight_map: Object.fromEntries(shards.map((shard, i) => [`tensor${i}`, shard])) }));

test('shards come with their index', async () => {
  const sharded = {
    'model.safetensors': undefined,
    'model.safetensors.index.json': indexOf('model-1.safetensors', 'model-2.safetensors'),
    'model-1.safetensors': weights.slice(0, 2000),
    'model-2.safetensors': weights.slice(0, 3000),
    'model-3.safetensors': weights.slice(0, 4000),
  };
  await withFiles(sharded, async () => {
    behave({ cuts: { file: 'model-2.safetensors', after: [10, 0, 0, 0] } });
    await rejection(resolve());
    behave({ status: 503 });
    assert.match(await rejection(resolve()), /not in the cache as a whole/);
    behave({});
    const names = await readdir(await resolve());
    assert.equal(names.filter((name) => name.includes('safetensors')).sort(), [
      'model-1.safetensors',
      'model-2.safetensors',
      'model.safetensors.index.json',
    ]);
    behave({ status: 503 });
    assert.ok(await resolve(), 'complete now');
  });
});

for (const [name, changed, expected] of [
  ['no configuration', { 'config.json': undefined }, /owner\/name is not a model checkpoint: it has no config\.json/],
  ['no safetensors', { 'model.safetensors': undefined }, /has no model\.safetensors \(only pytorch_model\.bin/],
  [
    'an index of absent shards',
    { 'model.safetensors': undefined, 'model.safetensors.index.json': indexOf('x.safetensors') },
    /names x\.safetensors, which the hub does not have/,
  ],
  [
    'an index of shards elsewhere',
    { 'model.safetensors': undefined, 'model.safetensors.index.json': indexOf('../x.safetensors') },
    /names "\.\.\/x\.safetensors", which is not a \.safetensors file/,
  ],
  [
    'an index that is no JSON',
    { 'model.safetensors': undefined, 'model.safetensors.index.json': text('{') },
    /index\.json of owner\/name is not JSON/,
  ],
] as const) {
  test(`a model with ${name} is refused`, () =>
    withFiles(changed, async () => {
      assert.match(await rejection(resolve()), expected);
    }));
}

test.after(async () => {
  await hub.close();
  await rm(folder, { recursive: true, force: true });
});
test.run();
