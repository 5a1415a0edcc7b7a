import { expect, test } from 'vitest';
import { LogBuffer } from '../../src/stream/ring-buffer.ts';
import { ReplayLog } from '../replay/replay-log.ts';
import { recordedRun } from '../testing/fake-runs.ts';
import { ConsoleScreen } from './console-screen.ts';

const settle = () => new Promise((resolve) => setTimeout(resolve, 60));

function watch(log = new LogBuffer({ notifyEveryMs: 1 })) {
  const screen = new ConsoleScreen(log);
  screen.subscribe(() => {});
  const text = () => {
    const window = screen.getSnapshot();
    return window.slice(0, window.count);
  };
  return { log, screen, text };
}

test('firmware that clears the screen and moves the cursor leaves what a terminal would show', async () => {
  const { log, text } = watch();
  for (const line of [
    'gone',
    '\u001B[2J\u001B[1;1HSeaBIOS (version 1.16.2)',
    '\u001B[5;3HiPXE\u001B[8;1HBooting from Hard Disk...',
    'a\u001B[31mb\u001B[0mc\tend',
  ])
    log.push(line);
  await settle();
  expect(text()).toEqual(['SeaBIOS (version 1.16.2)', '', '', '', '  iPXE', '', '', 'Booting from Hard Disk...', 'abc     end']);
});

test('the recorded boot is shown clean', async () => {
  const { log, text } = watch();
  for (const line of recordedRun('full').logs.vm) log.push(line);
  await settle();
  expect(text().join('\n')).toContain('[  OK  ] Started ssh.service - OpenBSD Secure Shell server.');
  expect(text().join('')).not.toContain('\u001B');
});

test('lines keep their numbers while the oldest fall away', async () => {
  const { log, screen } = watch();
  for (let number = 1; number <= 6000; number += 1) {
    log.push(`line ${number}`);
    if (number % 300 === 0) await new Promise((resolve) => setTimeout(resolve, 12));
  }
  await settle();
  const { firstNumber, count, slice } = screen.getSnapshot();
  expect(slice(count - 1, count)).toEqual(['line 6000']);
  expect(count).toBeLessThanOrEqual(2030);
  expect(firstNumber).toBeGreaterThan(3000);
});

test('a flood is interpreted at its end only', async () => {
  const { log, text } = watch(new LogBuffer({ notifyEveryMs: 20 }));
  for (let number = 1; number <= 100_000; number += 1) log.push(`line ${number}`);
  await settle();
  expect(text()).toHaveLength(500);
  expect(text().at(-1)).toBe('line 100000');
});

test('a replay that goes back begins again', async () => {
  const log = new ReplayLog(['one', 'two', 'three'], [10, 20, 30]);
  const screen = new ConsoleScreen(log);
  screen.subscribe(() => {});
  log.moveTo(30);
  await settle();
  log.moveTo(15);
  await settle();
  const { count, slice } = screen.getSnapshot();
  expect(slice(0, count)).toEqual(['one']);
});

test('nothing is interpreted while no one looks', async () => {
  const log = new LogBuffer({ notifyEveryMs: 1 });
  const screen = new ConsoleScreen(log);
  const leave = screen.subscribe(() => {});
  leave();
  log.push('unseen');
  await settle();
  expect(screen.getSnapshot().count).toBe(0);
  screen.subscribe(() => {});
  await settle();
  expect(screen.getSnapshot().count).toBe(1);
});
