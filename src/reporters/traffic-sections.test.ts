import { describe, expect, it } from 'vitest';
import type { Traffic } from '../model/run-state.ts';
import type { WireCall } from '../model/wire.ts';
import { sectionLines } from './sections.ts';
import { tellingCalls } from './telling-calls.ts';
import { trafficSections } from './traffic-sections.ts';
import { commonFolder } from './wire-paths.ts';

const call = (name: string, object: string, status: string | null, latencyMs: number | null = 0.3): WireCall => ({
  time: '2026-11-25T04:45:13.300Z',
  call: name,
  object,
  status,
  latencyMs,
});

const traffic: Traffic = {
  capture: 'rename.pcap',
  command: 'tshark -r rename.pcap',
  complete: true,
  problem: null,
  totals: {
    calls: 3,
    procedures: [
      { name: 'RENAME', count: 2 },
      { name: 'READ', count: 1 },
    ],
    errors: [{ status: 'NFS3ERR_IO', count: 1 }],
    latencyMs: { p50: 0.3, p99: 3.7 },
  },
  windows: [
    {
      failure: 0,
      omittedCount: 4,
      calls: [call('RENAME', '/export/d/a → /export/d/b', 'NFS3ERR_IO', 3.7), call('READ', '/export/d/a', null, null)],
      lines: [{ time: '2026-11-25T04:45:13.307Z', channel: 'server', line: 'proxy: no' }],
    },
    { failure: 1, omittedCount: 2, calls: [], lines: [] },
    { failure: 2, omittedCount: 0, calls: [], lines: [] },
  ],
};
const failures = ['first', 'second', 'third'].map((message) => ({ message, details: [], known: null }));

describe('sections on the wire', () => {
  it('numbers, the capture, and what came before each failure', () => {
    expect(trafficSections({ traffic, failures }).flatMap(sectionLines).join('\n')).toMatchInlineSnapshot(`
      "on the wire
        3 calls: RENAME 2, READ 1
        errors: NFS3ERR_IO 1
        latency: p50 0.3 ms, p99 3.7 ms
        capture: rename.pcap, to be read with
          tshark -r rename.pcap
      before “first” (in /export/d/; 4 others not shown)
        time          call    object  status      ms
        04:45:13.300  RENAME  a → b   NFS3ERR_IO  3.7
        04:45:13.300  READ    a       no answer
      server log and console at that moment
        04:45:13.307 server | proxy: no
      before the others
        assertion  on the wire
        second     nothing but 2 successful looks at attributes
        third      no call: the client answered by itself"
    `);
  });

  it('calls that are not known, and a capture that is not whole', () => {
    const unknown: Traffic = { ...traffic, totals: null, problem: 'tshark is not installed', complete: false, windows: [] };
    expect(trafficSections({ traffic: unknown, failures }).flatMap(sectionLines).join('\n')).toMatchInlineSnapshot(`
      "on the wire
        the calls before each failure are not known: tshark is not installed
        the beginning is missing: it was more than the capture holds
        capture: rename.pcap, to be read with
          tshark -r rename.pcap"
    `);
    expect(trafficSections({ traffic: null, failures })).toEqual([]);
  });

  it('the folder of all paths', () => {
    expect(commonFolder([call('READ', '/a/b/c', 'OK'), call('RENAME', '/a/b/x/y → /a/b/z', 'OK')])).toBe('/a/b/');
    expect(commonFolder([call('READ', '/ab/c', 'OK'), call('READ', '/a/c', 'OK')])).toBe('');
    expect(commonFolder([call('READ', 'handle 0x1', 'OK')])).toBe('');
  });

  it('the calls that tell most: errors, a missing name only where nothing else is wrong', () => {
    const missing = call('LOOKUP', '/x', 'NFS3ERR_NOENT');
    const window = { failure: 0, omittedCount: 0, lines: [] };
    expect(tellingCalls({ windows: [{ ...window, calls: [missing] }] })).toEqual(['LOOKUP /x  NFS3ERR_NOENT']);
    expect(tellingCalls({ windows: [{ ...window, calls: [missing, call('RENAME', '/x → /y', 'NFS3ERR_IO'), call('READ', '/x', 'NFS3_OK')] }] })).toEqual([
      'RENAME /x → /y  NFS3ERR_IO',
    ]);
  });
});
