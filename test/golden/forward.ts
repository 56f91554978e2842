/** `forward.safetensors`: every tensor `<case>.<tensor>` of every case, computed from the inputs stored beside it. */
import { join } from 'node:path';
import type { Tensor } from '../../engine/tensor.ts';
import type { TokenBatch } from '../../model/batch.ts';
import type { Kosmos2 } from '../../model/kosmos2.ts';
import type { GoldenCase } from './case.ts';
import { readFloats, TensorFile, tensorCase, unknownTensorCase } from './tensor-file.ts';

const FILE = 'forward.safetensors';
const INPUTS = ['pixel_values', 'input_ids', 'attention_mask', 'image_embeds_position_mask'];

export async function checkForward(folder: string, model: Kosmos2): Promise<GoldenCase[]> {
  const file = await TensorFile.open(join(folder, FILE));
  try {
    const names = new Set(file.names.map((name) => name.split('.')[0]));
    const cases: GoldenCase[] = [];
    for (const name of names) cases.push(...(await checkCase(file, model, name)));
    return cases;
  } finally {
    await file.close();
  }
}

/** All stored outputs of one case; a case that cannot be computed is one failure. */
async function checkCase(file: TensorFile, model: Kosmos2, name: string): Promise<GoldenCase[]> {
  const computed = new Map<string, Tensor>();
  try {
    const batch = await storedBatch(file, name);
    await compute(file, model, name, batch, computed);
    const outputs = file.names
      .filter((one) => one.startsWith(`${name}.`))
      .map((one) => one.slice(name.length + 1))
      .filter((one) => !INPUTS.includes(one));
    const cases: GoldenCase[] = [];
    for (const output of outputs) {
      const label = `${FILE} ${name} ${output}`;
      const tensor = computed.get(output);
      const mask = isPerToken(output) ? batch?.attentionMask.map((row) => [...row]) : undefined;
      const stored = await file.floats(`${name}.${output}`);
      cases.push(tensor ? tensorCase(label, await readFloats(tensor), stored, mask) : unknownTensorCase(label));
    }
    return cases;
  } catch (error) {
    const detail = (error as Error).message;
    return [{ name: `${FILE} ${name}`, deviation: 'failed', tolerance: 'computed', ok: false, detail }];
  } finally {
    for (const tensor of computed.values()) tensor.dispose();
  }
}

/** Whether the tensor has values for tokens of the text, pads among them. */
function isPerToken(output: string): boolean {
  return output === 'logits' || output.startsWith('text.');
}

/** The token rows of a case; null for one of vision alone. */
async function storedBatch(file: TensorFile, name: string): Promise<TokenBatch | null> {
  if (!file.has(`${name}.input_ids`)) return null;
  const inputIds = await file.rows(`${name}.input_ids`);
  const rows = async (what: string) => (file.has(`${name}.${what}`) ? file.rows(`${name}.${what}`) : undefined);
  return {
    inputIds,
    attentionMask: (await rows('attention_mask')) ?? inputIds.map((row) => row.map(() => 1)),
    imageEmbedsPositionMask: await rows('image_embeds_position_mask'),
  };
}

/** Puts all that the model computes for a case into `computed`, under the names of the file. */
async function compute(
  file: TensorFile,
  model: Kosmos2,
  name: string,
  batch: TokenBatch | null,
  computed: Map<string, Tensor>,
): Promise<void> {
  const add = (tensors: Readonly<Record<string, Tensor>>) => {
    for (const [key, tensor] of Object.entries(tensors)) computed.set(key, tensor);
  };
  let images: Tensor | null = null;
  if (file.has(`${name}.pixel_values`)) {
    const { vectors, taps } = await model.encodeImagesTapped(await file.pixels(`${name}.pixel_values`));
    add({ ...taps, image_embeds: vectors });
    images = vectors;
  }
  if (batch) {
    const { logits, taps } = await model.forward(batch, images, true);
    add({ ...taps, logits });
  }
}
