/**
 * Draws scenes of the shapes world with their captions and boxes, for looking at:
 *
 *     npx tsx test/data/shapes/preview.ts OUT.png [train|validation|test|novel] [SEED]
 */
import { writeFileSync } from 'node:fs';
import process from 'node:process';
import { encodePng } from '../../../data/image/index.ts';
import { captionedInDetail } from '../../../data/shapes/captions.ts';
import { renderScene } from '../../../data/shapes/render.ts';
import { makeScene, SPLITS } from '../../../data/shapes/scene.ts';
import { sampleSheet } from '../../../train/report/sheet.ts';

const COUNT = 20;

const [out = 'preview.png', name = 'train', seed = '0'] = process.argv.slice(2);
const split = SPLITS.find((one) => one === name);
if (!split) throw new Error(`preview: no split ${name}; there are ${SPLITS.join(', ')}`);
const samples = Array.from({ length: COUNT }, (_, index) => {
  const scene = makeScene({ seed: Number(seed), split, index });
  const { text, phrases } = captionedInDetail(scene);
  const entities = phrases.map(({ span, boxes }) => ({ text: text.slice(...span), span, boxes }));
  return { image: renderScene(scene, 64), predicted: { text, entities: structuredClone(entities) as never } };
});
writeFileSync(out, encodePng(sampleSheet(samples, { columns: 5 })));
