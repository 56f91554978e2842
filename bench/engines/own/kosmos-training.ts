/** Training steps of KOSMOS-2 in its published form (dropout, clipping, vision tower, resampler, decoder) at a small width. */
import {
  adamwSettings,
  type Device,
  HostArray,
  leavesOf,
  type Moments,
  mapTree,
  type Tensor,
} from '../../../engine/index.ts';
import type { PlanDescription } from '../../../engine/plan.ts';
import { hostBatch } from '../../../model/batch.ts';
import { parseConfig } from '../../../model/index.ts';
import { nextTokenLabels } from '../../../model/loss.ts';
import { PositionTable } from '../../../model/positions.ts';
import type { HostMicroBatch } from '../../../train/batch.ts';
import { parseTrainConfig } from '../../../train/config.ts';
import { compileStep, joinParameters, type Parts, splitParameters } from '../../../train/step.ts';
import { randomIds, randomValues } from '../../data.ts';
import { uploadWeights } from './weights.ts';

/** What kernels are made depends on alignments, not on depth and width: head dimension 64, vocabulary 1 above a multiple of 4, as published. */
function configuration(tiny: boolean) {
  const width = 128;
  return {
    model_type: 'kosmos-2',
    latent_query_num: tiny ? 4 : 64,
    text_config: { vocab_size: 1037, embed_dim: width, layers: 2, ffn_dim: 4 * width, attention_heads: 2 },
    vision_config: {
      hidden_size: width,
      intermediate_size: 4 * width,
      num_hidden_layers: 2,
      num_attention_heads: 2,
      image_size: tiny ? 28 : 224,
    },
  };
}

export interface KosmosTraining {
  /** One step: gradients of a picture with a row of text and a row of text alone, then the optimiser. */
  step(): Promise<void>;
  /** Of its two plans. */
  describe(): PlanDescription[];
  dispose(): void;
}

export async function kosmosTraining(
  device: Device,
  tiny: boolean,
  onCompile?: (done: number, all: number) => void,
): Promise<KosmosTraining> {
  const json = configuration(tiny);
  const config = parseConfig(json);
  const training = parseTrainConfig({
    model: { config: json, tokenizer: 'shapes' },
    data: [{ name: 'shapes', kind: 'shapes', perStep: 1 }],
    optimizer: { learningRate: 1e-3 },
    dropout: { hidden: 0.1, attention: 0.1 },
    steps: 100,
  });
  const functions = compileStep(config, training, { onCompile });
  const { trained, frozen } = splitParameters(uploadWeights(device, config), []);
  const zeros = () => mapTree(trained, (leaf) => device.zeros((leaf as Tensor).shape)) as Parts;
  let state: { trained: Parts; moments: Moments<Parts> } = { trained, moments: { first: zeros(), second: zeros() } };
  const table = new PositionTable(config.text, device);
  const batch = lossInput(config);
  let count = 0;
  const step = async () => {
    count++;
    const dynamic = { key: new HostArray(Int32Array.of(1, count)), lossScale: null };
    const { loss, sums } = await functions.accumulate(state.trained, frozen, table.withRows(0), batch, dynamic, null);
    const settings = adamwSettings({ learningRate: 1e-3, step: count });
    const result = await functions.update(state.trained, state.moments, sums, null, settings, 1e-2);
    state = { trained: result.trained, moments: result.moments };
    await device.finish();
    loss.dispose();
    result.norm.dispose();
  };
  return {
    step,
    describe: () => [functions.accumulate.describe(), functions.update.describe()],
    dispose: () => {
      functions.dispose();
      table.dispose();
      for (const leaf of leavesOf([joinParameters({ trained: state.trained, frozen }), state.moments]))
        (leaf as Tensor).dispose();
    },
  };
}

/** A row with a picture and a row without, both of the same length, every token scored. */
function lossInput(config: ReturnType<typeof parseConfig>): HostMicroBatch['feed'] {
  const { latentQueryNum, text, vision } = config;
  const length = latentQueryNum + 12;
  const rowsWith = (slots: number) => {
    const ids = Array.from(randomIds(`row ${slots}`, length, text.vocabSize - 4), (id) => id + 4);
    const mask = ids.map((_, at) => Number(at >= 2 && at < 2 + slots));
    const host = hostBatch(
      { inputIds: [ids], attentionMask: [ids.map(() => 1)], imageEmbedsPositionMask: [mask] },
      config,
    );
    const { ids: tokens, positionIds, bounds, slots: places } = host;
    return { ids: tokens, positionIds, bounds, slots: places, labels: nextTokenLabels([ids], config) };
  };
  const { channels, imageSize } = vision;
  const pixels = randomValues('pixels', channels * imageSize ** 2, 1.5);
  return {
    pixels: new HostArray(pixels, [1, channels, imageSize, imageSize]),
    groups: [rowsWith(latentQueryNum), rowsWith(0)],
  };
}
