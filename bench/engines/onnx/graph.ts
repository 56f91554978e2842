/** Models in the ONNX format (onnx.proto of github.com/onnx/onnx; field numbers are its), built node by node. */
import { bytesField, floatField, integerField, message } from '../../../train/report/tensorboard/protobuf.ts';

type ElementType = 'float' | 'int64';

/** TensorProto.DataType. */
const elementTypes: Record<ElementType, number> = { float: 1, int64: 7 };
const irVersion = 10;
/** The first operator set that has Gelu. */
const opset = 20;
/** Of onnxruntime's own operators, such as MultiHeadAttention. */
export const contributed = 'com.microsoft';

/** How long a tensor is along an axis; a name where only the input tells. */
type Extent = number | string;

type Attribute = number | string | readonly number[];

export interface NodeOptions {
  /** Whole numbers are integers here; see `floats` for the others. */
  readonly attributes?: Readonly<Record<string, Attribute>>;
  readonly floats?: Readonly<Record<string, number>>;
  readonly domain?: string;
}

export class OnnxGraph {
  readonly #nodes: Uint8Array[] = [];
  readonly #constants: Uint8Array[] = [];
  readonly #inputs: Uint8Array[] = [];
  readonly #outputs: Uint8Array[] = [];
  #next = 0;

  input(name: string, type: ElementType, shape: readonly Extent[]): string {
    this.#inputs.push(valueInfo(name, type, shape));
    return name;
  }

  output(name: string, shape: readonly Extent[]): void {
    this.#outputs.push(valueInfo(name, 'float', shape));
  }

  /** A tensor of the model's own. */
  constant(data: Float32Array | BigInt64Array, shape: readonly number[]): string {
    const name = this.#name('constant');
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    this.#constants.push(
      message(
        ...shape.map((extent) => integerField(1, extent)),
        integerField(2, elementTypes[data instanceof Float32Array ? 'float' : 'int64']),
        bytesField(8, name),
        bytesField(9, bytes),
      ),
    );
    return name;
  }

  scalar(value: number): string {
    return this.constant(Float32Array.of(value), []);
  }

  /** A list of whole numbers, as shapes and axes are given. */
  integers(values: readonly number[]): string {
    return this.constant(BigInt64Array.from(values, BigInt), [values.length]);
  }

  /** One operator with one result, whose name it gives; an empty input is one that is left out. */
  node(type: string, inputs: readonly string[], options: NodeOptions = {}): string {
    const name = this.#name(type);
    this.#add(type, inputs, name, options);
    return name;
  }

  /** As `node`, under a name of one's choice: for outputs of the graph. */
  named(name: string, type: string, inputs: readonly string[], options: NodeOptions = {}): void {
    this.#add(type, inputs, name, options);
  }

  /** The file. */
  bytes(): Uint8Array {
    const graph = message(
      ...this.#nodes.map((node) => bytesField(1, node)),
      bytesField(2, 'bench'),
      ...this.#constants.map((constant) => bytesField(5, constant)),
      ...this.#inputs.map((input) => bytesField(11, input)),
      ...this.#outputs.map((output) => bytesField(12, output)),
    );
    const set = (domain: string, version: number) =>
      bytesField(8, message(bytesField(1, domain), integerField(2, version)));
    return message(integerField(1, irVersion), bytesField(7, graph), set('', opset), set(contributed, 1));
  }

  #add(type: string, inputs: readonly string[], output: string, options: NodeOptions): void {
    const { attributes = {}, floats = {}, domain } = options;
    this.#nodes.push(
      message(
        ...inputs.map((input) => bytesField(1, input)),
        bytesField(2, output),
        bytesField(3, output),
        bytesField(4, type),
        ...Object.entries(attributes).map(([name, value]) => bytesField(5, attribute(name, value))),
        ...Object.entries(floats).map(([name, value]) =>
          bytesField(5, message(bytesField(1, name), floatField(2, value), integerField(20, 1))),
        ),
        ...(domain ? [bytesField(7, domain)] : []),
      ),
    );
  }

  #name(stem: string): string {
    return `${stem}_${this.#next++}`;
  }
}

/** AttributeProto; its types are 2 for an integer, 3 for a text, 7 for a list of integers. */
function attribute(name: string, value: Attribute): Uint8Array {
  if (typeof value === 'number') return message(bytesField(1, name), integerField(3, value), integerField(20, 2));
  if (typeof value === 'string') return message(bytesField(1, name), bytesField(4, value), integerField(20, 3));
  return message(bytesField(1, name), ...value.map((one) => integerField(8, one)), integerField(20, 7));
}

function valueInfo(name: string, type: ElementType, shape: readonly Extent[]): Uint8Array {
  const extents = shape.map((extent) =>
    bytesField(1, message(typeof extent === 'string' ? bytesField(2, extent) : integerField(1, extent))),
  );
  const tensor = message(integerField(1, elementTypes[type]), bytesField(2, message(...extents)));
  return message(bytesField(1, name), bytesField(2, message(bytesField(1, tensor))));
}
