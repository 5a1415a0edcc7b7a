import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import type { TestcaseTraffic } from '../src/model/events.ts';
import { never } from '../src/services/fake-signals.ts';
import { TsharkDecoder } from '../src/services/tshark.ts';
import { readCalls } from '../src/wire/calls.ts';
import { readPcap } from '../src/wire/pcap.ts';
import { root, runCli } from './support/cli.ts';
import { type Lab, openLab, trouble } from './support/lab.ts';

const captures = join(root, 'test/fixtures/captures');

describe.skipIf(trouble)('what happened on the wire', () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await openLab();
  });

  /** A server that answers RENAME with NFS3ERR_IO and loses the mode of new files. */
  const broken = ['--image-name=broken', `--server-config=${join(root, 'test/fixtures/servers/broken/server.json')}`];

  test('the tshark of this machine reads the recorded captures', async () => {
    const decoder = new TsharkDecoder();
    expect(await decoder.describe()).toMatch(/^\d+\.\d+/);
    const three = await decoder.decode({ file: join(captures, 'v3-rename-io.pcap'), ports: [4000, 4001] }, never);
    expect(three.find(({ call }) => call === 'RENAME')).toMatchObject({ object: 'f001 → new', status: 'NFS3ERR_IO', latencyMs: 3.739 });
    const four = await decoder.decode({ file: join(captures, 'v4.1-rename.pcap'), ports: [4000] }, never);
    expect(four.find(({ call }) => call.endsWith('RENAME'))).toMatchObject({ call: 'SEQUENCE PUTFH SAVEFH PUTFH RENAME', status: 'NFS4_OK' });
    await expect(decoder.decode({ file: join(captures, 'README.md'), ports: [4000] }, never)).rejects.toThrow(/tshark can’t read .*README\.md/);
    expect(await new TsharkDecoder({ command: 'no-such-tshark' }).describe()).toBeNull();
  });

  test('a server with faults: the failed testcases, and the calls that failed them', async () => {
    const { exitCode, stdout } = await runCli([
      '--ci',
      '--testcase=creat,rename,chdir',
      '--quiet',
      ...lab.flags.filter((flag) => !flag.startsWith('--image-name')),
      ...broken,
    ]);
    expect(exitCode).toBe(1);
    expect(stdout).toMatch(/testcases failed \(creat, rename\)/);
    expect(stdout).toMatch(/^wire +rename\n(?: +.*\n)*? +RENAME .* → .* {2}NFS3ERR_IO$/m);
    const traffic = (await lab.events()).filter(({ type }) => type === 'testcase.traffic') as unknown as TestcaseTraffic[];
    expect(traffic.map(({ testcase, capture }) => [testcase, capture])).toEqual([
      ['creat', 'creat.pcap'],
      ['rename', 'rename.pcap'],
      // Those that passed are decoded later, several together.
      ['chdir', null],
    ]);
    const rename = traffic.find(({ testcase }) => testcase === 'rename');
    expect(rename?.totals?.errors).toContainEqual({ status: 'NFS3ERR_IO', count: expect.any(Number) });
    // Before the first failure, and with the server's own word of the same moment: both clocks are the host's.
    expect(rename?.windows[0]?.calls).toContainEqual(expect.objectContaining({ call: 'RENAME', status: 'NFS3ERR_IO' }));
    expect(rename?.windows[0]?.lines.map(({ line }) => line)).toContainEqual('proxy: RENAME answered with NFS3ERR_IO');
    const creat = traffic.find(({ testcase }) => testcase === 'creat');
    expect(creat?.windows.flatMap(({ calls }) => calls.map(({ call }) => call))).toContain('CREATE');
    const kept = (await readdir(join(lab.runsDir, 'latest'))).filter((name) => name.endsWith('.pcap'));
    expect(kept.sort()).toEqual(['creat.pcap', 'rename.pcap']);

    const shown = await runCli(['show', 'latest', 'rename', `--runs-dir=${lab.runsDir}`]);
    expect(shown.stdout).toMatch(/before “rename - rename\(\) of a file should succeed”/);
    expect(shown.stdout).toMatch(/RENAME +\S* ?→ \S+ +NFS3ERR_IO +\d/);
    expect(shown.stdout).toContain('tshark -r rename.pcap');
    expect(await lab.leftovers()).toEqual([]);
    expect((await readdir(lab.vmDir)).filter((name) => name.startsWith('capture-'))).toEqual([]);
  });

  test('--pcap always keeps those that passed, never records nothing', async () => {
    const always = await runCli(['--ci', '--testcase=chdir', '--quiet', '--pcap=always', '--nfs-version=4.1', ...lab.flags]);
    expect(always.exitCode).toBe(0);
    expect(existsSync(join(lab.runsDir, 'latest', 'chdir.pcap'))).toBe(true);
    const [told] = (await lab.events()).filter(({ type }) => type === 'testcase.traffic') as unknown as TestcaseTraffic[];
    expect(told?.totals?.procedures.map(({ name }) => name)).toEqual(expect.arrayContaining(['SEQUENCE', 'GETATTR']));
    const nothing = await runCli(['--ci', '--testcase=chdir', '--quiet', '--pcap=never', ...lab.flags]);
    expect(nothing.exitCode).toBe(0);
    expect((await lab.events()).some(({ type }) => type === 'testcase.traffic')).toBe(false);
  });

  test('the calls that the program reads in packets are those of tshark, in every version', async () => {
    const before = await readdir(lab.runsDir).catch((): string[] => []);
    const { exitCode } = await runCli(['--ci', '--testcase=creat', '--quiet', '--pcap=always', '--nfs-version=3,4.0,4.1,4.2', ...lab.flags]);
    expect(exitCode).toBe(0);
    // Each version is a run of its own, beside the session's folder.
    const runs = (await readdir(lab.runsDir)).filter((name) => name !== 'latest' && !before.includes(name));
    const folders = runs.filter((name) => existsSync(join(lab.runsDir, name, 'creat.pcap')));
    expect(folders).toHaveLength(4);
    for (const folder of folders) {
      const file = join(lab.runsDir, folder, 'creat.pcap');
      const events = (await readFile(join(lab.runsDir, folder, 'events.ndjson'), 'utf8')).trim().split('\n');
      const traffic = events.map((line) => JSON.parse(line) as TestcaseTraffic).find(({ type }) => type === 'testcase.traffic');
      const ports = [...(traffic?.command ?? '').matchAll(/tcp\.port==(\d+)/g)].map(([, port]) => Number(port));
      const own = readCalls(readPcap(new Uint8Array(await readFile(file))), ports);
      const decoded = await new TsharkDecoder().decode({ file, ports }, never);
      expect(own.length).toBeGreaterThan(100);
      expect(own.map(({ timeUs, ...call }) => ({ ...call, object: '', time: new Date(timeUs / 1000).toISOString() }))).toEqual(
        decoded.map((call) => ({ ...call, object: '' })),
      );
    }
  });
});
