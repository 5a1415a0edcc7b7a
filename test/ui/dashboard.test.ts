import { execFileSync } from 'node:child_process';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type TerminalOptions, TestTerminal } from './terminal.ts';

// The screen on a real terminal, with an environment that is made up; test/ui/fake-dashboard.ts says which.
const program = 'build/bench/test/ui/fake-dashboard.js';
const shows = (part: string) => (text: string) => text.includes(part);

/** What goes on stands in the first line. */
const goesOn = (what: string) => (text: string) => text.split('\n', 1)[0]?.includes(what) === true;

beforeAll(() => {
  execFileSync('node_modules/.bin/tsc', ['-p', 'tsconfig.bench.json'], { stdio: 'inherit' });
});

let terminal: TestTerminal | null = null;
afterEach(() => terminal?.hangUp());

async function open(phase = 'ready', options: TerminalOptions = {}): Promise<TestTerminal> {
  terminal = new TestTerminal([process.execPath, program, phase], options);
  await terminal.until(shows('nfstest-tui'));
  // The first frame is there a moment before the terminal hands over its keys.
  await new Promise((resolve) => setTimeout(resolve, 150));
  return terminal;
}

/** Waits for the end; nothing of the screen may be left behind. */
async function end(shown: TestTerminal): Promise<{ readonly code: number | null; readonly text: string }> {
  const code = await shown.exited;
  expect(shown.fullScreen).toBe(false);
  expect(shown.output).toContain('\u001B[?1000l');
  expect(shown.output.lastIndexOf('\u001B[?25h')).toBeGreaterThan(shown.output.lastIndexOf('\u001B[?25l'));
  return { code, text: shown.text.trim() };
}

test('select, run, look at the failure, rerun it, quit', async () => {
  const shown = await open();
  expect(shown.fullScreen).toBe(true);
  shown.write('/open');
  await shown.until((text) => !text.includes('access'));
  shown.write('\r \u001B');
  await shown.until(shows('1 selected'));
  shown.write('\r');
  await shown.until(shows('✘ open'));
  await shown.until(shows('it works'));
  await shown.until(goesOn('ready'));
  shown.write('r');
  await shown.until(shows('✔ open'));
  await shown.until(goesOn('ready'));
  shown.write('q');
  expect(await end(shown)).toEqual({ code: 0, text: 'summary: run open; run open; stopped' });
});

test('stop the tests, run others, quit in the middle', async () => {
  const shown = await open();
  shown.write('a\r');
  await shown.until(shows('✔ chdir'));
  shown.write('x');
  await shown.until(goesOn('ready'));
  shown.write('\r');
  await shown.until(goesOn('running'));
  shown.write('q');
  await shown.until(shows('Tests are running.'));
  shown.write('y');
  expect((await end(shown)).text).toMatch(/stopped$/);
});

test('the shell gets the terminal and gives it back', async () => {
  const shown = await open();
  for (const [earlier, line] of ['exit\r', '\u0003'].entries()) {
    shown.write('s');
    // What the shell before it has shown is still there.
    await shown.until((text) => text.split('shell in the VM').length > earlier + 1);
    expect(shown.text).not.toContain('Testcases');
    // The first keys are the program's; Ctrl+C is its own, too.
    shown.write(line);
    await shown.until(shows('1 Testcases'));
  }
  shown.write('?');
  await shown.until(shows('━ Keys'));
  shown.write('\u001B');
  await shown.until((text) => !text.includes('━ Keys'));
});

test('a storm of sizes leaves a whole screen', async () => {
  const shown = await open();
  for (let step = 0; step < 40; step += 1) {
    shown.resize(60 + ((step * 37) % 150), 15 + ((step * 13) % 50));
    await new Promise((resolve) => setTimeout(resolve, 15));
  }
  shown.resize(60, 20);
  await shown.until(shows('this terminal has 60x20'));
  shown.resize(100, 30);
  await shown.until(shows('q quit'));
  await new Promise((resolve) => setTimeout(resolve, 300));
  const lines = shown.text.split('\n');
  expect(lines).toHaveLength(30);
  expect(lines.slice(2, -1).map((line) => line.length)).toEqual(Array.from({ length: 27 }, () => 100));
});

describe('looks', () => {
  test('NO_COLOR has no colour', async () => {
    const shown = await open('ready', { env: { NO_COLOR: '1' } });
    // biome-ignore lint/suspicious/noControlCharactersInRegex: colours are control sequences.
    expect(shown.output).not.toMatch(/\u001B\[(3[0-9]|4[0-9]|9[0-7])m/);
  });

  test('TERM=dumb has ASCII alone', async () => {
    const shown = await open('ready', { env: { TERM: 'dumb' } });
    expect(shown.text).toMatch(/^[\n\x20-\x7e]*$/);
    expect(shown.output).not.toContain('\u001B[1m');
  });

  test('a screen reader gets the text', async () => {
    const shown = await open('ready', { env: { INK_SCREEN_READER: 'true' }, rows: 100 });
    expect(shown.text).toContain('access');
  });
});

describe.each(['starting', 'ready', 'running', 'failed'])('while the environment is %s', (phase) => {
  test.each([
    ['q', 'q'],
    ['Ctrl+C', '\u0003'],
  ])('%s ends cleanly', async (_name, key) => {
    const shown = await open(phase);
    shown.write(key);
    if (phase === 'running') {
      await shown.until(shows('Tests are running.'));
      shown.write('y');
    }
    expect(await end(shown)).toMatchObject({ code: 0, text: expect.stringMatching(/stopped$/) });
  });

  test('SIGTERM ends cleanly', async () => {
    const shown = await open(phase);
    shown.signal(15);
    expect((await end(shown)).code).toBe(143);
  });
});

test('while everything stops, Ctrl+C does not wait', async () => {
  const shown = await open('stuck');
  shown.write('q');
  await shown.until(shows('stopping everything'));
  shown.write('\u0003');
  expect(await end(shown)).toEqual({ code: 0, text: 'summary: stopped; force' });
});

test('closing the terminal ends the program', async () => {
  const shown = await open();
  shown.hangUp();
  expect(await shown.exited).toBe(129);
});
