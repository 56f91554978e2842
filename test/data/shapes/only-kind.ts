/** A mix of one kind of examples. */
import { DEFAULT_MIX, type ExampleKind, type ShapesMix } from '../../../data/shapes/curriculum.ts';

export function onlyKind(kind: ExampleKind): ShapesMix {
  const kinds = Object.keys(DEFAULT_MIX) as ExampleKind[];
  return Object.fromEntries(kinds.map((name) => [name, name === kind ? 1 : 0])) as ShapesMix & object;
}
