/** The training page in Chromium. `npx tsx test/web/training.test.ts --screenshots` trains for longer and takes `docs/web-training.png`. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { newestCheckpoint } from '../../train/checkpoint.ts';
import { encodeTar } from '../../web/training/tar.ts';
import { ChromiumTests, launchChromium } from '../browser/chromium.ts';
import { unpackTar } from '../browser/unpack-tar.ts';
import { buildAndServe, limitStorage, openPage, screenshot, textOf } from './pages.ts';

const test = suite('training page');
const chromium = await ChromiumTests.start(test);
const pages = chromium.canRun ? await buildAndServe() : null;

/** Milliseconds for what compiles kernels for training. */
const LONG_PATIENCE = 1_200_000;
const STEPS = process.argv.includes('--screenshots') ? 40 : 3;

async function train(page: Page, steps: number): Promise<void> {
  await page.fill('#steps', String(steps));
  await page.click('#start');
  await textOf(page, '#state', /All steps are done/);
}

chromium.test('a model is trained, kept, saved as the files of train.ts, and loaded again', async (browser) => {
  const folder = await mkdtemp(join(tmpdir(), 'kosmos-training-'));
  try {
    const { page, lines } = await openPage(browser, `${pages!.url}/training.html`);
    page.setDefaultTimeout(LONG_PATIENCE);
    await train(page, STEPS);
    await textOf(page, '#samples-title', new RegExp(`after step ${STEPS}`));
    await page.waitForFunction(() => document.querySelector('#charts')!.shadowRoot!.querySelector('svg path.line'));
    await screenshot(page, 'web-training.png');
    const loss = Number(await page.textContent('#loss'));
    assert.ok(loss > 0 && loss < 10, `a loss of ${loss}`);

    const [download] = await Promise.all([page.waitForEvent('download'), page.click('#save')]);
    const archive = join(folder, 'run.tar');
    await download.saveAs(archive);
    await unpackTar(archive, folder);
    const found = await newestCheckpoint(join(folder, 'kosmos-run', 'checkpoints'));
    assert.ok(found, 'there is a checkpoint');
    assert.is(found!.state.step, STEPS);
    assert.is((found!.state.configuration as { steps: number }).steps, STEPS);

    await page.reload();
    await textOf(page, '#step', new RegExp(`^${STEPS} of ${STEPS}$`));
    let questions = 0;
    page.on('dialog', (dialog) => (questions++ === 0 ? dialog.dismiss() : dialog.accept()));
    await page.click('#discard');
    await textOf(page, '#state', /All steps are done/);
    await page.click('#discard');
    await textOf(page, '#state', /No run is here/);
    await page.click('text=Go on with a saved run');
    await page.setInputFiles('#archive', archive);
    await textOf(page, '#state', /All steps are done/);
    await page.click('#discard');
    await textOf(page, '#state', /No run is here/);
    await page.setInputFiles('#run-folder', join(folder, 'kosmos-run'));
    await textOf(page, '#state', /All steps are done/);
    await page.click('#try');
    await textOf(page, '#model-state', /trained here: ready/);
    assert.equal(lines, []);
    await page.context().close();
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

chromium.test('a file that is no run is refused, and nothing is lost', async (browser) => {
  const { page } = await openPage(browser, `${pages!.url}/training.html`);
  await textOf(page, '#state', /No run is here/);
  await page.click('text=Go on with a saved run');
  await page.setInputFiles('#archive', {
    name: 'x.tar',
    mimeType: 'application/x-tar',
    buffer: Buffer.from('no archive'),
  });
  await textOf(page, '#notice', /did not work.*the file ends/s);
  await page.context().close();
});

chromium.test(
  'a run that the storage of the site has no room for is told, and the one that is here stays',
  async (browser) => {
    const { page } = await openPage(browser, `${pages!.url}/training.html`);
    await textOf(page, '#state', /No run is here/);
    await page.click('text=Go on with a saved run');
    await page.setInputFiles('#archive', await savedRun(3, 1000));
    await textOf(page, '#state', /step 3 is saved/);
    const before = await ownFiles(page);
    const liftLimit = await limitStorage(page, 1_000_000);
    await page.setInputFiles('#archive', await savedRun(5, 4_000_000));
    await textOf(page, '#notice', /what was here stays.*storage that the browser gives this site is full; free some/s);
    await textOf(page, '#state', /step 3 is saved/);
    assert.equal(await ownFiles(page), before, 'nothing is left of the other run');
    await liftLimit();
    await page.setInputFiles('#archive', await savedRun(5, 4_000_000));
    await textOf(page, '#state', /step 5 is saved/);
    for (const [step, folder] of [
      [6, ''],
      [7, 'runs/mine/checkpoints/'],
      [8, 'elsewhere/'],
    ] as const) {
      await page.setInputFiles('#archive', await savedRun(step, 1000, folder));
      await textOf(page, '#state', new RegExp(`step ${step} is saved`));
    }
    await page.context().close();
  },
);

chromium.test(
  'a checkpoint that finds no room is told, and leaves no part; then a device is lost, and the run goes on',
  async (browser) => {
    const { page } = await openPage(browser, `${pages!.url}/training.html`);
    page.setDefaultTimeout(LONG_PATIENCE);
    const liftLimit = await limitStorage(page, 500_000);
    await page.fill('#steps', '2');
    await page.click('#start');
    await textOf(page, '#notice', /step 2 could not be saved.*storage that the browser gives this site is full/s);
    await textOf(page, '#state', /No run is here/);
    const parts = (await ownFiles(page)).filter((path) => /checkpoints\/|\.tmp$|\.partial/.test(path));
    assert.equal(parts, []);
    await liftLimit();

    await page.fill('#steps', '1000');
    await page.click('#start');
    await textOf(page, '#step', /^1 of 1,000$/);
    await (await browser.newBrowserCDPSession()).send('Browser.crashGpuProcess');
    await textOf(page, '#notice', /device failed.*newest checkpoint.*from the first step/s);
    await page.click('#notice button:text-is("Go on")');
    await textOf(page, '#state', /training on/);
    await page.click('#pause');
    await textOf(page, '#state', /^Paused; step \d+ is saved/);
    await page.context().close();
  },
);

chromium.test('a browser without WebGPU is told what to do', async () => {
  const browser = await launchChromium({ webgpu: false });
  try {
    const { page } = await openPage(browser, `${pages!.url}/training.html`);
    await textOf(page, '#state', /No run is here/);
    await page.click('#start');
    await textOf(
      page,
      '#notice',
      /WebGPU.*(hardware acceleration|use Chrome)|(hardware acceleration|use Chrome).*WebGPU/s,
    );
  } finally {
    await browser.close();
  }
});

/** What `train.ts` would leave after that step, as far as the page looks at it, with a model file of so many bytes. */
async function savedRun(
  step: number,
  bytes: number,
  within = 'kosmos-run/checkpoints/',
): Promise<{ name: string; mimeType: string; buffer: Buffer }> {
  const folder = `${within}step-${String(step).padStart(7, '0')}`;
  const state = {
    format: 1,
    step,
    data: null,
    lossScale: null,
    skipped: 0,
    seconds: step,
    seed: 1,
    configuration: { steps: 10 },
  };
  const archive = encodeTar(
    [
      { path: `${folder}/model.safetensors`, content: new Blob([new Uint8Array(bytes)]) },
      { path: `${folder}/training_state.json`, content: new Blob([JSON.stringify(state)]) },
    ],
    0,
  );
  return { name: 'run.tar', mimeType: 'application/x-tar', buffer: Buffer.from(await archive.arrayBuffer()) };
}

/** Paths of all files that the site keeps, sorted. */
function ownFiles(page: Page): Promise<string[]> {
  return page.evaluate(async () => {
    const paths: string[] = [];
    // grows while it is gone through
    const folders = [{ folder: await navigator.storage.getDirectory(), prefix: '' }];
    for (const { folder, prefix } of folders) {
      for await (const [name, entry] of folder.entries()) {
        if (entry.kind === 'file') paths.push(prefix + name);
        else folders.push({ folder: entry as FileSystemDirectoryHandle, prefix: `${prefix}${name}/` });
      }
    }
    return paths.sort();
  });
}

test.after(async () => {
  await chromium.close();
  await pages?.close();
});

test.run();
