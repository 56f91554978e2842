/** What passes between the bench and its engines, and how engines that fail are answered for. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { parseBenchArguments } from '../../bench/arguments.ts';
import type { Case } from '../../bench/cases.ts';
import { compare } from '../../bench/compare.ts';
import { type Channel, Contender } from '../../bench/contender.ts';
import { matmulInputs, randomIds, randomValues } from '../../bench/data.ts';
import { DeviceErrors } from '../../bench/engines/device-errors.ts';
import { type Engine, Unsupported } from '../../bench/engines/engine.ts';
import type { EngineName } from '../../bench/engines/index.ts';
import { fromBase64, toBase64 } from '../../bench/protocol.ts';
import { serve } from '../../bench/serve.ts';
import type { MatmulWork } from '../../bench/works.ts';
import { UsageError } from '../../cli/command.ts';

const test = suite('bench: protocol');

test('arrays survive base64, also long ones of no round length', () => {
  for (const count of [0, 1, 2, 3, 20_001]) {
    const values = randomValues('values', count);
    assert.equal(fromBase64(toBase64(values)), values);
  }
});

test('inputs are the same for the same name, and within their bounds', () => {
  assert.equal(randomValues('x', 5), randomValues('x', 5));
  assert.not.equal(randomValues('x', 5), randomValues('y', 5));
  assert.ok(randomValues('x', 10_000, 0.5).every((value) => Math.abs(value) <= 0.5));
  const ids = randomIds('ids', 10_000, 7);
  assert.equal([...new Set(ids)].sort(), [0, 1, 2, 3, 4, 5, 6]);
});

const work: MatmulWork = { kind: 'matmul', M: 3, N: 5, K: 4, transposeA: true, transposeB: false };
const one: Case = {
  name: 'small',
  title: 'small',
  work,
  engines: ['own', 'onnxruntime', 'jax-js', 'tfjs'],
  goals: [],
  tolerance: 1e-6,
};

function product(): Float32Array {
  const { a, b } = matmulInputs(work);
  return Float32Array.from({ length: 15 }, (_, at) => {
    const [m, n] = [Math.floor(at / 5), at % 5];
    return [0, 1, 2, 3].reduce((sum, k) => sum + a.data[k * 3 + m] * b.data[k * 5 + n], 0);
  });
}

function engineOf(results: () => Float32Array, run: () => Promise<void> = async () => {}): Engine {
  return {
    adapter: 'none',
    prepare: async () => ({ run, outputs: async () => [results()], release: () => {} }),
  };
}

function contender(engine: EngineName, served: Engine, errors = new DeviceErrors()): Contender {
  const channel: Channel = { ask: serve(served, errors), alive: true, close: async () => {} };
  return new Contender(engine, channel);
}

test('each engine has a time, or the reason why not', async () => {
  const wrong = product();
  wrong[7] += 0.01;
  const engines: Record<string, Engine> = {
    own: engineOf(product),
    onnxruntime: engineOf(() => wrong),
    'jax-js': {
      adapter: 'none',
      prepare: async () => {
        throw new Unsupported('it has no matrices');
      },
    },
    tfjs: engineOf(product, async () => {
      throw new Error('lost\nat once');
    }),
  };
  const pace = { rounds: 3, turn: 0, limit: 1e6 };
  const results = await compare(one, async (engine) => contender(engine, engines[engine]), pace);
  assert.equal(
    results.map(({ engine }) => engine),
    one.engines,
  );
  const [own, ort, jax, tfjs] = results;
  assert.is(own.times!.runs, 3);
  assert.ok(own.deviation! < 1e-6);
  assert.match(ort.reason!, /^wrong results: off by .* allowed are 0\.000001$/);
  assert.is(jax.reason, 'it has no matrices');
  assert.is(tfjs.reason, 'lost at once');
});

test('results that go wrong while they are timed do not count', async () => {
  let runs = 0;
  const engine = engineOf(
    () => (runs > 2 ? new Float32Array(15) : product()),
    async () => {
      runs++;
    },
  );
  const only = { ...one, engines: ['own'] as const };
  const [result] = await compare(only, async () => contender('own', engine), { rounds: 2, turn: 0, limit: 0 });
  assert.match(result.reason!, /^wrong results/);
});

test('an error that a device reported makes the answer an error', async () => {
  const errors = new DeviceErrors();
  let report: (event: unknown) => void = () => {};
  class Adapter {
    async requestDevice() {
      const addEventListener = (_: string, listener: (event: unknown) => void) => {
        report = listener;
      };
      return { addEventListener };
    }
  }
  const adapter = new Adapter() as unknown as GPUAdapter;
  errors.listen(adapter);
  await adapter.requestDevice();
  const served = contender('tfjs', engineOf(product), errors);
  await served.prepare(work);
  report({ error: { message: 'the pass is still open\nand more' } });
  const message = await served.run(1).catch((error: Error) => error.message);
  assert.is(message, 'WebGPU reported an error: the pass is still open');
});

test('wrong words are named', () => {
  const usage = (...words: string[]) => {
    try {
      parseBenchArguments(words);
    } catch (error) {
      assert.instance(error, UsageError);
      return (error as Error).message;
    }
    return 'no error';
  };
  assert.match(usage('--host', 'safari'), /--host takes node, deno, chromium/);
  assert.match(usage('--tiny', '--full'), /exclude each other/);
  assert.match(usage('--host', 'chromium', '--adapter', 'system'), /SwiftShader/);
  assert.match(usage('matmul'), /no word but options/);
  assert.is(parseBenchArguments(['--help']), 'help');
  assert.is(parseBenchArguments(['--list']), 'list');
});

test.run();
