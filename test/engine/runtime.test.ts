import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { describeAdapter, isSoftwareAdapter, noAdapterError } from '../../engine/runtime/adapter.ts';
import { type AdapterChoice, blobSource, type FileSource, runtime } from '../../engine/runtime/index.ts';
import { untar } from '../../engine/runtime/swiftshader.ts';
import { repositoryRoot } from '../shared.ts';

const here = await runtime();
const folder = await mkdtemp(join(tmpdir(), 'runtime-test-'));
const isDeno = here.name === 'deno';

/** Prints what a process of its own finds, as JSON; ends by itself, with the device destroyed and nothing else closed. */
const PROBE = `
import { runtime } from '${new URL('../../engine/runtime/index.ts', import.meta.url).href}';
const here = await runtime();
const outcomes = [];
for (const adapter of JSON.parse(process.env.PROBE_ADAPTERS)) {
  try {
    const handle = await here.requestAdapter({ adapter });
    const device = await handle.adapter.requestDevice();
    const code = '@group(0) @binding(0) var<storage, read_write> o: array<u32>; @compute @workgroup_size(64)' +
      'fn main(@builtin(global_invocation_id) id: vec3u) { o[id.x] = id.x * id.x; }';
    const pipeline = device.createComputePipeline({
      layout: 'auto', compute: { module: device.createShaderModule({ code }) } });
    const output = device.createBuffer({ size: 256, usage: 0x84 });
    const staging = device.createBuffer({ size: 256, usage: 0x9 });
    const entries = [{ binding: 0, resource: { buffer: output } }];
    const group = device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries });
    const encoder = device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, group);
    pass.dispatchWorkgroups(1);
    pass.end();
    encoder.copyBufferToBuffer(output, 0, staging, 0, 256);
    device.queue.submit([encoder.finish()]);
    await staging.mapAsync(1);
    const squares = [...new Uint32Array(staging.getMappedRange())];
    staging.unmap();
    device.destroy();
    const { description, isSoftware, source } = handle;
    outcomes.push({ description, isSoftware, source, squares });
  } catch (error) {
    outcomes.push({ error: error.message });
  }
}
console.log('\\nOUTCOMES ' + JSON.stringify(outcomes) + ' ' + (process.env.VK_DRIVER_FILES ?? 'unset'));
`;

interface Outcome {
  description?: string;
  isSoftware?: boolean;
  source?: string;
  squares?: number[];
  error?: string;
}

const SQUARES = Array.from({ length: 64 }, (_, i) => i * i);
const probeFile = join(folder, 'probe.ts');
await writeFile(probeFile, PROBE);
await writeFile(join(folder, 'package.json'), '{"type":"module"}');

/** Runs the probe under this runtime; rejects when it crashes or does not end by itself within a minute. */
function probe(adapters: AdapterChoice[], environment: Record<string, string | undefined> = {}) {
  const [program, words] = isDeno
    ? [process.execPath, ['run', '-A', '--config', `${repositoryRoot()}deno.json`]]
    : [process.execPath, ['--import', import.meta.resolve('tsx')]];
  const env: Record<string, string | undefined> = {
    ...process.env,
    PROBE_ADAPTERS: JSON.stringify(adapters),
    ...environment,
  };
  for (const name of Object.keys(env)) if (env[name] === undefined) delete env[name];
  return new Promise<{ outcomes: Outcome[]; driverVariable: string }>((resolve, reject) => {
    const options = { env: env as NodeJS.ProcessEnv, timeout: 60_000, cwd: repositoryRoot() };
    execFile(program, [...words, probeFile], options, (error, stdout, stderr) => {
      const line = /OUTCOMES (.*) (\S+)$/m.exec(stdout);
      if (error || !line) reject(new Error(`the probe failed: ${error?.message}\n${stdout}\n${stderr}`));
      else resolve({ outcomes: JSON.parse(line[1]!), driverVariable: line[2]! });
    });
  });
}

const carriesSwiftShader = process.platform === 'linux' && process.arch === 'x64';
const NO_DRIVERS = { VK_DRIVER_FILES: '/nonexistent.json', VK_ICD_FILENAMES: '/nonexistent.json' };
const system = (await probe(['system'])).outcomes[0]!;

function needs(condition: boolean, what: string, name: string, run: () => Promise<void>): void {
  if (condition) {
    test(name, run);
  } else {
    console.log(`skipped: ${name} (needs ${what})`);
    test.skip(name);
  }
}

needs(
  !system.error,
  'an adapter of the system',
  "the system's adapter computes, and the process ends by itself",
  async () => {
    assert.is(system.source, 'system');
    assert.equal(system.squares, SQUARES);
    assert.ok(system.description!.endsWith(system.isSoftware ? ', software' : ', GPU'), system.description);
  },
);

needs(carriesSwiftShader, 'Linux x64', 'the carried SwiftShader computes, whatever the system has', async () => {
  const { outcomes } = await probe(['swiftshader']);
  assert.equal(outcomes[0]!.squares, SQUARES);
  assert.is(outcomes[0]!.source, 'bundled');
  assert.is(outcomes[0]!.isSoftware, true);
  assert.match(outcomes[0]!.description!, /SwiftShader.*, software$/);
});

needs(carriesSwiftShader, 'Linux x64', 'auto falls back to SwiftShader where the system has no driver', async () => {
  const { outcomes } = await probe(['auto'], NO_DRIVERS);
  assert.equal(outcomes[0]!.squares, SQUARES);
  assert.is(outcomes[0]!.source, 'bundled');
});

needs(carriesSwiftShader, 'Linux', "'system' never takes the carried driver and says what to install", async () => {
  const { outcomes } = await probe(['system'], NO_DRIVERS);
  assert.match(outcomes[0]!.error!, /^No WebGPU adapter on this machine.*mesa-vulkan-drivers/);
});

needs(
  carriesSwiftShader && !system.error,
  'Linux x64 and an adapter of the system',
  'one process, both drivers',
  async () => {
    const { outcomes, driverVariable } = await probe(['swiftshader', 'system', 'auto', 'swiftshader'], {
      VK_DRIVER_FILES: undefined,
      VK_ICD_FILENAMES: undefined,
    });
    if (isDeno) {
      assert.equal(
        outcomes.map((outcome) => outcome.source),
        ['bundled', undefined, 'bundled', 'bundled'],
      );
      assert.match(outcomes[1]!.error!, /Deno keeps the driver of a process's first request/);
    } else {
      assert.equal(
        outcomes.map((outcome) => outcome.source),
        ['bundled', 'system', 'system', 'bundled'],
      );
      assert.is(driverVariable, 'unset', 'the environment is as it was');
    }
  },
);

// Deno keeps its own driver alive.
if (!isDeno) {
  needs(!system.error, 'an adapter of the system', 'a device outlives the handle that it came from', async () => {
    const script = `
    import { runtime } from '${new URL('../../engine/runtime/index.ts', import.meta.url).href}';
    const open = async () => (await (await runtime()).requestAdapter({ adapter: 'system' })).adapter.requestDevice();
    const device = await open();
    for (let i = 0; i < 20; i++) {
      globalThis.gc();
      await new Promise((resolve) => setTimeout(resolve, 5));
      await device.queue.onSubmittedWorkDone();
    }
    console.log('alive');`;
    await writeFile(join(folder, 'collect.ts'), script);
    const words = ['--expose-gc', '--import', import.meta.resolve('tsx'), join(folder, 'collect.ts')];
    const printed = await new Promise((resolve) => {
      execFile(process.execPath, words, { timeout: 60_000 }, (error, stdout) =>
        resolve(error ? error.message : stdout.trim()),
      );
    });
    assert.is(printed, 'alive');
  });
}

needs(carriesSwiftShader, 'Linux x64', 'the driver is unpacked once, atomically, and mended when broken', async () => {
  const cache = join(folder, 'cache');
  await Promise.all([1, 2].map(() => probe(['swiftshader'], { XDG_CACHE_HOME: cache })));
  const folders = await readdir(join(cache, 'kosmos-webgpu'));
  assert.is(folders.length, 1, `one folder, nothing left beside it: ${folders}`);
  const driver = join(cache, 'kosmos-webgpu', folders[0]!, 'libvk_swiftshader.so');
  const { size, mtimeMs } = await stat(driver);
  await probe(['swiftshader'], { XDG_CACHE_HOME: cache });
  assert.is((await stat(driver)).mtimeMs, mtimeMs, 'not written again');
  await truncate(driver, 1000);
  const { outcomes } = await probe(['swiftshader'], { XDG_CACHE_HOME: cache });
  assert.equal(outcomes[0]!.squares, SQUARES);
  assert.is((await stat(driver)).size, size);
});

needs(carriesSwiftShader, 'Linux x64', 'a cache folder that cannot be made is named', async () => {
  await writeFile(join(folder, 'file'), '');
  const { outcomes } = await probe(['swiftshader'], { XDG_CACHE_HOME: join(folder, 'file') });
  assert.match(outcomes[0]!.error!, /^Cannot unpack SwiftShader into .*file\/kosmos-webgpu.*XDG_CACHE_HOME/);
});

test('adapters are named for people, and software is known by flag or by name', () => {
  const adapter = (info: Partial<GPUAdapterInfo>) =>
    ({ info: { vendor: '', architecture: '', device: '', description: '', ...info } }) as GPUAdapter;
  const cases: [Partial<GPUAdapterInfo>, string][] = [
    [{ vendor: 'nvidia', device: 'nvidia-h200', description: 'NVIDIA: 570.1' }, 'nvidia-h200 (NVIDIA: 570.1), GPU'],
    [{ vendor: '4318', device: '9019', description: 'NVIDIA H200' }, 'NVIDIA H200, GPU'],
    [{ vendor: 'apple', architecture: 'metal-3' }, 'apple metal-3, GPU'],
    [{ device: '0', description: 'llvmpipe (LLVM 15.0.6, 256 bits)' }, 'llvmpipe (LLVM 15.0.6, 256 bits), software'],
    [{ device: 'some-card', description: 'driver 1', isFallbackAdapter: true }, 'driver 1, software'],
    [{}, 'unnamed adapter, GPU'],
  ];
  for (const [info, expected] of cases) {
    assert.is(describeAdapter(adapter(info)), expected);
    assert.is(isSoftwareAdapter(adapter(info)), expected.endsWith('software'));
  }
});

test('the error about a missing adapter knows the system', () => {
  assert.match(noAdapterError('linux', 'Why.').message, /Why\. .*libvulkan1.*@sparticuz\/chromium/);
  assert.match(noAdapterError('darwin', 'Why.').message, /macOS/);
  assert.match(noAdapterError('win32', 'Why.').message, /Direct3D/);
  assert.match(noAdapterError('plan9', 'Why.').message, /Vulkan/);
});

test('a broken tar archive is refused', () => {
  const header = new Uint8Array(512);
  header.set(new TextEncoder().encode('some/file'), 0);
  header.set(new TextEncoder().encode('00000001750\0'), 124);
  header[156] = 48;
  const archive = new Uint8Array(512 + 1024 + 1024);
  archive.set(header);
  archive[512] = 7;
  assert.equal(
    [...untar(archive)].map(([name, bytes]) => [name, bytes.length, bytes[0]]),
    [['file', 1000, 7]],
  );
  assert.throws(() => untar(archive.subarray(0, 1024)), /claims 1000 bytes of 512/);
});

async function rejection(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => assert.unreachable('should have thrown'),
    (error: Error) => error.message,
  ) as Promise<string>;
}

async function checkSource(source: FileSource): Promise<void> {
  assert.is(source.size, 10);
  assert.equal([...(await source.read(3, 4))], [3, 4, 5, 6]);
  assert.equal([...(await source.read(10, 0))], []);
  assert.match(await rejection(source.read(8, 3)), /cannot read 3 bytes at 8: the file ends at 10/);
  assert.match(await rejection(source.read(-1, 3)), /whole numbers/);
  assert.match(await rejection(source.read(0.5, 3)), /whole numbers/);
  await source.close();
}

test('a file is read by ranges, exactly', async () => {
  const path = join(folder, 'ten');
  await here.writeFileAtomic(
    path,
    Uint8Array.from({ length: 10 }, (_, i) => i),
  );
  await checkSource(await here.openFile(path));
  const cut = await here.openFile(path);
  await truncate(path, 5);
  assert.match(await rejection(cut.read(2, 6)), /got 3 of 6 bytes at 2: the file was cut/);
  await cut.close();
});

test('a Blob is read the same way', async () => {
  await checkSource(blobSource(new Blob([Uint8Array.from({ length: 10 }, (_, i) => i)])));
});

test('errors of file functions name the path and the reason', async () => {
  const absent = join(folder, 'absent');
  assert.is(await rejection(here.openFile(absent)), `Cannot open ${absent}: no such file or folder`);
  assert.is(await rejection(here.openFile(folder)), `Cannot open ${folder}: it is not a file`);
  assert.is(await rejection(here.readTextFile(absent)), `Cannot read ${absent}: no such file or folder`);
  assert.is(await rejection(here.listFolder(absent)), `Cannot list ${absent}: no such file or folder`);
  assert.match(await rejection(here.writeFileAtomic(join(absent, 'x'), '')), /^Cannot write .*absent.x/);
});

test('an atomic write leaves the old content and nothing else when its source fails', async () => {
  const own = join(folder, 'atomic');
  await here.makeFolder(own);
  const path = join(own, 'file');
  await here.writeFileAtomic(path, 'old');
  async function* failing() {
    yield new Uint8Array(100);
    throw new Error('the source failed');
  }
  assert.is(await rejection(here.writeFileAtomic(path, failing())), 'the source failed');
  assert.is(await here.readTextFile(path), 'old');
  assert.equal(await here.listFolder(own), [{ name: 'file', kind: 'file' }]);
  await here.writeFileAtomic(path, [new Uint8Array([1, 2]), new Uint8Array([3])]);
  assert.equal([...(await here.readFile(path))], [1, 2, 3]);
});

test('sinks begin anew or append; folders are listed, links followed, files renamed and removed', async () => {
  const own = join(folder, 'tree');
  await here.makeFolder(join(own, 'b', 'c'));
  for (const append of [false, true, true]) {
    const sink = await here.openSink(join(own, 'a'), { append });
    await sink.write(new Uint8Array([1, 2]));
    await sink.close();
  }
  assert.equal(await here.status(join(own, 'a')), { kind: 'file', size: 6 });
  await here.link('../a', join(own, 'b', 'link'));
  assert.equal([...(await here.readFile(join(own, 'b', 'link')))], [1, 2, 1, 2, 1, 2]);
  assert.equal(await here.listFolder(join(own, 'b')), [
    { name: 'c', kind: 'folder' },
    { name: 'link', kind: 'file' },
  ]);
  await here.rename(join(own, 'a'), join(own, 'z'));
  assert.is(await here.exists(join(own, 'a')), false);
  assert.is(await here.exists(join(own, 'z', 'below a file')), false);
  await here.remove(own);
  await here.remove(own);
  assert.is(await here.status(own), null);
});

test('the environment and the cache folder', async () => {
  process.env.KOSMOS_RUNTIME_TEST = 'value';
  assert.is(here.environment('KOSMOS_RUNTIME_TEST'), 'value');
  process.env.KOSMOS_RUNTIME_TEST = '';
  assert.is(here.environment('KOSMOS_RUNTIME_TEST'), undefined);
  delete process.env.KOSMOS_RUNTIME_TEST;
  if (process.platform === 'linux') {
    process.env.XDG_CACHE_HOME = '/some/cache';
    assert.is(here.homeCacheFolder(), '/some/cache');
    delete process.env.XDG_CACHE_HOME;
    assert.is(here.homeCacheFolder(), join(here.homeFolder(), '.cache'));
  }
});

test.after(() => rm(folder, { recursive: true, force: true }));
test.run();
