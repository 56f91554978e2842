/** Parameters of a fresh parser. */
import { type ParserConfig, parameterShapes } from '../../data/grit/parser/config.ts';
import type { Vocabulary } from '../../data/grit/parser/vocabulary.ts';
import { uniforms } from '../../engine/index.ts';

/** Embeddings of words and affixes start so large, at most; unknown ones and the root too. */
const EMBEDDING_RANGE = 0.5;
/** What the forget gates keep at first: states that live for one word up to some thirty. */
const KEPT = { least: 0.2, most: 0.97 };

/** Of the product of arcs, whose scores are sums over two widths: at first all heads are about as likely. */
const ARC_SHARE = 0.1;

/** Matrices by Glorot and Bengio (2010), norms as identities, gates spread over time scales. */
export function initialParameters(
  config: ParserConfig,
  vocabulary: Vocabulary,
  seed: number,
): Record<string, Float32Array<ArrayBuffer>> {
  const shapes = Object.entries(parameterShapes(config, vocabulary));
  return Object.fromEntries(
    shapes.map(([name, shape], stream) => [
      name,
      initialValues(name, shape, config, between(seed, stream, sizeOf(shape))),
    ]),
  );
}

function initialValues(
  name: string,
  shape: readonly number[],
  { state }: ParserConfig,
  random: (range: number) => Float32Array<ArrayBuffer>,
): Float32Array<ArrayBuffer> {
  const size = sizeOf(shape);
  if (name.endsWith('norm.weight')) return new Float32Array(size).fill(1);
  if (name.endsWith('mix.bias')) return gateBiases(state);
  if (name.endsWith('.bias')) return new Float32Array(size);
  // the word itself; what stands beside it is learned
  if (name.endsWith('.near'))
    return Float32Array.from({ length: size }, (_, i) => Number(i >= size / 3 && i < (2 * size) / 3));
  if (name === 'word' || name.startsWith('affix.')) return random(EMBEDDING_RANGE);
  if (name.endsWith('.distance') || name === 'arc.prior') return new Float32Array(size);
  const range = Math.sqrt(6 / (shape[0]! + shape[1]!));
  return random(name === 'arc.product' ? range * ARC_SHARE : range);
}

function gateBiases(state: number): Float32Array<ArrayBuffer> {
  const biases = new Float32Array(6 * state);
  for (const gate of [1, 3]) {
    for (let c = 0; c < state; c++) {
      const kept = KEPT.least + ((KEPT.most - KEPT.least) * (c + 0.5)) / state;
      biases[gate * state + c] = Math.log(kept / (1 - kept));
    }
  }
  return biases;
}

/** Uniform numbers from −range to range. */
function between(seed: number, stream: number, count: number): (range: number) => Float32Array<ArrayBuffer> {
  return (range) => Float32Array.from(uniforms(seed, stream, 0, count), (value) => (2 * value - 1) * range);
}

function sizeOf(shape: readonly number[]): number {
  return shape.reduce((size, extent) => size * extent, 1);
}
