/** What one can train here. */
import quick from '../../configs/shapes-quick.json' with { type: 'json' };

export interface Preset {
  readonly name: string;
  readonly label: string;
  /** As a file of `configs/` would hold it. */
  readonly configuration: Readonly<Record<string, unknown>> & { readonly steps: number };
}

/** A look at the model every so often; scores take long, and the samples say as much. */
const WATCHED = {
  validation: { every: 25, batches: 1, samples: 4, items: 0 },
  checkpoint: { every: 25, keep: 1 },
};

const { text_config: text, vision_config: vision, ...model } = quick.model.config;

export const PRESETS: readonly Preset[] = [
  {
    name: 'small',
    label: 'Small, for any machine',
    configuration: {
      ...quick,
      ...WATCHED,
      description: 'A very small KOSMOS-2 learns in a browser what is where in drawings of one or two shapes',
      model: {
        ...quick.model,
        config: {
          ...model,
          text_config: { ...text, embed_dim: 64, ffn_dim: 256, attention_heads: 2 },
          vision_config: {
            ...vision,
            hidden_size: 64,
            intermediate_size: 256,
            num_hidden_layers: 2,
            num_attention_heads: 2,
          },
        },
      },
      data: [
        {
          name: 'pictures',
          kind: 'shapes',
          perStep: 8,
          microBatch: 8,
          textsPerImage: 3,
          maxTokens: 81,
          mix: {
            caption: 4,
            groundedCaption: 30,
            detail: 6,
            comprehension: 30,
            grounding: 10,
            referring: 8,
            question: 12,
            textOnly: 0,
            interleaved: 0,
          },
          mostObjects: 2,
        },
      ],
      optimizer: { ...quick.optimizer, learningRate: 1e-3 },
      schedule: { kind: 'constant', warmup: 20, minimum: 0, cooldown: 0 },
      steps: 400,
    },
  },
  {
    name: 'quick',
    label: 'configs/shapes-quick.json',
    configuration: { ...quick, ...WATCHED },
  },
];
