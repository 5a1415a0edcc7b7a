import { describe, expect, it } from 'vitest';
import { shellQuote } from '../model/shell-quote.ts';
import { mountCommand, type SuiteSpec, suiteArguments } from './command-line.ts';

const spec: SuiteSpec = {
  suiteKind: 'nfstest',
  server: '10.0.2.2',
  port: 4000,
  mountPort: 4001,
  export: '/export',
  nfsVersion: '3',
  testcases: ['read', 'open'],
  mountPoint: '/mnt/t',
};

const line = (change: Partial<SuiteSpec>) =>
  suiteArguments({ ...spec, ...change })
    .map(shellQuote)
    .join(' ');

describe('suiteArguments', () => {
  it('for NFS v3', () => {
    expect(line({})).toMatchInlineSnapshot(
      `"--server 10.0.2.2 --port 4000 --export /export --nfsversion 3 --mtpoint /mnt/t --mtopts hard,nolock,noresvport,mountport=4001 --runtest read,open --tbsize 4k --trcdelay 0 --verbose 'opts|info|dbg1|dbg2' --notty"`,
    );
  });

  it('for NFS v4 without the side protocols of v3', () => {
    expect(line({ nfsVersion: '4.1' })).toMatchInlineSnapshot(
      `"--server 10.0.2.2 --port 4000 --export /export --nfsversion 4.1 --mtpoint /mnt/t --mtopts hard,noresvport --runtest read,open --tbsize 4k --trcdelay 0 --verbose 'opts|info|dbg1|dbg2' --notty"`,
    );
  });

  it('for the bundled suite, which takes no packet trace', () => {
    expect(line({ suiteKind: 'bundled' })).not.toMatch(/--tbsize|--trcdelay/);
  });

  it('never repeats in --mtopts what the suite adds itself', () => {
    for (const nfsVersion of ['3', '4.0', '4.1', '4.2']) {
      const words = suiteArguments({ ...spec, nfsVersion });
      expect(words[words.indexOf('--mtopts') + 1]).not.toMatch(/(^|,)(vers|nfsvers|proto|port|sec)=/);
    }
  });

  it('takes a folder of its own and more options', () => {
    expect(line({ dataDir: 'lane-1', extra: ['--warnings'] })).toContain('--datadir lane-1');
    expect(line({ extra: ['--warnings'] })).toMatch(/ --warnings$/);
    expect(line({})).not.toContain('--datadir');
  });
});

describe('mountCommand', () => {
  it('is what NFStest was recorded to run', () => {
    // Recorded: test/fixtures/nfstest/v3-open-read-write.log.
    expect(mountCommand({ ...spec, port: 4900, mountPort: 4901, mountPoint: '/mnt/nfs' })).toBe(
      'mount -t nfs -o vers=3,port=4900,proto=tcp,sec=sys,hard,nolock,noresvport,mountport=4901,actimeo=0 10.0.2.2:/export /mnt/nfs',
    );
  });

  it('leaves out the usual port and brackets an IPv6 address', () => {
    expect(mountCommand({ ...spec, nfsVersion: '4.2', port: 2049, server: 'fd00::2', export: '/a b' })).toBe(
      "mount -t nfs -o vers=4.2,proto=tcp,sec=sys,hard,noresvport,actimeo=0 '[fd00::2]:/a b' /mnt/t",
    );
  });
});
