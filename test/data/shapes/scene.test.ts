import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { intersectionOverUnion } from '../../../data/grounding.ts';
import { isNovelPair, KNOWN_PAIRS } from '../../../data/shapes/holdout.ts';
import { visiblePart } from '../../../data/shapes/placement.ts';
import { renderScene } from '../../../data/shapes/render.ts';
import { boxOf, makeScene, SPLITS, type Split, sceneKey } from '../../../data/shapes/scene.ts';
import { runtime } from '../../../engine/index.ts';

function scenes(split: Split, count: number, seed = 0) {
  return Array.from({ length: count }, (_, index) => makeScene({ seed, split, index }));
}

test('scenes and pixels are the same everywhere', async () => {
  const hash = (await runtime()).contentHash('sha256');
  for (const split of SPLITS) {
    for (const scene of scenes(split, 25, 7)) {
      hash.update(new TextEncoder().encode(JSON.stringify(scene)));
      hash.update(renderScene(scene, 64).data);
    }
  }
  assert.is(hash.digest(), '5c567f4e9b71b42293ca0ec264a8b4f4972ceb0e6fee6c76fe94f3a5f413d941');
});

test('a scene depends on seed, split and index alone', () => {
  const scene = makeScene({ seed: 3, split: 'test', index: 5 });
  assert.equal(makeScene({ seed: 3, split: 'test', index: 5 }), scene);
  for (const other of [
    { seed: 4, split: 'test', index: 5 },
    { seed: 3, split: 'validation', index: 5 },
    { seed: 3, split: 'test', index: 6 },
    { seed: 3 + 2 ** 32, split: 'test', index: 5 },
  ] as const) {
    assert.not.equal(makeScene(other).objects, scene.objects);
  }
  assert.throws(() => makeScene({ seed: -1, split: 'test', index: 0 }), /the seed must be a whole number/);
  assert.throws(() => makeScene({ seed: 0, split: 'test', index: 2 ** 32 }), /the index must be/);
});

test('objects lie inside the picture, can be seen and are of the sizes that their names say', () => {
  const counts = new Array<number>(7).fill(0);
  for (const { objects } of scenes('train', 2000)) {
    counts[objects.length]++;
    for (const [i, object] of objects.entries()) {
      const box = boxOf(object);
      assert.ok(box.every((value) => value >= 0 && value <= 1));
      const [least, most] = object.size === 'small' ? [0.238, 0.29] : [0.378, 0.462];
      assert.ok(box[2] - box[0] >= least && box[2] - box[0] <= most);
      assert.ok(visiblePart(object, objects.slice(i + 1)) >= 0.7);
      for (const other of objects.slice(i + 1)) assert.ok(intersectionOverUnion(box, boxOf(other)) <= 0.15);
    }
  }
  for (const [count, share] of [0, 0.15, 0.25, 0.25, 0.17, 0.1, 0.08].entries()) {
    assert.ok(Math.abs(counts[count] / 2000 - share) < 0.04, `${counts[count]} scenes of ${count}`);
  }
});

test('the box of an object is the tight one of its pixels', () => {
  const background = { tone: 'black', pattern: 'plain', rgb: [0, 0, 0], contrast: 0, grain: 0 } as const;
  for (const { shape } of KNOWN_PAIRS) {
    const object = { shape, color: 'white', size: 'large', texture: 'plain', rgb: [255, 255, 255] } as const;
    const scene = {
      ...({ seed: 0, split: 'train', index: 0, background } as const),
      objects: [{ ...object, x: 64, y: 96, side: 112 }],
    };
    const { data } = renderScene(scene, 256);
    const lit = Array.from({ length: 256 * 256 }, (_, i) => i).filter((i) => data[i * 3] > 0);
    const [columns, rows] = [lit.map((i) => i % 256), lit.map((i) => Math.floor(i / 256))];
    const extent = (values: number[]) => [
      values.reduce((a, b) => Math.min(a, b)),
      values.reduce((a, b) => Math.max(a, b)),
    ];
    for (const [found, wanted] of [
      [extent(columns), [64, 175]],
      [extent(rows), [96, 207]],
    ]) {
      assert.ok(Math.abs(found[0] - wanted[0]) <= 1 && Math.abs(found[1] - wanted[1]) <= 1, `${shape}: ${found}`);
    }
  }
});

test('no scene belongs to two splits, whatever the seed', () => {
  const owner = new Map<string, Split>();
  for (const seed of [0, 1]) {
    for (const split of SPLITS) {
      for (const scene of scenes(split, 2000, seed)) {
        const key = sceneKey(scene);
        assert.is(owner.get(key) ?? split, split);
        owner.set(key, split);
      }
    }
  }
});

test('novel pairs are in every scene of novel and in none of the others', () => {
  for (const split of SPLITS) {
    for (const { objects } of scenes(split, 1500)) assert.is(objects.some(isNovelPair), split === 'novel');
  }
});

test('pictures come in any size', () => {
  const scene = makeScene({ seed: 0, split: 'train', index: 0 });
  for (const size of [1, 63, 448]) assert.is(renderScene(scene, size).data.length, size * size * 3);
  assert.throws(() => renderScene(scene, 0.5), /the size must be a whole number/);
});

test.run();
