/** The gallery: what it shows, how boxes lie on pictures, and that nothing in it is taken for HTML. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { encodePng, type RgbImage } from '../../data/index.ts';
import { type Exhibit, shownText } from '../../evaluate/exhibit.ts';
import { wingsOf } from '../../evaluate/gallery/choose.ts';
import { galleryHtml } from '../../evaluate/gallery.ts';
import { cocoNames, cocoNamesOf } from '../../evaluate/run/pictures.ts';

const root = mkdtempSync(join(tmpdir(), 'gallery-'));
test.after(() => rmSync(root, { recursive: true }));

const plain = (width: number, height: number): RgbImage => ({
  width,
  height,
  data: new Uint8Array(width * height * 3).fill(200),
});
writeFileSync(join(root, 'wide.png'), encodePng(plain(1000, 500)));

const exhibit = (changes: Partial<Exhibit> = {}): Exhibit => ({
  ...shownText(false, []),
  id: 'a',
  picture: { names: ['wide.png'] },
  prompt: '<grounding><phrase>a star</phrase>',
  output: '<object><patch_index_0007><patch_index_0012></object>',
  ...changes,
});

function html(exhibits: readonly Exhibit[]): Promise<string> {
  const rows = [{ metric: 'accuracy', value: 50, paper: 45.6 }];
  const problem = { id: '<b>', kind: 'missing picture', message: 'gone' } as const;
  const result = { rows, notes: ['a note'], items: 3, scored: 2, problems: [problem], exhibits };
  return galleryHtml({ task: 'vqa', circumstances: { model: 'x < y' }, result, pictures: root });
}

test('boxes in pixels lie where they are in the picture, true ones dashed; corners may be swapped or outside', async () => {
  const page = await html([
    exhibit({
      predicted: [{ label: 'a "star"', boxes: [[100, 50, 600, 300]] }],
      truth: [{ label: 'it', boxes: [[1200, 450, 800, 250]] }],
    }),
  ]);
  assert.match(
    page,
    /<i style="--box:rgb\(230 48 62\);left:10%;top:10%;width:50%;height:50%" title="a &quot;star&quot;">/,
  );
  assert.match(page, /<i class="true" style="left:80%;top:50%;width:20%;height:40%" title="it">/);
  const scaled = await html([
    exhibit({ predicted: [{ label: '', boxes: [[1, 1, 2, 2]] }], size: { width: 4, height: 2 } }),
  ]);
  assert.match(scaled, /left:25%;top:50%;width:25%;height:50%/);
});

test('texts are escaped, tags stand out, location tokens are short', async () => {
  const page = await html([
    exhibit({ id: '<script>', expected: ['a & b'], output: 'x < 3 <script>alert(1)</script>' }),
  ]);
  assert.not.match(page, /<script/);
  assert.match(page, /x &lt; 3 /);
  assert.match(page, /a &amp; b/);
  assert.match(page, /x &lt; y/);
  assert.match(page, /missing picture/);
  assert.match(await html([exhibit()]), /<span class="tag">·7<\/span><span class="tag">·12<\/span>/);
  assert.match(page, /default-src 'none'/);
  assert.match(page, /<td>45\.60<\/td>/);
});

test('pictures that are not there are named; options tell what was chosen', async () => {
  assert.match(await html([exhibit({ picture: { names: ['none.png'] } })]), /holds no none\.png/);
  assert.not.match(await html([exhibit({ picture: null })]), /class="picture/);
  const options = [
    { text: 'yes', score: -1.5, isChosen: true, isRight: false },
    { text: 'no', score: -2, isChosen: false, isRight: true },
  ];
  const page = await html([exhibit({ options, prompt: null, output: null })]);
  assert.match(page, /<li class="chosen"><span>yes<\/span><small>chosen · -1\.500<\/small>/);
  assert.match(page, /<small>right · -2\.000<\/small>/);
  assert.not.match(page, /<b>asked/);
});

test('the wrong ones come first; of many a part is shown, evenly', () => {
  const many = Array.from({ length: 300 }, (_, i) => exhibit({ id: String(i), isRight: i % 3 === 0 }));
  const [wrong, right, ...others] = wingsOf(many);
  assert.equal([wrong.title, wrong.all, wrong.shown.length], ['Wrong', 200, 96]);
  assert.equal([right.title, right.all, right.shown.length], ['Right', 100, 48]);
  assert.is(others.length, 0);
  assert.is(wrong.shown[0].id, '1');
  assert.ok(Number(wrong.shown.at(-1)!.id) > 290);
  assert.equal(
    wingsOf([exhibit({ isRight: null })]).map(({ title }) => title),
    ['Answers'],
  );
});

test('names of pictures', () => {
  assert.equal(cocoNames('COCO_train2014_000000266240.jpg').slice(0, 3), [
    'COCO_train2014_000000266240.jpg',
    'train2014/COCO_train2014_000000266240.jpg',
    '000000266240.jpg',
  ]);
  assert.equal(cocoNames('seven.png'), ['seven.png']);
  assert.ok(cocoNamesOf('262148').includes('val2014/COCO_val2014_000000262148.jpg'));
});

test.run();
