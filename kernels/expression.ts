/**
 * A fused elementwise computation as WGSL. The alias `V` is f32 or vec4<f32> (and `U` the u32 of that width); the same text serves both widths, in map
 * kernels and in the epilogues of matmul.
 */
import { type Buffer, type ElementType, f32, type Parameter, range } from './source.ts';

export interface Expression {
  /** Distinguishes computations: equal keys mean equal WGSL. */
  readonly key: string;
  readonly inputs: number;
  /** Numbers that the computation uses; they are parameters `c0`, `c1`, …, so that the WGSL does not depend on them. */
  readonly constants: readonly number[];
  /** Functions over `V` that the statements call. */
  readonly helpers: readonly string[];
  /** It is the only input, unchanged: between integers it must not pass through f32. */
  readonly isCopy?: boolean;
  /** Statements and the name of the result, given a WGSL name of type `V` for every input. */
  emit(inputs: readonly string[]): { statements: string[]; result: string };
}

export function constantParameters(expression: Expression | undefined): Parameter[] {
  return expression ? f32(...range(expression.constants.length).map((i) => `c${i}`)) : [];
}

/** `V`, and `U` for the bits of a V. */
export function widthAlias(vector: boolean, type: ElementType = 'f32'): string {
  const alias = (name: string, element: string) => `alias ${name} = ${vector ? `vec4<${element}>` : element};`;
  return `${alias('V', type)} ${alias('U', 'u32')}`;
}

/** How an epilogue finds the operand that goes with row `row` and column `column` of the result. */
export type EpilogueAccess = 'full' | 'column' | 'row' | 'scalar';

/** An elementwise tail of a matmul: input 0 of the expression is the accumulator, the others are buffers. */
export interface Epilogue {
  readonly expression: Expression;
  readonly operands: readonly { type: ElementType; access: EpilogueAccess }[];
}

function isVectorOperand(access: EpilogueAccess, vector: boolean): boolean {
  return vector && (access === 'full' || access === 'column');
}

export function epilogueBuffers(epilogue: Epilogue | undefined, vector: boolean): Buffer[] {
  const operands = epilogue?.operands ?? [];
  return operands.map(({ type, access }, i) => ({ name: `e${i}`, type, vector: isVectorOperand(access, vector) }));
}

/**
 * `finish(batch, row, column, value)`: applies the epilogue and stores the result. With `vector`, value holds columns
 * column … column+3 and N is a multiple of 4. Needs the parameters M, outStride and outColumn (the result may be a window of
 * columns in a wider matrix, as with a row-sharded weight).
 */
export function finishFunction(epilogue: Epilogue | undefined, vector: boolean): string {
  const at = vector ? (index: string) => `(${index}) / 4u` : (index: string) => index;
  const index: Record<EpilogueAccess, string> = {
    full: at('(batch * p.M + row) * p.outStride + p.outColumn + column'),
    column: at('p.outColumn + column'),
    row: 'batch * p.M + row',
    scalar: '0u',
  };
  const lines: string[] = [];
  let result = 'value';
  if (epilogue) {
    const names = epilogue.operands.map(({ access }, i) => {
      lines.push(`let x${i} = V(load_e${i}(${index[access]}));`);
      return `x${i}`;
    });
    const emitted = epilogue.expression.emit(['value', ...names]);
    lines.push(...emitted.statements);
    result = emitted.result;
  }
  lines.push(`store_out(${index.full}, ${result});`);
  const head = [widthAlias(vector), ...(epilogue?.expression.helpers ?? [])];
  return [...head, `fn finish(batch: u32, row: u32, column: u32, value: V) {`, ...lines, '}'].join('\n');
}
