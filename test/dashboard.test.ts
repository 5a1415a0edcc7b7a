import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { program, runCli } from './support/cli.ts';
import { type Lab, openLab, trouble } from './support/lab.ts';
import { copyTinyServer, type RecipeCopy } from './support/tiny-server.ts';
import { TestTerminal } from './ui/terminal.ts';

const shows = (part: string) => (text: string) => text.includes(part);

/** What goes on stands in the first line. */
const goesOn = (what: string) => (text: string) => text.split('\n', 1)[0]?.includes(what) === true;

/** A cold boot without KVM and with a busy neighbour. */
const bootMs = 300_000;
const suiteMs = 120_000;

describe.skipIf(trouble)('the dashboard with a real server and VM', () => {
  let lab: Lab;
  let terminal: TestTerminal | null = null;
  let server: RecipeCopy | null = null;
  beforeAll(async () => {
    lab = await openLab();
  });
  afterEach(async () => {
    terminal?.hangUp();
    await terminal?.exited;
    await runCli(['stop-env', ...lab.flags]);
    await server?.remove();
  });

  test('a passed testcase, a failed one examined and rerun, a shell in the VM, and an end that leaves nothing', async () => {
    // The faulty server is built on top of the reference server's image.
    expect((await runCli(['build', ...lab.flags])).exitCode).toBe(0);
    const flags = lab.flags.filter((flag) => !flag.startsWith('--image-name'));
    server = await copyTinyServer();
    const shown = new TestTerminal([process.execPath, program, 'dashboard', ...flags, ...server.flags], { columns: 120, rows: 40 });
    terminal = shown;
    await shown.until(goesOn('ready'), bootMs);

    shown.write('/readlink\r \u001B');
    await shown.until(shows('1 selected'));
    shown.write('\r');
    await shown.until(shows('✔ readlink'), suiteMs);
    await shown.until(goesOn('ready'), suiteMs);

    shown.write('n/write\r \u001B\r');
    await shown.until(shows('✘ write'), suiteMs);
    await shown.until(goesOn('ready'), suiteMs);
    await shown.until(shows('No space left'));

    shown.write('r');
    await shown.until(goesOn('running'), suiteMs);
    await shown.until(goesOn('ready'), suiteMs);
    await shown.until(shows('✘ write'));

    // The sources are watched, and the fault is mended in them.
    shown.write('W');
    await shown.until(goesOn('watching'));
    await server.edit('server.json', (text) => text.replace('size=600k', 'size=64m'));
    await shown.until(shows('✔ write'), suiteMs);
    await shown.until(goesOn('watching'), suiteMs);
    await shown.until(shows('round 1: newly passed write'));
    await server.edit('server.json', (text) => text.replace('size=64m', 'size=600k'));
    await shown.until(shows('✘ write'), suiteMs);
    await shown.until(goesOn('watching'), suiteMs);
    shown.write('W');
    await shown.until(goesOn('ready'));

    shown.write('s');
    await shown.until(shows('$ '), suiteMs);
    shown.write('echo in-$(id -un)\n');
    await shown.until(shows('in-nfstest'));
    shown.write('exit\n');
    await shown.until(goesOn('ready'));

    shown.write('q');
    // The last run failed.
    expect(await shown.exited).toBe(1);
    expect(shown.text).toMatch(/write +FAILED/);
    expect(await lab.leftovers()).toEqual([]);
  });
});
