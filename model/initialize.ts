/**
 * Parameters for training from scratch, as the released code draws them: MAGNETO's decoder (torchscale's default-initialised layers times the
 * sub-LayerNorm gain), CLIP's vision tower, fairseq's attention in the resampler. Every number is a function of seed, parameter and place, so a run starts
 * from the same bits on every runtime.
 */
import { type Device, mapTree, type Tensor, uniforms } from '../engine/index.ts';
import { type Kosmos2Config, patchesPerSide, type VisionConfig } from './config.ts';
import { type Kosmos2Parameters, namedLeaves, parameterShapes } from './parameters.ts';
import { dividesWaves, type NeighbourAttention, type PlaceCode, placeCode, setNeighbourRows } from './place-code.ts';

/**
 * `magneto`: as above. `huggingface`: the library's own, N(0, 0.02) everywhere but in the vision tower. `balanced`: as `magneto`, but for a model that starts with a
 * fresh vision tower and has to learn from few pictures where things are. The tower's unit-length features are scaled up so that they weigh as much as the latent
 * queries beside them (a fresh projection makes them some thirty times smaller). Patches, latent queries and location tokens begin with the same code for the same
 * place, 2-D sines and cosines, so that neighbours are alike; and queries are compared with keys by the same matrix, so that from the start each query looks at
 * the patches around its own place instead of at all of them alike. In the tower places have half of the columns to themselves, and each head leans towards one
 * neighbour of the patch, as the taps of a convolution do (see `place-code.ts`). All of this was chosen by how soon it tells shapes apart.
 */
export type Initialization = 'magneto' | 'balanced' | 'huggingface';

/** The location tokens among the rows of the embedding: `grid`² of them. */
export interface LocationTokens {
  readonly first: number;
  readonly grid: number;
}

export interface InitializeOptions {
  /** Default `magneto`. */
  readonly initialization?: Initialization;
  /** For `balanced`. */
  readonly locations?: LocationTokens;
}

/** How one parameter is drawn. */
type Draw =
  | { readonly kind: 'constant'; readonly value: number }
  | { readonly kind: 'uniform'; readonly bound: number }
  // the first `zeros` elements are zero
  | { readonly kind: 'normal'; readonly deviation: number; readonly zeros?: number }
  // the code fills the first columns of rows of `rowWidth`
  | ({ readonly kind: 'waves'; readonly rowWidth: number } & PlaceCode)
  | ({ readonly kind: 'neighbours'; readonly role: 'query' | 'key'; readonly deviation: number } & NeighbourAttention);

const zero: Draw = { kind: 'constant', value: 0 };
const normal = (deviation: number): Draw => ({ kind: 'normal', deviation });
const uniform = (bound: number): Draw => ({ kind: 'uniform', bound });

function isNorm(name: string): boolean {
  return /(^|[._])(layernorm|layer_norm|layer_norm[12]|pre_layrnorm|post_layernorm|ln)$/.test(moduleOf(name));
}

function moduleOf(name: string): string {
  return name.slice(0, name.lastIndexOf('.'));
}

/** √ln(2N), the gain of the layers behind a sub-LayerNorm, for a decoder of N layers (MAGNETO, table 2; torchscale's decoder). */
export function subLayerNormGain(layers: number): number {
  return Math.sqrt(Math.log(2 * layers));
}

function decoderDraw(name: string, fanIn: number, { text }: Kosmos2Config): Draw {
  if (name.includes('embed_tokens')) return normal(text.embedDim ** -0.5);
  const gained = /\.(fc1|fc2|out_proj|v_proj)\./.test(name);
  return uniform((gained ? subLayerNormGain(text.layers) : 1) / Math.sqrt(fanIn));
}

/** CLIP's deviation of queries, keys, values and second layers. */
function innerDeviation({ hiddenSize, layers }: VisionConfig): number {
  return hiddenSize ** -0.5 * (2 * layers) ** -0.5;
}

function visionDraw(name: string, { vision }: Kosmos2Config): Draw {
  const width = vision.hiddenSize ** -0.5;
  if (name.includes('class_embedding')) return normal(width);
  if (name.includes('_embedding')) return normal(0.02);
  if (name.endsWith('.bias')) return zero;
  if (name.includes('out_proj')) return normal(width);
  if (name.includes('fc1')) return normal((2 * vision.hiddenSize) ** -0.5);
  return normal(innerDeviation(vision));
}

/** Null for what is drawn as ever. */
function balancedVisionDraw(name: string, fanIn: number, config: Kosmos2Config): Draw | null {
  const { hiddenSize: width, attentionHeads: heads } = config.vision;
  const side = patchesPerSide(config.vision);
  const codeWidth = codeWidthOf(width);
  if (name.endsWith('position_embedding.weight'))
    return { kind: 'waves', side, width: codeWidth, rowWidth: width, height: patchWaveHeight };
  if (name.endsWith('patch_embedding.weight'))
    return { kind: 'normal', deviation: patchStrength / Math.sqrt(fanIn), zeros: codeWidth * fanIn };
  if (name.endsWith('fc1.weight')) return normal(innerGain * (2 * width) ** -0.5);
  const [, compared] = /self_attn\.([qk])_proj\.weight$/.exec(name) ?? [];
  if (!compared || !dividesWaves(codeWidth, heads)) return null;
  const role = compared === 'q' ? 'query' : 'key';
  const deviation = innerDeviation(config.vision);
  return { kind: 'neighbours', role, deviation, width, heads, side, codeWidth, scale: neighbourScale };
}

function resamplerDraw(name: string, fanIn: number, { text }: Kosmos2Config): Draw {
  if (name.includes('latent_query')) return normal(1);
  if (name.includes('dense')) return uniform(1 / Math.sqrt(fanIn));
  if (name.endsWith('.bias')) return name.includes('out_proj') ? zero : uniform(1 / Math.sqrt(text.embedDim));
  // Xavier's bound √(6/(in + out)) for square matrices, with gain 1/√2 on query, key and value
  const xavier = Math.sqrt(3 / text.embedDim);
  return uniform(name.includes('out_proj') ? xavier : xavier * Math.SQRT1_2);
}

function drawOf(name: string, fanIn: number, config: Kosmos2Config, initialization: Initialization): Draw {
  if (isNorm(name)) return { kind: 'constant', value: name.endsWith('.weight') ? 1 : 0 };
  if (initialization === 'balanced') {
    const drawn = name.startsWith('vision_model') ? balancedVisionDraw(name, fanIn, config) : null;
    if (drawn) return drawn;
    // features of length 1 come out with entries of about 1
    if (name.endsWith('image_to_text_projection.dense.weight')) return uniform(Math.sqrt(3));
    // attention scores of deviation 2 rather than ½
    if (/image_to_text_projection\.x_attn\.[qk]_proj\.weight$/.test(name))
      return uniform(Math.sqrt(6 / config.text.embedDim));
  }
  if (name.startsWith('vision_model')) return visionDraw(name, config);
  if (initialization === 'huggingface')
    return name.endsWith('latent_query') ? normal(1) : name.endsWith('.bias') ? zero : normal(0.02);
  if (name.startsWith('image_to_text_projection')) return resamplerDraw(name, fanIn, config);
  return decoderDraw(name, fanIn, config);
}

/** The values of one parameter from element `first` on; `index` tells its numbers apart from those of other parameters. */
function drawValues(draw: Draw, seed: number, index: number, first: number, count: number): Float32Array {
  if (draw.kind === 'constant') return new Float32Array(count).fill(draw.value);
  if (draw.kind === 'waves') return positionRows(draw, first, count);
  if (draw.kind === 'neighbours') {
    const matrix = drawValues(normal(draw.deviation), seed, index, 0, draw.width ** 2);
    setNeighbourRows(matrix, draw.role, draw);
    return matrix.subarray(first, first + count);
  }
  if (draw.kind === 'uniform') return uniforms(seed, index, first, count).map((u) => (2 * u - 1) * draw.bound);
  // Box and Muller, 1958; two numbers of the stream each
  const pairs = uniforms(seed, index, 2 * first, 2 * count);
  const values = Float32Array.from(
    { length: count },
    (_, i) => draw.deviation * Math.sqrt(-2 * Math.log(1 - pairs[2 * i])) * Math.cos(2 * Math.PI * pairs[2 * i + 1]),
  );
  return values.fill(0, 0, clamp((draw.zeros ?? 0) - first, count));
}

/** Of the places' code and of patches of normalised pixels: what a picture shows weighs a little more than where. */
const [patchWaveHeight, patchStrength] = [0.6, 0.6];
/** Gives soft attention: a neighbour scores about 2 above patches far away. */
const neighbourScale = 1;
/** Of the first layer of the feed-forward networks, so that their activation bends what it gets. */
const innerGain = 2;

/** The columns of the tower's rows that places have to themselves; patches begin in the others. */
function codeWidthOf(width: number): number {
  return Math.floor(width / 2);
}

/** Positions of the class token (zeros) and of the patches, from row `first / rowWidth` on. */
function positionRows(draw: Extract<Draw, { kind: 'waves' }>, first: number, count: number): Float32Array {
  const { rowWidth } = draw;
  const values = new Float32Array(count);
  for (let at = 0; at < count; at += rowWidth) {
    const row = (first + at) / rowWidth;
    if (row > 0) values.set(placeCode(row - 1, draw), at);
  }
  return values;
}

/** Gives the rows of location tokens the code of their place, of length 1 like the others. */
function codeLocations(values: Float32Array, firstRow: number, width: number, { first, grid }: LocationTokens): void {
  const code = { side: grid, width, height: Math.sqrt(2 / width) };
  for (let row = firstRow; row < firstRow + values.length / width; row++) {
    const place = row - first;
    if (place >= 0 && place < grid * grid) values.set(placeCode(place, code), (row - firstRow) * width);
  }
}

/** Fresh parameters in f32 on the device. */
export async function initializeParameters(
  config: Kosmos2Config,
  device: Device,
  seed: number,
  { initialization = 'magneto', locations }: InitializeOptions = {},
): Promise<Kosmos2Parameters> {
  const shapes = parameterShapes(config);
  const leaves = namedLeaves(shapes);
  const names = [...leaves.keys()];
  const balanced = initialization === 'balanced';
  const draw = (name: string, first: number, count: number): Float32Array => {
    const { shape } = leaves.get(name)!;
    // the bias of a layer is drawn by the layer's fan-in too
    const fanIn = sizeOf((leaves.get(`${moduleOf(name)}.weight`)?.shape ?? shape).slice(1));
    return drawValues(drawOf(name, fanIn, config, initialization), seed, names.indexOf(name), first, count);
  };
  const rowsOf = (name: string, width: number, firstRow: number, count: number): Float32Array => {
    if (balanced && name.endsWith('latent_query')) return latentRows(config, draw, firstRow, count);
    const source = balanced ? name.replace('x_attn.q_proj.weight', 'x_attn.k_proj.weight') : name;
    const drawn = draw(source, firstRow * width, count * width);
    if (!name.includes('embed_tokens')) return drawn;
    if (balanced && locations) codeLocations(drawn, firstRow, width, locations);
    const pad = config.text.padTokenId - firstRow;
    return drawn.fill(0, clamp(pad, count) * width, clamp(pad + 1, count) * width);
  };
  const tensors = new Map<string, Tensor>();
  try {
    for (const [name, { shape }] of leaves) {
      const [rows, ...rest] = shape;
      const width = sizeOf(rest);
      const values = (firstRow: number, count: number) => rowsOf(name, width, firstRow, count);
      tensors.set(name, await device.upload(rest.length === 0 ? [rows] : [rows, width], 'f32', values, 'parameters'));
    }
  } catch (error) {
    for (const tensor of tensors.values()) tensor.dispose();
    throw error;
  }
  return mapTree(shapes, (_, path) => tensors.get(path)) as unknown as Kosmos2Parameters;
}

/** Latent queries that are what the projection makes of places: of a square grid of them, the rest random. */
function latentRows(
  { text, vision, latentQueryNum }: Kosmos2Config,
  draw: (name: string, first: number, count: number) => Float32Array,
  firstRow: number,
  count: number,
): Float32Array {
  const [width, inner] = [text.embedDim, vision.hiddenSize];
  const rows = draw('image_to_text_projection.latent_query', firstRow * width, count * width);
  const dense = draw('image_to_text_projection.dense.weight', 0, width * inner);
  const side = Math.floor(Math.sqrt(latentQueryNum));
  for (let row = firstRow; row < Math.min(firstRow + count, side * side); row++) {
    // of length 1, as features are
    const code = placeCode(row, { side, width: codeWidthOf(inner), height: Math.sqrt(2 / codeWidthOf(inner)) });
    for (let out = 0; out < width; out++) {
      let sum = 0;
      for (let c = 0; c < code.length; c++) sum += dense[out * inner + c] * code[c];
      rows[(row - firstRow) * width + out] = sum;
    }
  }
  return rows;
}

function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, extent) => product * extent, 1);
}

function clamp(row: number, count: number): number {
  return Math.min(Math.max(row, 0), count);
}
