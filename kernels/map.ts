/**
 * Fused elementwise maps, and with the identity as expression every strided copy (transposes, slices, concatenation).
 *
 * Two forms. `rows`: the result is a matrix of rows × 4·columns4 elements; a thread computes one vec4; an operand is read
 * in step with the result (`linear`), as a vec4 per column at a row stride (`vector`), or as one value a row (`splat`).
 * `strided`: a thread computes one element and decodes its index into `rank` axes; any layout goes. No workgroup memory.
 */
import { constantParameters, type Expression, widthAlias } from './expression.ts';
import {
  type Buffer,
  type ElementType,
  type KernelSource,
  kernelSource,
  linearWorkgroup,
  range,
  u32,
} from './source.ts';

export const mapWorkgroup = 64;

export type RowsAccess = 'linear' | 'vector' | 'splat';

export interface RowsMap {
  expression: Expression;
  operands: { type: ElementType; access: RowsAccess }[];
  result: { type: ElementType; access: 'linear' | 'vector' };
  /** Operand (with linear access and the result's type) that shares the result's buffer. */
  inPlace?: number;
}

/** Integers are copied as they are. */
function copiesIntegers(
  { isCopy }: Expression,
  [operand]: readonly { type: ElementType }[],
  result: { type: ElementType },
): boolean {
  return isCopy === true && operand.type === result.type && (result.type === 'i32' || result.type === 'u32');
}

/**
 * Parameters: count (vec4s in all), columns4, and for every operand that is not linear its row stride and offset (in vec4s
 * for `vector`, in elements for `splat`): s0, o0, …; sOut, oOut for a result that is not linear; then the constants.
 */
export function rowsMapKernel({ expression, operands, result, inPlace }: RowsMap): KernelSource {
  const raw = copiesIntegers(expression, operands, result);
  const buffers: Buffer[] = [];
  for (const [i, { type, access }] of operands.entries()) {
    if (i !== inPlace) buffers.push({ name: `x${i}`, type, vector: access !== 'splat', raw });
  }
  buffers.push({ name: 'out', type: result.type, vector: true, write: true, raw });
  const indexed = operands.some(({ access }) => access !== 'linear') || result.access !== 'linear';
  const index = (access: RowsAccess, name: string) => {
    if (access === 'linear') return 'i';
    return access === 'vector' ? `row * p.s${name} + p.o${name} + column` : `row * p.s${name} + p.o${name}`;
  };
  const names = operands.map((_, i) => `v${i}`);
  const loads = operands.map(({ access }, i) => {
    const source = i === inPlace ? 'out' : `x${i}`;
    return `let v${i} = V(load_${source}(${index(access, String(i))}));`;
  });
  const emitted = expression.emit(names);
  const strided = [...operands.entries()].filter(([, { access }]) => access !== 'linear').map(([i]) => String(i));
  if (result.access !== 'linear') strided.push('Out');
  return kernelSource({
    name: `map ${expression.key}`,
    parameters: [
      ...u32('count', 'columns4', ...strided.flatMap((name) => [`s${name}`, `o${name}`])),
      ...constantParameters(expression),
    ],
    buffers,
    declarations: [widthAlias(true, raw ? result.type : 'f32'), ...expression.helpers],
    workgroupSize: [mapWorkgroup],
    body: [
      `let i = ${linearWorkgroup} * ${mapWorkgroup}u + lane;`,
      'if (i >= p.count) { return; }',
      ...(indexed ? ['let row = i / p.columns4;', 'let column = i - row * p.columns4;'] : []),
      ...loads,
      ...emitted.statements,
      `store_out(${index(result.access, 'Out')}, ${emitted.result});`,
    ].join('\n'),
  });
}

export interface StridedMap {
  expression: Expression;
  operands: { type: ElementType }[];
  /** An f16 result is written in step with the index, four elements a thread, and takes no strides. */
  result: { type: ElementType; strided: boolean };
  rank: number;
}

/** Parameters: count, d1 … d(rank−1) (extents), per operand o<i> (offset) and s<i>_<axis>, likewise for Out; then the constants. */
export function stridedMapKernel({ expression, operands, result, rank }: StridedMap): KernelSource {
  const half = result.type === 'f16';
  const raw = copiesIntegers(expression, operands, result);
  const layouts = [...operands.map((_, i) => String(i)), ...(result.strided ? ['Out'] : [])];
  const buffers: Buffer[] = operands.map(({ type }, i) => ({ name: `x${i}`, type, raw }));
  buffers.push({ name: 'out', type: result.type, vector: half, write: true, raw });
  const decode: string[] = ['var rest = i;'];
  for (let axis = rank - 1; axis > 0; axis--) {
    decode.push(`let a${axis} = rest % p.d${axis};`, `rest = rest / p.d${axis};`);
  }
  decode.push('let a0 = rest;');
  const index = (name: string) =>
    [`p.o${name}`, ...range(rank).map((axis) => `a${axis} * p.s${name}_${axis}`)].join(' + ');
  const emitted = expression.emit(operands.map((_, i) => `v${i}`));
  const evaluate = [
    ...decode,
    ...operands.map((_, i) => `let v${i} = V(load_x${i}(${index(String(i))}));`),
    ...emitted.statements,
  ];
  const each = half ? 4 : 1;
  const body = [
    `let start = (${linearWorkgroup} * ${mapWorkgroup}u + lane) * ${each}u;`,
    'if (start >= p.count) { return; }',
  ];
  const declarations = [widthAlias(false, raw ? result.type : 'f32'), ...expression.helpers];
  if (half) {
    declarations.push(
      `fn evaluate(at: u32) -> f32 {\nlet i = min(at, p.count - 1u);\n${evaluate.join('\n')}\nreturn ${emitted.result};\n}`,
    );
    body.push(
      'store_out(start / 4u, vec4<f32>(evaluate(start), evaluate(start + 1u), evaluate(start + 2u), evaluate(start + 3u)));',
    );
  } else {
    body.push('let i = start;', ...evaluate, `store_out(${result.strided ? index('Out') : 'i'}, ${emitted.result});`);
  }
  return kernelSource({
    name: `map ${expression.key} strided`,
    parameters: [
      ...u32(
        'count',
        ...range(rank - 1).map((axis) => `d${axis + 1}`),
        ...layouts.flatMap((name) => [`o${name}`, ...range(rank).map((axis) => `s${name}_${axis}`)]),
      ),
      ...constantParameters(expression),
    ],
    buffers,
    declarations,
    workgroupSize: [mapWorkgroup],
    body: body.join('\n'),
  });
}
