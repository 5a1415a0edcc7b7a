import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, closeSync, openSync, readFileSync, statSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fakeFolder } from '../fake-folder.ts';
import { ConsoleFile } from './console-file.ts';

const newFile = (text = '') => {
  const path = join(fakeFolder(), 'vm.log');
  writeFileSync(path, text);
  return path;
};

/** Reads until nothing comes. */
async function rest(file: ConsoleFile): Promise<string> {
  let text = '';
  for (;;) {
    const chunk = await file.read();
    if (chunk.length === 0) return text;
    text += Buffer.from(chunk).toString();
  }
}

const leftOut = (bytes: number) => `\nnfstest-tui: ${bytes} bytes of the console before this line were left out: LOG_MAX is reached\n`;

describe('ConsoleFile', () => {
  it('reads what is there and what comes', async () => {
    const path = newFile('one\n');
    const file = await ConsoleFile.open(path);
    expect(await rest(file)).toBe('one\n');
    appendFileSync(path, 'two\n');
    expect(await rest(file)).toBe('two\n');
    await file.close();
  });

  it('is emptied past its bound when everything is read, and goes on with what QEMU appends', async () => {
    const path = newFile();
    // QEMU's own handle, open all the while.
    const qemu = openSync(path, 'a');
    const file = await ConsoleFile.open(path, 100);
    writeSync(qemu, 'x'.repeat(100));
    expect(await rest(file)).toBe('x'.repeat(100));
    expect(statSync(path).size).toBe(100);
    writeSync(qemu, 'y');
    expect(await rest(file)).toBe(`y${leftOut(101)}`);
    writeSync(qemu, 'z'.repeat(100));
    expect(await rest(file)).toBe(`${'z'.repeat(100)}${leftOut(101 + leftOut(101).length + 100)}`);
    writeSync(qemu, 'end\n');
    expect(await rest(file)).toBe('end\n');
    expect(readFileSync(path, 'utf8')).toMatch(/^\nnfstest-tui: \d+ bytes .*\nend\n$/);
    closeSync(qemu);
    await file.close();
  });

  it('does not read what grew far past its bound while nobody followed', async () => {
    const path = newFile('x'.repeat(1_000));
    const file = await ConsoleFile.open(path, 100);
    expect(await rest(file)).toBe(leftOut(1_000));
    await file.close();
  });

  it('never changes the file without a bound, and begins anew where somebody else has emptied it', async () => {
    const path = newFile('x'.repeat(300));
    const [reader, follower] = [await ConsoleFile.open(path), await ConsoleFile.open(path, 299)];
    expect(await rest(reader)).toHaveLength(300);
    expect(statSync(path).size).toBe(300);
    expect(await rest(follower)).toBe(leftOut(300));
    expect(await rest(reader)).toBe(leftOut(300));
    await Promise.all([reader.close(), follower.close()]);
  });

  it('keeps its bound while another process prints faster than a serial line', async () => {
    const path = newFile();
    const maxBytes = 256 * 1024;
    const file = await ConsoleFile.open(path, maxBytes);
    const print = `
      const fs = require('node:fs');
      const console0 = fs.openSync(process.argv[1], 'a');
      let left = 300;
      const timer = setInterval(() => { fs.writeSync(console0, 'x'.repeat(16_384)); if (--left === 0) clearInterval(timer); }, 1);
    `;
    const writer = spawn(process.execPath, ['-e', print, path]);
    let isOver = false;
    const ended = once(writer, 'exit').then(() => {
      isOver = true;
    });
    let [readBytes, longestBytes] = [0, 0];
    while (!isOver) {
      readBytes += (await file.read()).length;
      longestBytes = Math.max(longestBytes, statSync(path).size);
    }
    await ended;
    readBytes += (await rest(file)).length;
    // All 4.7 MiB but for what came in the moment of emptying.
    expect(readBytes).toBeGreaterThan(4 * 2 ** 20);
    expect(longestBytes).toBeGreaterThan(maxBytes / 2);
    expect(longestBytes).toBeLessThan(2 * maxBytes);
    await file.close();
  });
});
