/** The training page in Chromium. `npx tsx test/web/training.test.ts --screenshots` trains for longer and takes `docs/web-training.png`. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { newestCheckpoint } from '../../train/checkpoint.ts';
import { ChromiumTests } from '../browser/chromium.ts';
import { unpackTar } from '../browser/unpack-tar.ts';
import { buildAndServe, openPage, screenshot, textOf } from './pages.ts';

const test = suite('training page');
const chromium = await ChromiumTests.start(test);
const pages = chromium.canRun ? await buildAndServe() : null;

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
    page.setDefaultTimeout(1_200_000);
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

test.after(async () => {
  await chromium.close();
  await pages?.close();
});

test.run();
