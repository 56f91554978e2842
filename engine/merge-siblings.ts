/** Short kernels that stand next to each other and differ only in some of their buffers become one dispatch: see `kernels/siblings.ts`. */
import { siblingsKernel } from '../kernels/siblings.ts';
import type { DeviceTraits } from './device.ts';
import type { Command, Dispatch, Memory } from './memory.ts';

export function mergeSiblings(commands: readonly Command[], { maxBindings }: DeviceTraits): Command[] {
  const merged: Command[] = [];
  let family: Dispatch[] = [];
  const close = () => {
    if (family.length > 0) merged.push(family.length > 1 ? asOne(family) : family[0]);
    family = [];
  };
  for (const command of commands) {
    if (command.kind === 'copy') {
      close();
      merged.push(command);
      continue;
    }
    const joins = family.length > 0 && isSibling(family, command) && bindingsOf([...family, command]) <= maxBindings;
    if (!joins) close();
    family.push(command);
  }
  close();
  return merged;
}

/** Whether a dispatch does for other buffers what all of these do, with the same first input, and can run beside them. */
function isSibling(family: readonly Dispatch[], command: Dispatch): boolean {
  const [{ source, grid, parameters, operands }] = family;
  return (
    (source.parts.takesSiblings ?? false) &&
    source.wgsl === command.source.wgsl &&
    operands[0] === command.operands[0] &&
    grid[2] === 1 &&
    grid.every((extent, i) => extent === command.grid[i]) &&
    parameters.every((value, i) => value === command.parameters[i]) &&
    family.every((other) => !writesFor(other, command) && !writesFor(command, other))
  );
}

function writesFor({ source, operands }: Dispatch, reader: Dispatch): boolean {
  return operands.some((memory, i) => source.buffers[i].write && reader.operands.includes(memory));
}

/** For each operand, whether it is the same in all. */
function sharedBy([first, ...others]: readonly Dispatch[]): boolean[] {
  return first.operands.map((memory, i) => others.every(({ operands }) => operands[i] === memory));
}

function operandsOf(family: readonly Dispatch[]): Memory[] {
  const shared = sharedBy(family);
  return family.flatMap(({ operands }, call) => operands.filter((_, i) => call === 0 || !shared[i]));
}

function bindingsOf(family: readonly Dispatch[]): number {
  return operandsOf(family).length;
}

function asOne(family: readonly Dispatch[]): Dispatch {
  const [first] = family;
  const [x, y] = first.grid;
  return {
    ...first,
    label: `${family.length} × ${first.label}`,
    source: siblingsKernel(first.source, family.length, sharedBy(family)),
    operands: operandsOf(family),
    grid: [x, y, family.length],
    flops: family.reduce((sum, { flops }) => sum + flops, 0),
  };
}
