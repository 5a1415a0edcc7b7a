import type { WireCall } from '../model/wire.ts';
import { mountProcedure, mountStatus, operation4, procedure3, programs, status3, status4 } from './names.ts';

/** What a line of `tshark -T fields` holds, in this order; a field that a frame has several times has its values separated by commas. */
export const tsharkFields = [
  'frame.time_epoch',
  'tcp.stream',
  'rpc.xid',
  'rpc.msgtyp',
  'rpc.program',
  'rpc.programversion',
  'rpc.procedure',
  'rpc.time',
  'nfs.name',
  'nfs.full_name',
  // Names in an NFS v4 operation.
  'nfs.pathname.component',
  'nfs.fh.hash',
  'nfs.ops.count',
  'nfs.opcode',
  'nfs.status3',
  'nfs.nfsstat4',
  'mount.path',
  'mount.status',
] as const;

type Field = (typeof tsharkFields)[number];

/** Between values of a field: no character of a name may be it. */
export const valueSeparator = '\u001f';

/** The arguments that make tshark print these fields of a capture's RPC messages. Source: tshark(1). */
export function tsharkArguments(file: string, ports: readonly number[]): string[] {
  return [
    ...['-r', file, '-n'],
    // Tests choose their ports: nothing tells tshark what they carry.
    ...ports.flatMap((port) => ['-d', `tcp.port==${port},rpc`]),
    ...['-o', 'nfs.file_name_snooping:TRUE', '-o', 'nfs.file_full_name_snooping:TRUE'],
    ...['-Y', 'nfs || mount', '-T', 'fields', '-E', 'separator=/t', '-E', 'occurrence=a', '-E', `aggregator=${valueSeparator}`],
    ...tsharkFields.flatMap((field) => ['-e', field]),
  ];
}

/** One frame's fields. */
class Frame {
  readonly #values: ReadonlyMap<Field, readonly string[]>;

  constructor(line: string) {
    const cells = line.split('\t');
    this.#values = new Map(tsharkFields.map((field, index) => [field, cells[index] ? cells[index].split(valueSeparator) : []]));
  }

  all(field: Field): readonly string[] {
    return this.#values.get(field) ?? [];
  }

  numbers(field: Field): readonly number[] {
    return this.all(field).map(Number);
  }
}

interface OpenCall {
  readonly index: number;
  readonly program: number;
  readonly version: number;
  /** Operations of a compound. */
  readonly operations: readonly number[];
}

const oneName = new Set(['LOOKUP', 'CREATE', 'MKDIR', 'SYMLINK', 'MKNOD', 'REMOVE', 'RMDIR', 'OPEN', 'LINK']);

/** `10.0.2.2:/export/d` is `/export/d`. */
const withoutServer = (name: string) => name.replace(/^[^/]*:(?=\/)/, '');
const under = (folder: string, name: string) => `${folder.replace(/\/$/, '')}/${name}`;

/** What a call names: paths where tshark has seen the handles' names, else names alone, else a handle's hash. */
function objectOf(call: string, frame: Frame): string {
  const names = [...frame.all('nfs.name'), ...frame.all('nfs.pathname.component')].map(withoutServer);
  const folders = frame.all('nfs.full_name').map(withoutServer);
  const hash = frame.all('nfs.fh.hash')[0];
  const handle = hash === undefined ? '' : `handle ${hash}`;
  const words = call.split(' ');
  const [mountPath] = frame.all('mount.path');
  if (mountPath !== undefined) return mountPath;
  if (words.includes('RENAME')) {
    const [from, to] = names.length >= 4 ? [names[1], names[3]] : names.slice(-2);
    const path = (name: string | undefined, folder: string | undefined) => (folder === undefined ? (name ?? '') : under(folder, name ?? ''));
    if (names.length === 3) return names.join(', ');
    return `${path(from, folders[0])} → ${path(to, folders[1])}`;
  }
  const last = names.at(-1);
  if (words.some((word) => oneName.has(word)) && last !== undefined && names.length > folders.length) {
    const folder = folders.at(-1);
    return folder === undefined ? last : under(folder, last);
  }
  return folders.at(-1) ?? last ?? handle;
}

function callName(program: number, version: number, procedure: number, operations: readonly number[]): string {
  if (program === programs.mount) return `MOUNT-${mountProcedure(procedure)}`;
  if (version === 3) return procedure3(procedure);
  return procedure === 0 || operations.length === 0 ? 'NULL' : operations.map(operation4).join(' ');
}

/**
 * Puts calls and answers together.
 *
 * @param lines what tshark printed with `tsharkArguments`.
 * @returns the calls in their order.
 */
export function callsOf(lines: Iterable<string>): WireCall[] {
  const calls: WireCall[] = [];
  const open = new Map<string, OpenCall>();
  for (const line of lines) {
    if (line === '') continue;
    const frame = new Frame(line);
    const types = frame.numbers('rpc.msgtyp');
    const key = (index: number) => `${frame.all('tcp.stream')[0] ?? ''} ${frame.all('rpc.xid')[index] ?? ''}`;
    // A frame holds messages of one direction.
    if (types[0] === 0) takeCalls(frame, types.length, key, calls, open);
    else takeAnswers(frame, types.length, key, calls, open);
  }
  return calls;
}

function takeCalls(frame: Frame, count: number, key: (index: number) => string, calls: WireCall[], open: Map<string, OpenCall>): void {
  const [program, version, procedure] = [frame.numbers('rpc.program'), frame.numbers('rpc.programversion'), frame.numbers('rpc.procedure')];
  const operations = [...frame.numbers('nfs.opcode')];
  const operationCounts = [...frame.numbers('nfs.ops.count')];
  for (let index = 0; index < count; index++) {
    const isCompound = program[index] === programs.nfs && (procedure[index] ?? 0) === 1 && frame.numbers('nfs.opcode').length > 0;
    const own = isCompound ? operations.splice(0, operationCounts.shift() ?? operations.length) : [];
    const versionOf = isCompound ? 4 : (version[index] ?? 3);
    const call = callName(program[index] ?? 0, versionOf, procedure[index] ?? 0, own);
    open.set(key(index), { index: calls.length, program: program[index] ?? 0, version: versionOf, operations: own });
    calls.push({
      time: timeOf(frame),
      call,
      // The names of several messages in one frame can't be told apart.
      object: count === 1 ? objectOf(call, frame) : '',
      status: null,
      latencyMs: null,
    });
  }
}

/** A compound's answer ends with the first operation that failed: so many statuses are its own, after its overall one. */
function takeCompoundStatus(statuses: number[], operations: readonly number[]): number | undefined {
  const overall = statuses.shift();
  for (let index = 0; index < operations.length && statuses.length > 0; index++) if (statuses.shift() !== 0) break;
  return overall;
}

function takeAnswers(frame: Frame, count: number, key: (index: number) => string, calls: WireCall[], open: Map<string, OpenCall>): void {
  const [of3, of4, ofMount] = [[...frame.numbers('nfs.status3')], [...frame.numbers('nfs.nfsstat4')], [...frame.numbers('mount.status')]];
  const latencies = frame.numbers('rpc.time');
  for (let index = 0; index < count; index++) {
    const asked = open.get(key(index));
    const call = asked && calls[asked.index];
    if (asked === undefined || call === undefined) continue;
    open.delete(key(index));
    const number = asked.program === programs.mount ? ofMount.shift() : asked.version === 3 ? of3.shift() : takeCompoundStatus(of4, asked.operations);
    const naming = asked.program === programs.mount ? mountStatus : asked.version === 3 ? status3 : status4;
    const latency = latencies[index];
    // NULL, and MOUNT's UMNT, answer without a status.
    calls[asked.index] = {
      ...call,
      status: number === undefined ? 'OK' : naming(number),
      latencyMs: latency === undefined ? null : Math.round(latency * 1e6) / 1e3,
    };
  }
}

const timeOf = (frame: Frame) => new Date(Number(frame.all('frame.time_epoch')[0] ?? 0) * 1000).toISOString();
