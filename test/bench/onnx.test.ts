/** ONNX files, read back field by field. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { fusedAttention } from '../../bench/engines/onnx/attention.ts';
import { OnnxGraph } from '../../bench/engines/onnx/graph.ts';
import { kosmos2Onnx } from '../../bench/engines/onnx/kosmos2.ts';
import { forwardConfig } from '../../bench/models.ts';

const test = suite('bench: ONNX');

type Field = { number: number; value: number | Uint8Array };

/** Fields of a message: protobuf's wire types 0 (varint), 2 (bytes) and 5 (four bytes). */
function fieldsOf(bytes: Uint8Array): Field[] {
  const fields: Field[] = [];
  let at = 0;
  const varint = () => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = bytes[at++];
      value += (byte % 128) * scale;
      if (byte < 128) return value;
    }
  };
  while (at < bytes.length) {
    const tag = varint();
    const number = Math.floor(tag / 8);
    if (tag % 8 === 0) fields.push({ number, value: varint() });
    else {
      const length = tag % 8 === 5 ? 4 : varint();
      fields.push({ number, value: bytes.subarray(at, at + length) });
      at += length;
    }
  }
  return fields;
}

const bytesAt = (fields: Field[], number: number) =>
  fields.filter((field) => field.number === number).map(({ value }) => value as Uint8Array);
const textsAt = (fields: Field[], number: number) =>
  bytesAt(fields, number).map((bytes) => new TextDecoder().decode(bytes));

test('a graph of one node with a constant', () => {
  const graph = new OnnxGraph();
  const x = graph.input('x', 'float', [2, 3]);
  const weight = graph.constant(Float32Array.of(1, 2, 3), [3, 1]);
  graph.named('y', 'Gemm', [x, weight], { attributes: { transB: 0, perm: [1, 0] }, floats: { alpha: 0.5 } });
  graph.output('y', [2, 1]);
  const model = fieldsOf(graph.bytes());
  assert.is(model.find(({ number }) => number === 1)!.value, 10, 'the version of the format');
  const [body] = bytesAt(model, 7).map(fieldsOf);
  const [node] = bytesAt(body, 1).map(fieldsOf);
  assert.equal(textsAt(node, 1), ['x', weight]);
  assert.equal(textsAt(node, 2), ['y']);
  assert.equal(textsAt(node, 4), ['Gemm']);
  const attributes = bytesAt(node, 5).map(fieldsOf);
  assert.equal(
    attributes.map((fields) => textsAt(fields, 1)[0]),
    ['transB', 'perm', 'alpha'],
  );
  assert.equal(
    attributes[1].filter(({ number }) => number === 8).map(({ value }) => value),
    [1, 0],
  );
  const [constant] = bytesAt(body, 5).map(fieldsOf);
  assert.equal(
    constant.filter(({ number }) => number === 1).map(({ value }) => value),
    [3, 1],
  );
  const [raw] = bytesAt(constant, 9);
  assert.equal(new Float32Array(raw.slice().buffer), Float32Array.of(1, 2, 3));
  assert.equal(textsAt(fieldsOf(bytesAt(body, 11)[0]), 1), ['x']);
  assert.equal(textsAt(fieldsOf(bytesAt(body, 12)[0]), 1), ['y']);
});

test('KOSMOS-2: every input of a node is there before it', () => {
  const file = kosmos2Onnx(forwardConfig('tiny'), fusedAttention);
  const [body] = bytesAt(fieldsOf(file), 7).map(fieldsOf);
  const known = new Set([
    ...bytesAt(body, 5).flatMap((constant) => textsAt(fieldsOf(constant), 8)),
    ...bytesAt(body, 11).flatMap((input) => textsAt(fieldsOf(input), 1)),
  ]);
  const nodes = bytesAt(body, 1).map(fieldsOf);
  assert.is(nodes.filter((node) => textsAt(node, 4)[0] === 'MultiHeadAttention').length, 3);
  for (const node of nodes) {
    for (const input of textsAt(node, 1)) assert.ok(known.has(input), input);
    known.add(textsAt(node, 2)[0]);
  }
  assert.ok(known.has('logits'));
});

test.run();
