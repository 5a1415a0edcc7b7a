import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fakeFolder } from './fake-folder.ts';
import { never } from './fake-signals.ts';
import { GitSourceService } from './git.ts';

let dir: string;
let url: string;
const git = new GitSourceService();
const deadlineMs = 20_000;
const identity = ['-c', 'user.name=t', '-c', 'user.email=t@example.org', '-c', 'init.defaultBranch=main'];

beforeAll(async () => {
  dir = fakeFolder();
  const work = join(dir, 'work');
  url = `file://${join(dir, 'bare.git')}`;
  await mkdir(work);
  const run = (...args: string[]) => execa('git', [...identity, ...args], { cwd: work });
  await run('init', '-q');
  await writeFile(join(work, 'file'), 'one');
  await run('add', '.');
  await run('commit', '-qm', 'one');
  await run('tag', 'v1');
  await writeFile(join(work, 'file'), 'two');
  await run('commit', '-qam', 'two');
  await run('clone', '-q', '--bare', work, join(dir, 'bare.git'));
});
afterAll(() => rm(dir, { recursive: true }));

describe('GitSourceService', () => {
  it('clones the newest state, or a tag, over what was there', async () => {
    const target = join(dir, 'deep', 'clone');
    await git.clone({ url, ref: null, target, deadlineMs }, never);
    expect(await readFile(join(target, 'file'), 'utf8')).toBe('two');
    await git.clone({ url, ref: 'v1', target, deadlineMs }, never);
    expect(await readFile(join(target, 'file'), 'utf8')).toBe('one');
    expect(await git.describeVersion(target)).toBe('v1');
    await writeFile(join(target, 'file'), 'changed');
    expect(await git.describeVersion(target)).toBe('v1-dirty');
  });

  it('keeps what was there when it fails, and says why in one line', async () => {
    const target = join(dir, 'kept');
    await git.clone({ url, ref: 'v1', target, deadlineMs }, never);
    const missing = git.clone({ url, ref: 'v9', target, deadlineMs }, never);
    await expect(missing).rejects.toMatchObject({
      message: expect.stringMatching(/^could not clone file:.*: .*v9 not found.*$/),
      hint: expect.any(String),
      exitCode: 3,
    });
    await expect(git.clone({ url: `file://${dir}/nowhere.git`, ref: null, target, deadlineMs }, never)).rejects.toThrow(/nowhere/);
    expect(await readFile(join(target, 'file'), 'utf8')).toBe('one');
    expect((await readdir(dir)).filter((name) => name.endsWith('.part'))).toEqual([]);
  });

  it('does not let a source run a command on this machine', async () => {
    const hit = join(dir, 'hit');
    await expect(git.clone({ url: `ext::sh -c touch% ${hit}`, ref: null, target: join(dir, 'ext'), deadlineMs }, never)).rejects.toThrow(/not allowed/);
    expect(existsSync(hit)).toBe(false);
  });

  it('leaves nothing when it is aborted or too slow', async () => {
    const target = join(dir, 'aborted');
    await expect(git.clone({ url, ref: null, target, deadlineMs }, { signal: AbortSignal.abort() })).rejects.toThrow(/abort/i);
    await expect(git.clone({ url, ref: null, target, deadlineMs: 1 }, never)).rejects.toThrow(/no answer within 0\.001 s/);
    expect(existsSync(target) || existsSync(`${target}.part`)).toBe(false);
  });

  it('removes what a git that was killed left', async () => {
    const bin = join(dir, 'bin');
    await mkdir(bin);
    await writeFile(join(bin, 'git'), '#!/bin/sh\nfor last; do :; done\nmkdir -p "$last"\nkill -KILL $$\n', { mode: 0o755 });
    const path = process.env.PATH;
    process.env.PATH = `${bin}:${path}`;
    try {
      await expect(git.clone({ url, ref: null, target: join(dir, 'killed'), deadlineMs }, never)).rejects.toThrow(/could not clone .*SIGKILL/);
    } finally {
      process.env.PATH = path;
    }
    expect(existsSync(join(dir, 'killed.part'))).toBe(false);
  });

  it('says that git is not there', async () => {
    const path = process.env.PATH;
    process.env.PATH = '/nowhere';
    try {
      await expect(git.clone({ url, ref: null, target: join(dir, 'x'), deadlineMs }, never)).rejects.toThrow(/could not clone .*: .*git/);
    } finally {
      process.env.PATH = path;
    }
  });

  it('knows no version of a plain folder', async () => {
    expect(await git.describeVersion(tmpdir())).toBeNull();
    expect(await git.describeVersion('/no/such/folder')).toBeNull();
  });
});
