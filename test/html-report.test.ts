import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { browserCommands } from '../src/host/tools.ts';
import { root, runCli } from './support/cli.ts';

const browserPath = browserCommands
  .flatMap((name) => (process.env.PATH ?? '').split(delimiter).map((folder) => join(folder, name)))
  .concat('/Applications/Google Chrome.app/Contents/MacOS/Google Chrome')
  .find((path) => existsSync(path));
if (browserPath === undefined) {
  if (process.env.NFSTEST_TUI_REQUIRE_REAL === '1') throw new Error('the test of the HTML report is obligatory here, and there is no Chromium');
  process.stderr.write('SKIPPED, there is no Chromium to look at the HTML report\n  → run `build/nfstest-tui setup --for-tests`\n');
}

/** What would be a request to somewhere, and a browser of Debian's tries at every start. */
const quiet = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

describe.skipIf(browserPath === undefined)('the HTML report in a browser', () => {
  let folder: string;
  let browser: Browser;
  const troubles: string[] = [];
  const requests: string[] = [];

  async function openReport(run: string, options: { colorScheme?: 'light' | 'dark'; width?: number } = {}): Promise<Page> {
    const output = join(folder, run);
    const { exitCode, stderr } = await runCli(['report', join(root, 'test', 'fixtures', 'runs', run), '--reporter=html', `--output-dir=${output}`]);
    expect([exitCode, stderr]).toEqual([0, '']);
    const page = await browser.newPage({ colorScheme: options.colorScheme ?? 'light', viewport: { width: options.width ?? 1200, height: 900 } });
    page.on('console', (message) => troubles.push(message.text()));
    page.on('pageerror', (error) => troubles.push(error.message));
    page.on('request', (request) => requests.push(request.url()));
    await page.goto(pathToFileURL(join(output, 'report.html')).href);
    return page;
  }
  const visible = (page: Page) => page.locator('details.testcase:visible > summary b').allTextContents();

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'nfstest-html-'));
    browser = await chromium.launch({ executablePath: browserPath ?? '', args: quiet });
  });
  afterAll(async () => {
    await browser?.close();
    await rm(folder, { recursive: true, force: true });
  });

  test('shows verdict, facts, testcases and the failed assertions at once', async () => {
    const page = await openReport('full');
    expect(await page.locator('h1').textContent()).toBe('NFS Test FAILED: 1 of 33 testcases failed (open)');
    expect(await page.locator('[data-fact="client.kernel"]').textContent()).toBe('6.1.0-56-cloud-amd64');
    expect(await page.locator('details.testcase').count()).toBe(33);
    expect(await page.locator('#count').textContent()).toBe('33 of 33 testcases');
    expect(await page.locator('#testcase-open li:visible').first().textContent()).toContain(
      'opening existent file should return an error when O_EXCL|O_CREAT is used (256 passed, 256 failed)',
    );
    expect(await page.locator('#testcase-read .inside').isVisible()).toBe(false);
    await page.locator('#testcase-read summary').click();
    expect(await page.locator('#testcase-read pre').last().textContent()).toContain("TEST: Running test 'read'");
  });

  test('says first which call failed with which status, and whose fault it is; on a narrow screen too', async () => {
    for (const options of [{}, { colorScheme: 'dark' as const, width: 390 }]) {
      const page = await openReport('broken-rename', options);
      const answers = page.locator('#answers');
      expect(await answers.textContent()).toMatch(
        /rename.*rename\(\) of a file should succeed and 19 more.*RENAME f001 → f002\/new {2}NFS3ERR_IO \(7 answers with this status\)server20 assertions/,
      );
      const box = await answers.boundingBox();
      // On the first screen, without a scroll.
      expect((box?.y ?? Number.NaN) + (box?.height ?? Number.NaN)).toBeLessThan(900);
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(options.width ?? 1200);
      expect(await page.locator('#testcase-rename td.failed', { hasText: 'NFS3ERR_IO' }).count()).toBeGreaterThan(2);
      expect(await page.evaluate("getComputedStyle(document.querySelector('#testcase-rename td.failed')).color")).toBe(
        options.width ? 'rgb(255, 123, 114)' : 'rgb(179, 22, 27)',
      );
    }
  });

  test('search and filters', async () => {
    const page = await openReport('full');
    await page.keyboard.press('/');
    await page.keyboard.type('o_excl symbolic');
    expect(await visible(page)).toEqual(['open']);
    expect(await page.locator('#count').textContent()).toBe('1 of 33 testcases');
    await page.locator('#search').fill('');
    await page.locator('button[data-show="passed"]').click();
    expect(await visible(page)).toHaveLength(32);
    expect(await page.locator('button[data-show="passed"]').getAttribute('aria-pressed')).toBe('true');
    await page.locator('#search').fill('no such word');
    expect(await visible(page)).toEqual([]);
  });

  test('the timeline lies inside its track, in the order of time, and leads to the testcase', async () => {
    const page = await openReport('nfstest-open');
    const track = await page.locator('.track').first().boundingBox();
    const bars = await Promise.all((await page.locator('.track > span').all()).map((bar) => bar.boundingBox()));
    expect(bars.length).toBeGreaterThan(10);
    for (const bar of bars) {
      expect(bar?.x).toBeGreaterThanOrEqual(track?.x ?? Number.NaN);
      expect((bar?.x ?? Number.NaN) + (bar?.width ?? Number.NaN)).toBeLessThanOrEqual((track?.x ?? 0) + (track?.width ?? 0) + 3);
    }
    expect(bars.map((bar) => bar?.x)).toEqual(bars.map((bar) => bar?.x ?? 0).sort((a, b) => a - b));
    await page.locator('.timeline a', { hasText: 'close' }).click();
    expect(await page.locator('#testcase-close .inside').isVisible()).toBe(true);
  });

  test('dark and light, and a narrow screen', async () => {
    const colours = async (page: Page) => page.evaluate('[getComputedStyle(document.body).backgroundColor, getComputedStyle(document.body).color]');
    expect(await colours(await openReport('full'))).toEqual(['rgb(255, 255, 255)', 'rgb(28, 33, 40)']);
    expect(await colours(await openReport('full', { colorScheme: 'dark' }))).toEqual(['rgb(13, 17, 23)', 'rgb(230, 237, 243)']);
    const narrow = await openReport('nfstest-open', { width: 390 });
    expect(await narrow.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(390);
  });

  test('a known failure says why', async () => {
    const page = await openReport('nfstest-open');
    await page.locator('#testcase-open summary').click();
    expect(await page.locator('#testcase-open .known').allTextContents()).toEqual(expect.arrayContaining(['✗ known', expect.stringContaining('O_DIRECTORY')]));
  });

  test('a run that broke off says why, and needs no testcase for it', async () => {
    const page = await openReport('no-vm');
    expect(await page.locator('h1').textContent()).toMatch(/the client VM was not ready/);
    expect(await page.locator('pre').first().isVisible()).toBe(true);
  });

  test('what a suite prints can’t become part of the page', async () => {
    const evil = join(folder, 'evil');
    const events = (await readFile(join(root, 'test', 'fixtures', 'runs', 'nfstest-open', 'events.ndjson'), 'utf8')).replaceAll(
      'close() on write file should succeed',
      '<img src=x onerror=alert(1)></pre><script>alert(2)</script>',
    );
    await runCli(['report', join(root, 'test', 'fixtures', 'runs', 'nfstest-open'), '--reporter=ndjson', `--output-dir=${evil}`]);
    await writeFile(join(evil, 'events.ndjson'), events);
    await runCli(['report', evil, '--reporter=html']);
    const page = await browser.newPage();
    let alerts = 0;
    page.on('dialog', (dialog) => {
      alerts += 1;
      void dialog.dismiss();
    });
    await page.goto(pathToFileURL(join(evil, 'report.html')).href);
    expect(await page.locator('img').count()).toBe(0);
    expect(await page.locator('#testcase-close').textContent()).toContain('<script>alert(2)</script>');
    expect(alerts).toBe(0);
  });

  test('no error on the console, and not one request to anywhere', () => {
    expect(troubles).toEqual([]);
    expect(requests.length).toBeGreaterThan(0);
    expect(requests.filter((url) => !url.startsWith('file:'))).toEqual([]);
  });
});
