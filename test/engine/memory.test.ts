/** Slots by liveness: two memories that are needed at the same time never share one. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { assignSlots, type Command, type Memory, memoriesOf } from '../../engine/memory.ts';
import { kernelSource } from '../../kernels/source.ts';
import { uniform } from './interpret.ts';

const source = kernelSource({ name: 'none', parameters: [], buffers: [], workgroupSize: [1], body: '' });

function dispatch(...operands: Memory[]): Command {
  return { kind: 'dispatch', label: '', source, parameters: [], operands, grid: [1, 1, 1], flops: 0 };
}

const slot = (bytes: number): Memory => ({ bytes, origin: { kind: 'slot' } });

/** First and last command that touch each memory. */
function lifetimes(commands: readonly Command[]): Map<Memory, [number, number]> {
  const lives = new Map<Memory, [number, number]>();
  for (const [at, command] of commands.entries()) {
    for (const memory of memoriesOf(command)) lives.set(memory, [lives.get(memory)?.[0] ?? at, at]);
  }
  return lives;
}

function randomCommands(random: () => number): { commands: Command[]; exempt: Set<Memory> } {
  const below = (limit: number) => Math.floor(random() * limit);
  const memories: Memory[] = [{ bytes: 64, origin: { kind: 'argument', index: 0, shard: 0 } }];
  const exempt = new Set<Memory>();
  const commands: Command[] = [];
  for (let i = 0; i < 30; i++) {
    const fresh = slot(16 * (1 + below(20)));
    const recent = () => memories[Math.max(0, memories.length - 1 - below(6))];
    if (below(4) === 0) commands.push({ kind: 'copy', from: recent(), to: fresh, bytes: 16 });
    else commands.push(dispatch(...Array.from({ length: below(4) }, recent), fresh));
    memories.push(fresh);
    if (below(8) === 0) exempt.add(fresh);
  }
  return { commands, exempt };
}

test('memories that live at the same time have slots of their own, large enough', () => {
  for (let seed = 0; seed < 300; seed++) {
    const { commands, exempt } = randomCommands(uniform(seed));
    const { slots, slotOf } = assignSlots(commands, exempt);
    const lives = [...lifetimes(commands)];
    for (const [memory, [first, last]] of lives) {
      const own = slotOf.get(memory);
      const wanted = memory.origin.kind === 'slot' && !exempt.has(memory);
      assert.is(own !== undefined, wanted);
      if (own === undefined) continue;
      assert.ok(slots[own] >= memory.bytes);
      for (const [other, [start, end]] of lives) {
        const overlap = other !== memory && start <= last && first <= end;
        assert.not(
          overlap && slotOf.get(other) === own,
          `seed ${seed}: slot ${own} is shared at commands ${start}–${end}`,
        );
      }
    }
    assert.equal(
      [...new Set(slotOf.values())].sort((a, b) => a - b),
      slots.map((_, i) => i),
      'no slot is unused',
    );
  }
});

test('a chain needs two slots, and memories that never live together need one, as large as the largest', () => {
  const [a, b, c, d] = [64, 32, 64, 32].map(slot);
  const { slots, slotOf } = assignSlots([dispatch(a), dispatch(a, b), dispatch(b, c), dispatch(c, d)], new Set());
  assert.equal(slots, [64, 32]);
  assert.equal(
    [a, b, c, d].map((memory) => slotOf.get(memory)),
    [0, 1, 0, 1],
  );
  const [e, f, g] = [16, 128, 48].map(slot);
  const grown = assignSlots([dispatch(e), dispatch(f), dispatch(g), dispatch(slot(256))], new Set());
  assert.equal(grown.slots, [256], 'one buffer, since nothing lives together');
});

test('a small memory that lives long does not hold a large slot', () => {
  const [early, late, small] = [1024, 1024, 16].map(slot);
  const commands = [dispatch(early), dispatch(small), dispatch(late), dispatch(small)];
  assert.equal(assignSlots(commands, new Set()).slots, [1024, 16]);
});

test.run();
