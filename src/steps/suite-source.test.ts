import { mkdirSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { fakeOptions } from '../config/fake-options.ts';
import type { Values } from '../config/options.ts';
import { asset, programVersion } from '../config/paths.ts';
import { fakeFolder } from '../services/fake-folder.ts';
import { FakeSourceService } from '../services/fake-sources.ts';
import { FakeContext } from './fake-context.ts';
import { prepareSuite } from './suite-source.ts';

const upstream = 'git://git.linux-nfs.org/projects/mora/nfstest.git';
const files = { 'test/nfstest_posix': '#!/usr/bin/env python3' };
const bundled = { identity: { kind: 'bundled', version: programVersion, source: asset('suite') }, dir: asset('suite') };
let dir: string;
let sources: FakeSourceService;

beforeEach(() => {
  dir = fakeFolder();
  sources = new FakeSourceService();
});

const prepare = (flags: Values = {}, context = new FakeContext()) => prepareSuite(fakeOptions(dir, flags), sources, context);
const cache = () => join(dir, 'build/src');

describe('NFSTEST_SRC', () => {
  it('is a folder: used where it lies, with its version', async () => {
    const folder = join(dir, 'nfstest');
    mkdirSync(join(folder, 'test'), { recursive: true });
    writeFileSync(join(folder, 'test', 'nfstest_posix'), '');
    sources.versions.set(folder, 'v3.2-4-gabc');
    const context = new FakeContext();
    expect(await prepare({ NFSTEST_SRC: 'nfstest' }, context)).toEqual({ identity: { kind: 'nfstest', version: 'v3.2-4-gabc', source: folder }, dir: folder });
    expect(context.types).toContain('suite.resolved');
    expect(context.phases).toEqual(['suite-source ok: NFStest v3.2-4-gabc']);
  });

  it('is no checkout: an error, never another suite', async () => {
    for (const NFSTEST_SRC of ['/no/such/folder', dir]) {
      await expect(prepare({ NFSTEST_SRC })).rejects.toMatchObject({
        exitCode: 2,
        message: expect.stringContaining(`${NFSTEST_SRC} is no NFStest checkout`),
        hint: expect.stringMatching(/NFSTEST_SRC/),
      });
    }
  });

  it('is a URL: cloned once; a failure is an error', async () => {
    const NFSTEST_SRC = 'https://example.org/nfstest.git';
    await expect(prepare({ NFSTEST_SRC })).rejects.toMatchObject({ exitCode: 3, message: expect.stringMatching(/could not clone https/) });
    sources.repositories.set(NFSTEST_SRC, files);
    expect(await prepare({ NFSTEST_SRC })).toMatchObject({ identity: { kind: 'nfstest', source: NFSTEST_SRC } });
    await prepare({ NFSTEST_SRC });
    expect(sources.cloned).toEqual([NFSTEST_SRC, NFSTEST_SRC]);
  });

  it('plays no part where the bundled suite is asked for', async () => {
    expect(await prepare({ SUITE: 'bundled', NFSTEST_SRC: '/no/such/folder' })).toEqual(bundled);
    expect(sources.cloned).toEqual([]);
  });
});

describe('upstream', () => {
  it('is cloned at its pinned tag, once', async () => {
    sources.repositories.set(upstream, files);
    expect(await prepare()).toMatchObject({ identity: { kind: 'nfstest', source: upstream }, dir: expect.stringContaining(cache()) });
    await prepare({ SUITE: 'nfstest' });
    expect(sources.cloned).toEqual([`${upstream}@v3.2`]);
    await prepare({ NFSTEST_TAG: 'v3.3' }).catch(() => {});
    expect(sources.cloned.at(-1)).toBe(`${upstream}@v3.3`);
  });

  it('does not answer: the bundled suite runs, every time says so, and it is asked again only after an hour', async () => {
    for (let run = 0; run < 2; run++) {
      const context = new FakeContext();
      expect(await prepare({}, context)).toEqual(bundled);
      expect(context.notes).toEqual([expect.stringMatching(/^warning: NFStest can't be had \(could not clone .*15 s\); the bundled suite runs instead/)]);
      expect(context.phases).toEqual([`suite-source ok: bundled POSIX suite (not NFStest) ${programVersion}`]);
    }
    expect(sources.cloned).toHaveLength(1);
    const marker = join(cache(), readdirSync(cache()).find((name) => name.endsWith('.unreachable')) ?? '');
    const before = new Date(Date.now() - 61 * 60_000);
    utimesSync(marker, before, before);
    sources.repositories.set(upstream, files);
    expect(await prepare()).toMatchObject({ identity: { kind: 'nfstest' } });
    expect(readdirSync(cache()).filter((name) => name.endsWith('.unreachable'))).toEqual([]);
  });

  it('does not answer, and --suite nfstest forbids another: it is asked every time', async () => {
    await prepare();
    const asked = sources.cloned.length;
    await expect(prepare({ SUITE: 'nfstest' })).rejects.toMatchObject({
      exitCode: 3,
      message: expect.stringMatching(/could not clone/),
      hint: expect.stringMatching(/NFSTEST_SRC|--suite auto/),
    });
    expect(sources.cloned).toHaveLength(asked + 1);
  });

  it('holds something else: the bundled suite', async () => {
    sources.repositories.set(upstream, { README: '' });
    expect(await prepare()).toEqual(bundled);
    await expect(prepare({ SUITE: 'nfstest' })).rejects.toMatchObject({ exitCode: 3 });
  });

  it('is cut off by the user: no note, no memory of a failure', async () => {
    sources.cloneMs = 5_000;
    const context = new FakeContext({ signal: AbortSignal.timeout(20) });
    await expect(prepare({}, context)).rejects.toThrow(/abort/i);
    expect(context.notes).toEqual([]);
    expect(context.phases).toEqual(['suite-source cancelled']);
    sources.cloneMs = 0;
    sources.repositories.set(upstream, files);
    expect(await prepare()).toMatchObject({ identity: { kind: 'nfstest' } });
  });
});
