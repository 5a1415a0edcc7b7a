import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EarthlyCliService } from './earthly.ts';
import { fakeFolder } from './fake-folder.ts';
import { never } from './fake-signals.ts';

const path = process.env.PATH;
let dir: string;
const earthly = new EarthlyCliService();

beforeEach(() => {
  dir = fakeFolder();
  process.env.PATH = `${dir}:${path}`;
});
afterEach(() => {
  process.env.PATH = path;
});

/** A program of that name. */
function install(name: string, script: string): void {
  writeFileSync(join(dir, name), `#!/bin/sh\n${script}\n`);
  chmodSync(join(dir, name), 0o755);
}

const run = (options: { signal: AbortSignal } = never) => {
  let output = '';
  const onOutput = (chunk: Uint8Array | string) => {
    output += String(chunk);
  };
  return earthly
    .run({ command: 'earth', dir, target: '+server-docker', args: { IMAGE_NAME: 'a b', IMAGE_TAG: '1' } }, { ...options, onOutput })
    .then(() => output);
};

describe('EarthlyCliService', () => {
  it('finds earth before earthly, and neither where neither works', async () => {
    install('earth', 'exit 1');
    install('earthly', 'exit 1');
    expect(await earthly.find()).toBeNull();
    install('earthly', 'exit 0');
    expect(await earthly.find()).toBe('earthly');
    install('earth', 'exit 0');
    expect(await earthly.find()).toBe('earth');
  });

  it('runs a target in its folder, with arguments after it', async () => {
    install('earth', 'pwd; for word in "$@"; do echo "[$word]"; done >&2');
    expect(await run()).toBe(`${dir}\n[--ci]\n[--output]\n[+server-docker]\n[--IMAGE_NAME=a b]\n[--IMAGE_TAG=1]\n`);
  });

  it('says how it failed, and stops when the signal fires', async () => {
    install('earth', 'exit 6');
    await expect(run()).rejects.toMatchObject({
      exitCode: 3,
      message: 'earth +server-docker failed with exit code 6',
      hint: expect.stringMatching(/BUILDER=engine/),
    });
    install('earth', 'exec sleep 30');
    await expect(run({ signal: AbortSignal.timeout(50) })).rejects.toThrow(/abort/i);
  });
});
