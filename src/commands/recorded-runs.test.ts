import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { UserError } from '../model/errors.ts';
import { capsule } from './capsule.ts';
import { compare } from './compare.ts';
import { fakeInput } from './fake-input.ts';
import { report } from './report.ts';
import { tellFailures, writeReports } from './report-files.ts';
import { runs } from './runs.ts';
import { show } from './show.ts';
import type { RunCommand } from './types.ts';

const exec = promisify(execFile);
const fixture = (name: string) => fileURLToPath(new URL(`../../test/fixtures/runs/${name}`, import.meta.url));
const openRun = '20261125-034943-2f6a';
const fullRun = '20261124-023022-c592';

/** A working folder with two real runs in build/runs, the newer one with a known failure. */
let folder: string;
let runsDir: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nfstest-commands-'));
  runsDir = join(folder, 'build', 'runs');
  await mkdir(runsDir, { recursive: true });
  await cp(fixture('nfstest-open'), join(runsDir, openRun), { recursive: true });
  await cp(fixture('full'), join(runsDir, fullRun), { recursive: true });
  for (const id of [openRun, fullRun]) {
    const written = await run(show, [id], { switches: ['json'] });
    await writeFile(join(runsDir, id, 'summary.json'), written.text);
  }
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function run(command: RunCommand, words: readonly string[], options: Parameters<typeof fakeInput>[2] = {}) {
  const given = fakeInput(folder, words, options);
  const exitCode = await command(given.input);
  return { exitCode, text: given.text };
}

describe('runs', () => {
  it('prints a table', async () => {
    const { text } = await run(runs, []);
    const lines = text.replaceAll(/\d{4}-\d\d-\d\d \d\d:\d\d/g, '[when]').split('\n');
    expect(lines).toMatchInlineSnapshot(`
      [
        "run                   when              server          NFS  suite                time  result               against before",
        "20261125-034943-2f6a  [when]  ganesha:latest  3    nfstest_posix  1 min 31 s  2 passed, 1 known    =",
        "20261124-023022-c592  [when]  ganesha:latest  3    nfstest_posix  2 min 26 s  32 passed, 1 failed",
        "",
      ]
    `);
  });

  it('as JSON', async () => {
    const { runs: rows, flaky } = JSON.parse((await run(runs, [], { switches: ['json'] })).text) as { runs: { runId: string }[]; flaky: unknown[] };
    expect(rows.map(({ runId }) => runId)).toEqual([openRun, fullRun]);
    expect(flaky).toEqual([]);
  });

  it('none yet', async () => {
    await rm(runsDir, { recursive: true });
    expect((await run(runs, [])).text).toBe('no run is kept yet; `nfstest-tui --ci` makes one\n');
  });
});

describe('show', () => {
  it('a run: facts, what did not pass, verdict', async () => {
    const { text, exitCode } = await run(show, []);
    expect(exitCode).toBe(0);
    expect(text).toContain('mount options  vers=3,port=4000,proto=tcp,sec=sys,hard,nolock,noresvport,mountport=4001,actimeo=0');
    expect(text).toMatch(/^KNOWN {4}open +12544\/13056/m);
    expect(text).toMatch(/known: NFStest tries every combination/);
    expect(text).toMatch(/NFS Test PASSED\n$/);
    expect(text).not.toMatch(/^PASS /m);
  });

  it('a testcase: assertions, output, and what other runs found', async () => {
    const { text } = await run(show, ['latest', 'open']);
    expect(text).toContain("  |     TEST: Running test 'open'");
    expect(text).toContain(`in the last runs\n  ${openRun}  known  (this run)\n  ${fullRun}  failed\n`);
  });

  it('what was left out of the kept files', async () => {
    const path = join(runsDir, openRun, 'summary.json');
    const shortened = [{ file: 'vm.log', droppedLines: 12, droppedBytes: 345 }];
    await writeFile(path, JSON.stringify({ ...JSON.parse(await readFile(path, 'utf8')), shortened }));
    expect((await run(show, [])).text).toMatch(/^12 lines \(345 bytes\) of vm\.log were left out\n(.*\n)*NFS Test PASSED\n$/m);
    expect(JSON.parse((await run(show, [], { switches: ['json'] })).text)).toMatchObject({ shortened });
  });

  it.each([[[null]], [{}], ['vm.log'], [[{ file: 'vm.log' }]], [[{ file: 1, droppedLines: 2, droppedBytes: 3 }]]])(
    'nothing of a summary whose list of shortened logs is %j',
    async (shortened) => {
      const path = join(runsDir, openRun, 'summary.json');
      await writeFile(path, JSON.stringify({ ...JSON.parse(await readFile(path, 'utf8')), shortened }));
      const { text } = await run(show, []);
      expect(text).toMatch(/NFS Test PASSED\n$/);
      expect(text).not.toContain('left out');
      expect(JSON.parse((await run(show, [], { switches: ['json'] })).text)).not.toHaveProperty('shortened');
    },
  );

  it('a run that broke off', async () => {
    expect((await run(show, [fixture('no-vm')])).text).toMatch(/NFS Test FAILED: the client VM was not ready/);
  });

  it('what is not there', async () => {
    await expect(run(show, ['latest', 'chmod'])).rejects.toThrow("testcase 'chmod' is not in this run");
    await expect(run(show, ['latest', 'open', 'more'])).rejects.toThrow(UserError);
  });
});

describe('compare', () => {
  it('exit code 0 where nothing new fails', async () => {
    const { exitCode, text } = await run(compare, ['latest~1', 'latest']);
    expect(exitCode).toBe(0);
    expect(text).toMatch(/unchanged: 2\nno new failures\n$/);
  });

  it('exit code 1 where a known failure is not known any more', async () => {
    const { exitCode, text } = await run(compare, ['latest', 'latest~1']);
    expect(exitCode).toBe(1);
    expect(text).toMatchInlineSnapshot(`
      "before  20261125-034943-2f6a, NFS-Ganesha (ganesha:latest) sha256:259e7017c7ee, NFS 3, upstream NFStest v3.2-4-ga9ad0d6, Linux 6.1.0-56-cloud-amd64
      after   20261124-023022-c592, NFS-Ganesha (ganesha:latest), NFS 3, upstream NFStest v3.2-4-ga9ad0d6, Linux 6.1.0-56-cloud-amd64

      newly failing (1)
        open       known -> failed
          - open - opening existent file should return an error when O_EXCL|O_CREAT is used
          - open - opening symbolic link should return an error when O_EXCL|O_CREAT is used
      only in the second: access, chdir, closedir, creat, fcntl, fdatasync, fstat, fstatvfs, fsync, link, lseek, lstat, mkdir, mmap, munmap, opendir, readdir, readlink, rename, rewinddir, rmdir, seekdir, stat, statvfs, symlink, sync, telldir, unlink, write, chmod
      unchanged: 2
      NEW FAILURES
      "
    `);
    expect(JSON.parse((await run(compare, ['latest', 'latest~1'], { switches: ['json'] })).text)).toMatchObject({
      exitCode: 1,
      newlyFailing: [{ testcase: 'open', before: 'known', after: 'failed' }],
    });
  });

  it('a server with faults against one without: new failures, and whose they are; not the other way round, nor against itself', async () => {
    const [good, bad] = [fixture('ganesha-rename'), fixture('broken-rename')];
    const { exitCode, text } = await run(compare, [good, bad]);
    expect(exitCode).toBe(1);
    expect(text).toContain('newly failing (1)\n  rename     passed -> failed\n    fault    server: 20 assertions');
    expect(text).toContain('    call     RENAME f001 → f002/new  NFS3ERR_IO (7 answers with this status)\n    - rename - rename() of a file should succeed\n');
    expect((await run(compare, [bad, good])).exitCode).toBe(0);
    expect((await run(compare, [bad, bad])).exitCode).toBe(0);
  });

  it('other suites: verdicts alone, which is said; other scripts: nothing', async () => {
    const { exitCode, text } = await run(compare, [fixture('ganesha-rename'), fixture('full')]);
    expect(text).toContain('note: they had different suites (so only verdicts are compared)');
    expect([exitCode, text]).toEqual([1, expect.stringContaining('open       not selected -> failed')]);
    const lock = join(runsDir, '20261125-034943-10cc');
    await cp(fixture('nfstest-open'), lock, { recursive: true });
    const events = await readFile(join(lock, 'events.ndjson'), 'utf8');
    await writeFile(join(lock, 'events.ndjson'), events.replaceAll('"kind":"nfstest",', '"kind":"nfstest","script":"nfstest_lock",'));
    await expect(run(compare, [openRun, lock])).rejects.toThrow('nfstest_posix and nfstest_lock have no testcase in common');
  });

  it('two runs are needed', async () => {
    await expect(run(compare, [])).rejects.toThrow('which two runs?');
  });
});

describe('report', () => {
  it('makes every report later, into the run’s folder or another one', async () => {
    const flags = { REPORTER: 'junit,tap,json,ndjson,github,html' };
    const { text } = await run(report, ['latest'], { flags });
    const names = ['junit.xml', 'report.tap', 'summary.json', 'events.ndjson', 'github-summary.md', 'report.html'];
    expect(
      text
        .trimEnd()
        .split('\n')
        .map((line) => line.split('/').at(-1)),
    ).toEqual(names);
    expect(await readdir(join(runsDir, openRun))).toEqual(expect.arrayContaining(names));
    const other = join(folder, 'out', 'deep');
    await run(report, [openRun], { flags: { ...flags, OUTPUT_DIR: other } });
    expect((await readdir(other)).sort()).toEqual([...names].sort());
    // The events are the run's own, byte by byte.
    expect(await readFile(join(other, 'events.ndjson'), 'utf8')).toBe(await readFile(fixture('nfstest-open/events.ndjson'), 'utf8'));
  });

  it('never writes over the recording', async () => {
    const path = join(runsDir, openRun, 'events.ndjson');
    const torn = `${await readFile(path, 'utf8')}{"type":"note.rep`;
    await writeFile(path, torn);
    expect((await run(report, [openRun], { flags: { REPORTER: 'ndjson' } })).text).toMatch(/events\.ndjson\n$/);
    expect(await readFile(path, 'utf8')).toBe(torn);
  });

  it('plain goes to the terminal', async () => {
    expect((await run(report, [fullRun])).text).toMatch(/NFS Test FAILED: 1 of 33 testcases failed \(open\)\n$/);
  });

  it.each([
    ['junti', "there is no reporter 'junti'"],
    [',', 'no reporter is named'],
  ])('%j is no reporter', (name, message) => {
    expect(() => report(fakeInput(folder, [], { flags: { REPORTER: name } }).input)).toThrow(message);
  });

  it('adds to the step’s summary, and one report that fails does not keep the others', async () => {
    const { reportOf, withRecord } = await import('./recorded.ts');
    await withRecord('latest', runsDir, async (record) => {
      const summary = join(folder, 'step.md');
      await writeFile(summary, 'before\n');
      let text = '';
      const write = (part: string) => {
        text += part;
      };
      await mkdir(join(folder, 'out', 'junit.xml'), { recursive: true });
      const failures = await writeReports(reportOf(record), {
        names: ['junit', 'github'],
        folder: join(folder, 'out'),
        write,
        environment: { GITHUB_STEP_SUMMARY: summary },
      });
      expect(failures.map(({ message }) => message)).toEqual([expect.stringMatching(/^the junit report .*junit.xml can’t be written: EISDIR/)]);
      expect(await readFile(summary, 'utf8')).toMatch(/^before\n## NFS Test PASSED/);
      expect(text).toMatch(/^github +\S+github-summary.md\n$/);
      expect(() => tellFailures([])).not.toThrow();
    });
  });
});

describe('capsule', () => {
  it('goes to another machine: show, report and compare open it', async () => {
    const { text } = await run(capsule, ['latest', 'open'], { flags: { OUTPUT_DIR: folder } });
    const path = join(folder, `nfstest-${openRun}-open.tar.gz`);
    expect(text.trimEnd().endsWith(`nfstest-${openRun}-open.tar.gz`)).toBe(true);
    await rm(runsDir, { recursive: true });
    expect((await run(show, [path])).text).toMatch(/NFS Test PASSED\n$/);
    expect((await run(show, [path, 'open'])).text).toContain("Running test 'open'");
    await run(report, [path], { flags: { REPORTER: 'junit', OUTPUT_DIR: folder } });
    expect(await readFile(join(folder, 'junit.xml'), 'utf8')).toContain('<testsuite name="open"');
    expect((await run(compare, [path, path])).exitCode).toBe(0);
  });

  it('says how the run was made, with digests', async () => {
    await writeFile(join(runsDir, openRun, 'lane0-open.pcap'), 'packets');
    await writeFile(join(runsDir, openRun, 'lane0-read.pcap'), 'packets');
    await run(capsule, ['latest', 'open'], { flags: { OUTPUT_DIR: folder } });
    await exec('tar', ['-xzf', `nfstest-${openRun}-open.tar.gz`], { cwd: folder });
    const dir = join(folder, `nfstest-${openRun}-open`);
    expect((await readdir(dir)).sort()).toEqual([
      'README.txt',
      'build.log',
      'capsule.json',
      'events.ndjson',
      'lane0-open.pcap',
      'server.log',
      'suite.log',
      'summary.json',
      'vm.log',
    ]);
    const manifest = JSON.parse(await readFile(join(dir, 'capsule.json'), 'utf8')) as { files: { name: string; sha256: string }[] };
    expect(manifest).toMatchObject({
      format: 1,
      testcase: 'open',
      command: 'nfstest-tui --ci --image-name=ganesha --nfs-version=3 --suite=nfstest --nfstest-src=/home/ann/nfstest --testcase=open',
      imageId: expect.stringMatching(/^sha256:/),
      mountOptions: expect.stringContaining('vers=3'),
      settings: { IMAGE_NAME: 'ganesha', TESTCASE: 'open,read,close', NFSTEST_SRC: '/home/ann/nfstest' },
    });
    const { stdout } = await exec('sha256sum', ['events.ndjson'], { cwd: dir });
    expect(manifest.files.find(({ name }) => name === 'events.ndjson')?.sha256).toBe(stdout.split(' ')[0]);
  });

  it('carries no secret', async () => {
    const dir = join(runsDir, openRun);
    const events = (await readFile(join(dir, 'events.ndjson'), 'utf8')).replace(
      '"NFSTEST_SRC":"',
      '"AWS_SECRET":"hunter2","NFSTEST_REPO":"https://ann:hunter2@h/x","NFSTEST_SRC":"',
    );
    expect(events).toContain('hunter2');
    await writeFile(join(dir, 'events.ndjson'), events);
    for (const name of ['id_ed25519', 'host_ed25519', 'user-data', 'cidata.iso', 'known_hosts']) await writeFile(join(dir, name), 'hunter2');
    await writeFile(
      join(dir, 'vm.log'),
      'a\n-----BEGIN OPENSSH PRIVATE KEY-----\nhunter2\n-----END OPENSSH PRIVATE KEY-----\nb\ncloned https://x:hunter2@host/y\n',
    );
    await run(capsule, ['latest'], { flags: { OUTPUT_DIR: folder } });
    await exec('tar', ['-xzf', `nfstest-${openRun}.tar.gz`], { cwd: folder });
    const unpacked = join(folder, `nfstest-${openRun}`);
    for (const name of await readdir(unpacked)) expect([name, (await readFile(join(unpacked, name), 'utf8')).includes('hunter2')]).toEqual([name, false]);
    expect(await readFile(join(unpacked, 'vm.log'), 'utf8')).toBe('a\n*** private key ***\nb\ncloned https://***@host/y\n');
  });

  it('a testcase that the run does not have', async () => {
    await expect(run(capsule, ['latest', 'chmod'])).rejects.toThrow("testcase 'chmod' is not in this run");
  });
});
