/** The playground in Chromium, as a visitor uses it. `npx tsx test/web/playground.test.ts --screenshots` takes `docs/web.png`. */
import { cp, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deflateSync } from 'node:zlib';
import type { Page } from 'playwright-core';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { crc32 } from '../../data/image/png/crc32.ts';
import { ChromiumTests, launchChromium } from '../browser/chromium.ts';
import { repositoryRoot } from '../shared.ts';
import { buildAndServe, limitStorage, openPage, screenshot, textOf } from './pages.ts';

const test = suite('playground');
const chromium = await ChromiumTests.start(test);
const pages = chromium.canRun ? await buildAndServe() : null;
const root = repositoryRoot();
const MODEL = `${root}demo/model`;

const ready = (page: Page) => textOf(page, '#model-state', /ready after/);

/** Asks and waits for the answer number `count`; its words. */
async function ask(page: Page, count: number): Promise<string> {
  await page.click('#send');
  return answer(page, count);
}

async function answer(page: Page, count: number): Promise<string> {
  await page.waitForFunction(
    (wanted) =>
      document.querySelectorAll('.answers li').length === wanted &&
      document.querySelector('.answers .figures')?.textContent !== '',
    count,
  );
  return (await page.textContent('.answers li:first-child .said')) ?? '';
}

async function drag(page: Page, [x1, y1, x2, y2]: readonly number[]): Promise<void> {
  const { x, y, width, height } = (await page.locator('.frame').boundingBox())!;
  await page.mouse.move(x + width * x1, y + height * y1);
  await page.mouse.down();
  await page.mouse.move(x + width * x2, y + height * y2, { steps: 3 });
  await page.mouse.up();
}

chromium.test(
  'a picture is opened, described, pointed at and asked about; boxes and words light each other up',
  async (browser) => {
    const { page, lines } = await openPage(browser, pages!.url);
    await ready(page);
    await page.setInputFiles('#file', `${root}demo/scene.png`);
    await textOf(page, '#picture-note', /scene\.png, 448 × 448 pixels/);
    assert.match(await ask(page, 1), /^An image of a/);
    const boxes = await page.locator('.box').count();
    assert.ok(boxes > 0, 'the answer has boxes');
    const phrase = page.locator('.phrase').first();
    const entity = await phrase.getAttribute('data-entity');
    await phrase.hover();
    await page.waitForSelector(`.box.lit[data-entity="${entity}"]`);
    await page.locator(`.box[data-entity="${entity}"]`).first().focus();
    await page.waitForSelector(`.phrase.lit[data-entity="${entity}"]`);
    await screenshot(page, 'web.png');
    await drag(page, [0.1, 0.4, 0.5, 0.9]);
    await textOf(page, '#picture-note', /Box: left 10 %, top 40 %, right 50 %, bottom 90 %/);
    assert.match(await ask(page, 2), /^It is a/);
    await page.click('label:has(#mode-ask)');
    await page.fill('#text', 'How many stars are there?');
    await page.keyboard.press('Enter');
    assert.ok((await answer(page, 3)).length > 0, 'the question has an answer');
    assert.match((await page.textContent('.answers .figures')) ?? '', /to the first token.*tokens? · picture/);
    assert.equal(lines, []);
    await page.context().close();
  },
);

chromium.test('a box is drawn and moved by keyboard', async (browser) => {
  const { page } = await openPage(browser, pages!.url);
  await page.focus('#stage');
  await page.keyboard.press('Enter');
  await textOf(page, '#picture-note', /left 30 %, top 30 %, right 70 %, bottom 70 %/);
  await page.keyboard.press('ArrowLeft');
  await page.keyboard.press('Shift+ArrowDown');
  await textOf(page, '#picture-note', /left 28 %, top 30 %, right 68 %, bottom 72 %/);
  assert.ok(await page.isChecked('#mode-point'), 'pointing is chosen');
  await page.keyboard.press('Escape');
  await textOf(page, '#picture-note', /A drawing/);
  await page.context().close();
});

chromium.test('files that are no pictures, cut ones, animated ones and forty megapixels', async (browser) => {
  const { page } = await openPage(browser, pages!.url);
  await ready(page);
  await page.setInputFiles('#file', { name: 'broken.png', mimeType: 'image/png', buffer: Buffer.from('no picture') });
  await textOf(page, '#notice', /broken\.png cannot be opened.*cannot show this file/s);
  await page.click('#notice button');
  const whole = await readFile(`${root}demo/scene.png`);
  await page.setInputFiles('#file', { name: 'cut.png', mimeType: 'image/png', buffer: whole.subarray(0, 2000) });
  await textOf(page, '#notice', /cannot read this picture.*truncated/s);
  await page.click('#notice button');
  await page.setInputFiles('#file', `${root}test/goldens/images/images/webp_animated.webp`);
  await textOf(page, '#picture-note', /webp_animated\.webp, .* · .*(first|frame|anim)/s);
  await page.setInputFiles('#file', `${root}test/goldens/images/images/jpeg_exif6.jpg`);
  await textOf(page, '#picture-note', /jpeg_exif6\.jpg, 43 × 29 pixels/);
  await page.setInputFiles('#file', { name: 'large.png', mimeType: 'image/png', buffer: grayPng(8000, 5000) });
  await textOf(page, '#picture-note', /large\.png, 8000 × 5000 pixels/);
  await ask(page, 1);
  assert.match((await page.textContent('.answers .figures')) ?? '', /to the first token/);
  await page.context().close();
});

chromium.test(
  'a model folder with a file missing is told by name, and the shipped model comes back',
  async (browser) => {
    const folder = await mkdtemp(join(tmpdir(), 'kosmos-model-'));
    try {
      await cp(MODEL, folder, { recursive: true });
      await rm(join(folder, 'tokenizer.json'));
      const { page } = await openPage(browser, pages!.url);
      await ready(page);
      await page.click('text=Another model');
      await page.setInputFiles('#folder', folder);
      await textOf(page, '#notice', /kosmos-model-\S+ holds no tokenizer\.json/);
      await page.setInputFiles('#folder', MODEL);
      await textOf(page, '#model-state', /^model: ready/);
      await page.context().close();
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
);

chromium.test('a model of the hub is downloaded once, and then needs no network', async (browser) => {
  const { page } = await openPage(browser, pages!.url);
  const hub = await standInHub(page);
  const isReady = () => textOf(page, '#model-state', /^someone\/shapes: ready/);
  await chooseHubModel(page);
  await isReady();
  assert.ok(hub.requests > 5, 'the files were asked for');
  hub.isOnline = false;
  await page.reload();
  await chooseHubModel(page);
  await isReady();
  await page.context().close();
});

chromium.test(
  'a model that the storage of the site has no room for is told, and nothing of it is half-kept',
  async (browser) => {
    const { page } = await openPage(browser, pages!.url);
    await standInHub(page);
    const liftLimit = await limitStorage(page, 1_000_000);
    await chooseHubModel(page);
    await textOf(page, '#notice', /model\.safetensors \(\d+ bytes\) does not fit into the storage.*free some/s);
    const kept = await page.evaluate(async () => {
      const requests = await (await caches.open('kosmos-webgpu')).keys();
      return requests.map(({ url }) => url.slice(url.lastIndexOf('/') + 1)).sort();
    });
    assert.not.ok(kept.includes('model.safetensors'), 'no part of the weights');
    assert.not.ok(kept.includes('main'), 'and no note that the model is there');
    await liftLimit();
    await page.click('#notice >> text=Try again');
    await textOf(page, '#model-state', /^someone\/shapes: ready/);
    await page.context().close();
  },
);

chromium.test('a lost device is told, and the page goes on with its picture and answers', async (browser) => {
  const { page } = await openPage(browser, pages!.url);
  await ready(page);
  await ask(page, 1);
  await (await browser.newBrowserCDPSession()).send('Browser.crashGpuProcess');
  await textOf(page, '#notice', /device was lost/);
  assert.is(await page.locator('.answers li').count(), 1);
  await page.click('#notice button:text-is("Go on")');
  await ready(page);
  assert.match(await ask(page, 2), /^An image of/);
  await page.context().close();
});

chromium.test('a browser without WebGPU is told what to do', async () => {
  const browser = await launchChromium({ webgpu: false });
  try {
    const { page } = await openPage(browser, pages!.url);
    const text = await textOf(page, '#notice', /WebGPU/);
    assert.match(text, /hardware acceleration|use Chrome/);
    await page.waitForSelector('.frame canvas');
  } finally {
    await browser.close();
  }
});

interface StandInHub {
  isOnline: boolean;
  /** Answered so far. */
  requests: number;
}

/** Answers what the page asks of the hub. */
async function standInHub(page: Page): Promise<StandInHub> {
  const hub = { isOnline: true, requests: 0 };
  await page.context().route('https://huggingface.co/**', async (route) => {
    if (!hub.isOnline) return route.abort();
    hub.requests++;
    const found = await hubAnswer(new URL(route.request().url()).pathname);
    const headers = { 'Access-Control-Allow-Origin': '*' };
    await route.fulfill(found ? { body: found, headers } : { status: 404, headers });
  });
  return hub;
}

async function chooseHubModel(page: Page): Promise<void> {
  await page.click('text=Another model');
  await page.fill('#hub-id', 'someone/shapes');
  await page.press('#hub-id', 'Enter');
}

const COMMIT = 'c0ffee0123456789c0ffee0123456789c0ffee01';

/** What the hub says of a model that has the files of the shipped one; null for what it does not know. */
async function hubAnswer(path: string): Promise<string | Buffer | null> {
  const names = [
    'config.json',
    'preprocessor_config.json',
    'tokenizer.json',
    'tokenizer_config.json',
    'model.safetensors',
  ];
  if (path === '/api/models/someone/shapes/revision/main')
    return JSON.stringify({
      _id: '1',
      id: 'someone/shapes',
      private: false,
      downloads: 0,
      gated: false,
      likes: 0,
      sha: COMMIT,
    });
  if (path === `/api/models/someone/shapes/tree/${COMMIT}`) {
    const contents = await Promise.all(names.map((name) => readFile(join(MODEL, name))));
    return JSON.stringify(
      names.map((name, i) => ({ type: 'file', path: name, size: contents[i].length, oid: '0'.repeat(40) })),
    );
  }
  const name = names.find((one) => path === `/someone/shapes/resolve/${COMMIT}/${one}`);
  return name ? readFile(join(MODEL, name)) : null;
}

/** A gray picture of one bit a pixel, which is small as a file however large it is. */
function grayPng(width: number, height: number): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header[8] = 1;
  const rows = Buffer.alloc(height * (1 + Math.ceil(width / 8)));
  return Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    pngChunk('IHDR', header),
    pngChunk('IDAT', deflateSync(rows)),
    pngChunk('IEND', Buffer.alloc(0)),
  ]);
}

function pngChunk(type: string, data: Buffer): Buffer {
  const content = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const [length, check] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  check.writeUInt32BE(crc32(content));
  return Buffer.concat([length, content, check]);
}

test.after(async () => {
  await chromium.close();
  await pages?.close();
});

test.run();
