/** One NFS call of the client with the server's answer. */
export interface WireCall {
  /** When the client sent it, by the host's clock; ISO 8601 in UTC. */
  readonly time: string;
  /** `RENAME`; the operations of an NFS v4 compound: `PUTFH SAVEFH PUTFH RENAME`. */
  readonly call: string;
  /** What it is about, as far as the capture names it: a path, a name, or a handle's hash (`handle 0x1234abcd`); empty where it names nothing. */
  readonly object: string;
  /** `NFS3_OK`, `NFS3ERR_IO`, `NFS4ERR_NOENT`; null where no answer was seen. */
  readonly status: string | null;
  /** Null where no answer was seen. */
  readonly latencyMs: number | null;
}

/** A line of a log that came at the same moment. */
export interface WireLogLine {
  readonly time: string;
  readonly channel: 'server' | 'vm';
  readonly line: string;
}

/** What happened before a failed assertion: since the assertion before it, or since the testcase's start. */
export interface WireWindow {
  /** Which of the testcase's failed assertions, from 0. */
  readonly failure: number;
  /** The last ones, and before them those with an error, in their order. */
  readonly calls: readonly WireCall[];
  /** Calls of that time that are not among them. */
  readonly omittedCount: number;
  readonly lines: readonly WireLogLine[];
}

/** A testcase's calls in numbers. */
export interface TrafficTotals {
  readonly calls: number;
  /** By procedure (NFS v3, MOUNT) or operation (NFS v4), the most frequent first. */
  readonly procedures: readonly { readonly name: string; readonly count: number }[];
  /** Answers that are no success, the most frequent first. */
  readonly errors: readonly { readonly status: string; readonly count: number }[];
  /** Null where no call was answered. */
  readonly latencyMs: { readonly p50: number; readonly p99: number } | null;
}

/** A status that says that all went well. */
export const isOk = (status: string): boolean => /_OK$/.test(status) || status === 'OK';
