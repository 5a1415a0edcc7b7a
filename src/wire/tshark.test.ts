import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { WireCall } from '../model/wire.ts';
import { totalsOfCalls } from './traffic.ts';
import { callsOf, tsharkArguments, tsharkFields, valueSeparator } from './tshark.ts';
import { windowsOf } from './windows.ts';

const recorded = (name: string) => callsOf(readFileSync(join(import.meta.dirname, '../../test/fixtures/captures', name), 'utf8').split('\n'));
const text = ({ time, call, object, status, latencyMs }: WireCall) => `${time.slice(17, 23)} ${call} | ${object} | ${status} ${latencyMs}`;

/** A line as tshark prints it. */
const line = (fields: Partial<Record<(typeof tsharkFields)[number], string>>) => tsharkFields.map((field) => fields[field] ?? '').join('\t');
const both = (...values: string[]) => values.join(valueSeparator);

describe('calls of what tshark prints', () => {
  it('NFS v3, with the mount', () => {
    expect(recorded('v3-rename-io.tsv').map(text)).toMatchInlineSnapshot(`
      [
        "10.669 MOUNT-NULL |  | OK 0.304",
        "12.038 MOUNT-NULL |  | OK 0.299",
        "12.042 MOUNT-MNT | /export | MNT3_OK 0.798",
        "13.288 ACCESS | handle 0x16b97c21 | NFS3_OK 0.678",
        "13.293 GETATTR | handle 0x8dce922a | NFS3_OK 0.631",
        "13.300 RENAME | f001 → new | NFS3ERR_IO 3.739",
        "13.311 GETATTR | /export | NFS3_OK 2.752",
        "13.316 GETATTR | /export | NFS3_OK 0.516",
        "13.317 GETATTR | handle 0x8dce922a | NFS3_OK 0.357",
        "13.322 GETATTR | handle 0x8dce922a | NFS3_OK 0.593",
        "13.326 GETATTR | handle 0x16b97c21 | NFS3_OK 0.492",
      ]
    `);
  });

  it('NFS v4.1: the operations of a compound', () => {
    expect(recorded('v4.1-rename.tsv').map(text)).toMatchInlineSnapshot(`
      [
        "40.245 SEQUENCE PUTFH GETATTR | handle 0x4f91d83a | NFS4_OK 0.463",
        "40.250 SEQUENCE PUTFH LOOKUP GETFH GETATTR | nfstest_posix_20261125_043834_f_003 | NFS4_OK 0.564",
        "40.252 SEQUENCE PUTFH SAVEFH PUTFH RENAME | nfstest_posix_20261125_043834_f_003 → nfstest_posix_20261125_043834_f_004 | NFS4_OK 0.553",
        "40.257 SEQUENCE PUTFH ACCESS GETATTR | handle 0x4f91d83a | NFS4_OK 0.971",
        "40.261 SEQUENCE PUTFH GETATTR | handle 0x4f91d83a | NFS4_OK 0.519",
        "40.263 SEQUENCE PUTFH GETATTR | handle 0x9da40c8f | NFS4_OK 0.487",
        "40.266 SEQUENCE PUTFH GETATTR | handle 0x4f91d83a | NFS4_OK 0.414",
        "40.269 SEQUENCE PUTFH LOOKUP GETFH GETATTR | nfstest_posix_20261125_043834_f_003 | NFS4ERR_NOENT 1.223",
      ]
    `);
  });

  it('several messages in one frame keep their own status; their names can’t be told apart', () => {
    const call = {
      'tcp.stream': '1',
      'rpc.xid': both('0x1', '0x2'),
      'rpc.program': both('100003', '100003'),
      'rpc.programversion': both('4', '4'),
      'rpc.procedure': both('1', '1'),
    };
    const lines = [
      line({
        ...call,
        'frame.time_epoch': '1.5',
        'rpc.msgtyp': both('0', '0'),
        'nfs.ops.count': both('3', '2'),
        'nfs.opcode': both('53', '22', '29', '53', '9'),
        'nfs.pathname.component': both('a', 'b'),
      }),
      // The first compound ends with its failed operation.
      line({
        ...call,
        'frame.time_epoch': '1.6',
        'rpc.msgtyp': both('1', '1'),
        'rpc.time': both('0.1', '0.1'),
        'nfs.nfsstat4': both('70', '0', '70', '0', '0', '0'),
      }),
    ];
    expect(callsOf(lines).map(text)).toEqual(['01.500 SEQUENCE PUTFH RENAME |  | NFS4ERR_STALE 100', '01.500 SEQUENCE GETATTR |  | NFS4_OK 100']);
  });

  it('a call without an answer, an answer without its call, numbers nobody knows', () => {
    const nfs3 = { 'frame.time_epoch': '2', 'tcp.stream': '1', 'rpc.program': '100003', 'rpc.programversion': '3' };
    const lines = [
      line({ ...nfs3, 'rpc.xid': '0x9', 'rpc.msgtyp': '1', 'nfs.status3': '0' }),
      line({ ...nfs3, 'rpc.xid': '0x1', 'rpc.msgtyp': '0', 'rpc.procedure': '1', 'nfs.fh.hash': '0xabc' }),
      line({ ...nfs3, 'rpc.xid': '0x2', 'rpc.msgtyp': '0', 'rpc.procedure': '99' }),
      line({ ...nfs3, 'rpc.xid': '0x2', 'rpc.msgtyp': '1', 'rpc.time': '0.001', 'nfs.status3': '4711' }),
    ];
    expect(callsOf(lines).map(text)).toEqual(['02.000 GETATTR | handle 0xabc | null null', '02.000 procedure 99 |  | NFS3ERR_4711 1']);
  });

  it('asks for RPC on the run’s own ports', () => {
    expect(tsharkArguments('a.pcap', [4000, 4001]).slice(0, 7)).toEqual(['-r', 'a.pcap', '-n', '-d', 'tcp.port==4000,rpc', '-d', 'tcp.port==4001,rpc']);
  });
});

describe('totals and windows', () => {
  const call = (ms: number, name: string, status: string | null = 'NFS3_OK', latencyMs: number | null = 1): WireCall => ({
    time: new Date(ms).toISOString(),
    call: name,
    object: '/x',
    status,
    latencyMs,
  });

  it('counts procedures, errors and latencies', () => {
    expect(totalsOfCalls(recorded('v4.1-rename.tsv'))).toMatchObject({
      calls: 8,
      procedures: expect.arrayContaining([{ name: 'RENAME', count: 1 }]),
      errors: [{ status: 'NFS4ERR_NOENT', count: 1 }],
    });
    const hundred = Array.from({ length: 100 }, (_, index) => call(index, 'READ', 'NFS3_OK', index + 1));
    expect(totalsOfCalls(hundred).latencyMs).toEqual({ p50: 50, p99: 99 });
    expect(totalsOfCalls([call(1, 'READ', null, null)])).toEqual({ calls: 1, procedures: [{ name: 'READ', count: 1 }], errors: [], latencyMs: null });
  });

  it('shows what came before each failure, once', () => {
    const calls = [call(10, 'CREATE'), call(20, 'GETATTR'), call(30, 'RENAME', 'NFS3ERR_IO'), call(60, 'REMOVE')];
    const lines = [{ time: new Date(31).toISOString(), channel: 'server', line: 'no' } as const];
    const windows = windowsOf(
      [
        { fromMs: 5, toMs: 40 },
        { fromMs: 25, toMs: 70 },
      ],
      calls,
      lines,
    );
    expect(windows.map(({ calls: shown, omittedCount, lines: log }) => [shown.map(({ call: name }) => name), omittedCount, log.length])).toEqual([
      [['CREATE', 'RENAME'], 1, 1],
      [['REMOVE'], 0, 0],
    ]);
  });

  it('keeps an error that lies far back, and no more calls than can be read', () => {
    const calls = [call(1, 'RENAME', 'NFS3ERR_IO'), ...Array.from({ length: 50 }, (_, index) => call(2 + index, 'WRITE'))];
    const [window] = windowsOf([{ fromMs: 0, toMs: 100 }], calls, []);
    expect(window?.calls[0]?.call).toBe('RENAME');
    expect(window?.calls).toHaveLength(10);
    expect(window?.omittedCount).toBe(41);
  });
});
