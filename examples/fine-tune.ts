/**
 * Fine-tuning: the model that ships knows drawings of coloured shapes. Here it learns a word that it has never seen, from ten pictures of one's own
 * (houses, drawn below) with captions and boxes.
 *
 *   npx tsx examples/fine-tune.ts [FOLDER]    or    deno run -A examples/fine-tune.ts [FOLDER]
 *
 * FOLDER (default runs/houses) gets the pictures, the run with its report, and the model.
 */
import { argv } from 'node:process';
import { fileURLToPath } from 'node:url';
import { encodePng, Kosmos, type RgbImage } from 'kosmos-webgpu';
import { runtime } from 'kosmos-webgpu/engine';
import { runTraining } from 'kosmos-webgpu/train';

const here = await runtime();
const base = fileURLToPath(new URL('../demo/model', import.meta.url));
const folder = argv[2] ?? 'runs/houses';
await here.makeFolder(`${folder}/pictures`);

// ---- ten pictures, and what is on them

interface House {
  picture: RgbImage;
  caption: string;
  /** x1, y1, x2, y2 in fractions of the picture. */
  box: [number, number, number, number];
}

const colours = { red: [200, 40, 40], blue: [50, 80, 200], green: [40, 150, 60], yellow: [230, 200, 50] } as const;

/** A wall with a roof on it. `number` decides where it stands and how it looks. */
function house(number: number): House {
  const name = Object.keys(colours)[number % 4] as keyof typeof colours;
  const size = 64;
  const side = 20 + 3 * (number % 5);
  const [left, top] = [(number * 17) % (size - side), (number * 29) % (size - side)];
  const data = new Uint8Array(size * size * 3).fill(235);
  for (let y = 0; y < side; y++) {
    // the roof widens over the upper half
    const inset = y < side / 2 ? Math.round(side / 2 - y) : Math.round(side / 8);
    for (let x = inset; x < side - inset; x++) data.set(colours[name], ((top + y) * size + left + x) * 3);
  }
  const box = [left, top, left + side, top + side].map((edge) => edge / size) as House['box'];
  return { picture: { width: size, height: size, data }, caption: `An image of a ${name} house.`, box };
}

const records: string[] = [];
for (let number = 0; number < 10; number++) {
  const { picture, caption, box } = house(number);
  await here.writeFileAtomic(`${folder}/pictures/${number}.png`, encodePng(picture));
  // a record as GRIT has them: the caption, and the box of its characters from … to …, with a score
  const expression = [caption.indexOf('a '), caption.length - 1, ...box, 1];
  records.push(JSON.stringify({ image: `${number}.png`, caption, ref_exps: [expression] }));
}
await here.writeFileAtomic(`${folder}/pictures/captions.jsonl`, `${records.join('\n')}\n`);

// ---- the run: the same as `train.ts --config FILE` with this as the file

const configuration = {
  description: 'Ten houses',
  model: { init: base, gridSize: 16 },
  data: [
    {
      name: 'houses',
      kind: 'grounded',
      path: `${folder}/pictures/captions.jsonl`,
      perStep: 10,
      // always with tags and boxes
      untaggedShare: 0,
      workers: 0,
    },
  ],
  optimizer: { learningRate: 0.0005, clip: 1 },
  schedule: { kind: 'linear', warmup: 2 },
  dropout: { hidden: 0, attention: 0 },
  validation: { every: 0 },
  // ten pictures are too few to see by: what sees stays as it is
  freeze: ['vision'],
  steps: 40,
};

const { model } = await runTraining({
  configuration,
  name: 'fine-tune.ts',
  out: `${folder}/run`,
  onStep: ({ step, loss }) => step % 5 === 0 && console.log(`step ${step}: loss ${loss.toFixed(3)}`),
});

// ---- before and after, asked about a house that it has not seen

const unseen = house(11);
for (const [when, from] of [
  ['before', base],
  ['after', model!],
]) {
  const kosmos = await Kosmos.load(from);
  const { text, entities } = await kosmos.ask(unseen.picture, { maxNewTokens: 40 });
  const boxes = entities.flatMap(({ boxes }) => boxes.map((box) => box.map((edge) => edge.toFixed(2)).join(' ')));
  console.log(`${when}: ${text} (${boxes.join('; ')})`);
  kosmos.close();
}
console.log(`right:  ${unseen.caption} (${unseen.box.map((edge) => edge.toFixed(2)).join(' ')})`);
