import type { WireCall } from '../model/wire.ts';
import { compoundOperations } from './compound.ts';
import { type Message, MessageReader } from './messages.ts';
import { mountProcedure, mountStatus, operation4, procedure3, programs, status3, status4 } from './names.ts';
import type { Packet } from './pcap.ts';
import { XdrReader } from './xdr.ts';

/** A call as the packets tell it: without what it is about. */
export interface SeenCall extends Pick<WireCall, 'call' | 'status' | 'latencyMs'> {
  /** When the client sent it; microseconds since 1970. */
  readonly timeUs: number;
}

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

interface Asked {
  readonly call: Mutable<SeenCall>;
  /** Null where the answer has none. */
  readonly statusName: ((number: number) => string) | null;
}

/** Credentials and verifier: kind, then opaque (RFC 5531, section 8.2). */
function skipAuthentication(reader: XdrReader): void {
  reader.skip(4);
  reader.skipOpaque();
}

/** What a call asks for; null for other programs, which a back channel has. */
function readCall(reader: XdrReader): (Pick<Asked, 'statusName'> & { readonly name: string }) | null {
  reader.skip(4);
  const [program, version, procedure] = [reader.uint(), reader.uint(), reader.uint()];
  if (program === programs.mount) {
    // NULL and UMNT answer without a status.
    return { name: `MOUNT-${mountProcedure(procedure)}`, statusName: procedure === 1 ? mountStatus : null };
  }
  if (program !== programs.nfs) return null;
  if (procedure === 0) return { name: 'NULL', statusName: null };
  if (version !== 4) return { name: procedure3(procedure), statusName: status3 };
  skipAuthentication(reader);
  skipAuthentication(reader);
  return { name: compoundOperations(reader).map(operation4).join(' '), statusName: status4 };
}

/** `OK`, the answer's own status, or why the RPC itself was refused. */
function readStatus(reader: XdrReader, { statusName }: Asked): string {
  if (reader.uint() !== 0) return 'RPC denied';
  skipAuthentication(reader);
  const accepted = reader.uint();
  if (accepted !== 0) return `RPC error ${accepted}`;
  return statusName === null ? 'OK' : statusName(reader.uint());
}

/** The client's port and the transaction's id, in one number. */
const keyOf = (port: number, xid: number) => port * 2 ** 32 + xid;

/**
 * Reads calls and answers in a capture, without the objects that they name: enough to count them, and ten times quicker than tshark,
 * which takes as much of a processor as a busy emulated client.
 */
export class CallReader {
  readonly #messages: MessageReader;
  readonly #open = new Map<number, Asked>();

  constructor(ports: readonly number[]) {
    this.#messages = new MessageReader(ports);
  }

  /** The calls that were sent in these packets; those that were sent before get their answers. */
  push(packets: Iterable<Packet>): SeenCall[] {
    const calls: SeenCall[] = [];
    for (const packet of packets) {
      for (const message of this.#messages.push(packet)) {
        try {
          this.#take(message, calls);
        } catch (error) {
          // It ends early: no RPC, or cut off.
          if (!(error instanceof RangeError)) throw error;
        }
      }
    }
    return calls;
  }

  #take({ timeUs, source, target, bytes }: Message, calls: SeenCall[]): void {
    const reader = new XdrReader(bytes);
    const xid = reader.uint();
    if (reader.uint() === 0) {
      const call = readCall(reader);
      if (call === null) return;
      const seen = { timeUs, call: call.name, status: null, latencyMs: null };
      calls.push(seen);
      this.#open.set(keyOf(source, xid), { call: seen, statusName: call.statusName });
      return;
    }
    const key = keyOf(target, xid);
    const asked = this.#open.get(key);
    if (asked === undefined) return;
    this.#open.delete(key);
    asked.call.status = readStatus(reader, asked);
    // Never below 0: in a capture of several files each has a clock of its own.
    asked.call.latencyMs = Math.max(0, timeUs - asked.call.timeUs) / 1000;
  }
}

export const readCalls = (packets: Iterable<Packet>, ports: readonly number[]): SeenCall[] => new CallReader(ports).push(packets);
