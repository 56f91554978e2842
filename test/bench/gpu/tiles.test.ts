/** Every tile of the matrix product gives the same, and the command that times them writes what it found. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { timeTiles } from '../../../bench/tuning/tiles.ts';
import { requestDevice } from '../../../engine/index.ts';
import {
  candidateTiles,
  familiesOf,
  shapeClassOf,
  threadsOf,
  tilesFor,
  workgroupBytesOf,
} from '../../../kernels/tiles.ts';
import { adapterChoice } from '../../adapter.ts';

const test = suite('bench: tiles');

test('at most 15 candidates, within what every device guarantees', () => {
  assert.ok(candidateTiles.length <= 15 && candidateTiles.length > 10);
  for (const tile of candidateTiles) {
    assert.ok(threadsOf(tile) <= 256 && workgroupBytesOf(tile) <= 16384);
    assert.is(tile.depth % 4, 0);
  }
});

test('shapes fall into classes, adapters into families', () => {
  assert.equal([shapeClassOf(16, 8192), shapeClassOf(257, 1024), shapeClassOf(2048, 2048)], ['flat', 'small', 'large']);
  assert.equal(familiesOf({ vendor: 'NVIDIA', architecture: 'hopper' }), ['nvidia hopper', 'nvidia']);
  assert.equal(familiesOf({ vendor: '', architecture: '' }), []);
  assert.equal(tilesFor({ vendor: 'nobody', architecture: '' }).large, tilesFor({ vendor: '', architecture: '' }).flat);
});

if (adapterChoice() === 'swiftshader') {
  console.log("skipped: timing tiles (on the system's adapter only, for each kernel compiles long)");
  test.skip('each tile is right on odd shapes, and has a time');
} else {
  test('each tile is right on odd shapes, and has a time', async () => {
    const device = await requestDevice({ adapter: adapterChoice(), kernels: 'gpu' });
    const classes = await timeTiles(device, true, () => {});
    device.close();
    assert.equal(
      classes.map(({ name }) => name),
      ['flat', 'small', 'large'],
    );
    assert.is(new Set(classes.flatMap(({ times }) => times.map(({ tile }) => tile))).size, candidateTiles.length);
    for (const { times } of classes) {
      assert.ok(times[0].slowdown <= times.at(-1)!.slowdown);
      for (const { deviation, gflops } of times) assert.ok(deviation < 1e-5 && gflops[0] > 0);
    }
  });
}

test.run();
