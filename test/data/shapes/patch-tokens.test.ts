/** What patches are named: which object each shows, and the tokens for it. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { PatchNamer, patchOwners } from '../../../data/shapes/patch-tokens.ts';
import { makeScene, type Scene, type SceneObject } from '../../../data/shapes/scene.ts';
import { openShapes } from '../../../data/shapes/stream.ts';
import { buildShapesTokenizer } from '../../../data/shapes/tokenizer-training.ts';
import { UnseenPairs } from '../../../data/shapes/unseen-pairs.ts';
import { Tokenizer } from '../../../data/tokenizer.ts';
import { onlyKind } from './only-kind.ts';

const built = buildShapesTokenizer({ gridSize: 16 });
const tokenizer = new Tokenizer(built.tokenizerJson, built.tokenizerConfig);

function sceneOf(...objects: Partial<SceneObject>[]): Scene {
  const common = { shape: 'square', color: 'red', size: 'large', texture: 'plain', rgb: [222, 36, 40] } as const;
  const plain = makeScene({ seed: 1, split: 'train', index: 0 });
  return { ...plain, objects: objects.map((object) => ({ x: 0, y: 0, side: 96, ...common, ...object })) };
}

test('a patch shows what was painted last on most of it, and hardly covered ones show nothing', () => {
  // 64 units a patch; the second square covers a corner of the first
  const owners = patchOwners(sceneOf({ x: 64, y: 64, side: 128 }, { x: 128, y: 128, side: 68 }), 4);
  assert.equal(owners, [null, null, null, null, null, 0, 0, null, null, 0, 1, null, null, null, null, null]);
  const corners = patchOwners(sceneOf({ shape: 'diamond', x: 0, y: 0, side: 256 }), 8);
  assert.equal([corners[0], corners[7], corners[56], corners[63]], [null, null, null, null]);
  assert.is(corners.filter((owner) => owner === 0).length, 8 + 2 * (2 + 4 + 6 + 8) - 8);
  const ring = patchOwners(sceneOf({ shape: 'ring', x: 0, y: 0, side: 256 }), 8);
  assert.equal([ring[27], ring[28], ring[35], ring[36]], [null, null, null, null], 'one looks through a ring');
});

test('a name is the words of the object and the corners of its box as texts have them', () => {
  const scene = sceneOf({ x: 70, y: 130, side: 60, size: 'small', texture: 'striped', shape: 'star', color: 'blue' });
  const names = new Map<number, number[]>();
  for (const { image, patch, id } of new PatchNamer(tokenizer, 4, 16).tokensOf(scene)) {
    assert.is(image, 0);
    names.set(patch, [...(names.get(patch) ?? []), id]);
  }
  assert.is(names.size, 16, 'every patch has a name');
  assert.is(tokenizer.decode(names.get(9)!), 'small striped blue star<patch_index_0132><patch_index_0184>');
  assert.equal(names.get(0), tokenizer.encode(' background'));
  for (const word of ['small', 'large', 'striped', 'dotted', 'star', 'red'])
    assert.equal(tokenizer.encode(` ${word}`).length, 1, 'one token as in the middle of a text');
});

test('a patch leaves open what training never shows beside its colour or its shape, where that is wanted', () => {
  const scene = sceneOf({ x: 70, y: 130, side: 60, shape: 'heart', color: 'yellow' });
  const namer = new PatchNamer(tokenizer, 4, 16);
  const plain = namer.tokensOf(scene);
  const open = namer.tokensOf(scene, [], new UnseenPairs(tokenizer));
  assert.equal(
    open.map(({ openIds, ...token }) => token),
    plain,
  );
  const wordsOf = (ids: readonly number[] = []) => ids.map((id) => tokenizer.decode([id]).trim()).sort();
  for (const { patch, openIds } of open)
    assert.equal(wordsOf(openIds), patch === 9 ? ['cross', 'crosses', 'red'] : [], `patch ${patch}`);
});

test('the stream gives pictures with names of their patches, where it knows how many patches there are', async () => {
  const mix = onlyKind('patches');
  const options = { seed: 3, split: 'train', tokenizer, imageSize: 32, latents: 4, mix } as const;
  const { images, sequences, patchTokens } = await openShapes({ ...options, patchesPerSide: 8 }).next();
  assert.equal([images.length, sequences.length], [1, 0]);
  assert.equal([...new Set(patchTokens!.map(({ patch }) => patch))].length, 64);
  assert.ok(patchTokens!.length > 64, 'objects have several tokens');
  assert.throws(() => openShapes(options), /the kind patches needs patchesPerSide/);
});

test.run();
