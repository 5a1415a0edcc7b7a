/** What went wrong with server, client or engine while they were needed. Each carries the last lines of the log that tells most, oldest first. */

/** Neither the host's NULL calls nor the client had an answer for so long that the server counts as hung. */
export interface ServerUnresponsive {
  readonly type: 'server.unresponsive';
  /** NULL calls in a row without an answer. */
  readonly missedCount: number;
  /** Milliseconds since the server last gave a sign of life. */
  readonly silentMs: number;
  readonly lines: readonly string[];
}

/**
 * What a kernel says of trouble on its console. `panic` and `oops` end the client; `hung-task` leads to a diagnosis;
 * the others are warnings: `stall` (a processor made no progress), `out-of-memory` (a process was ended for lack of memory),
 * `server-silent` and `server-back` (the NFS client waits for the server, or waits no more).
 */
export const consoleFaults = ['panic', 'oops', 'hung-task', 'stall', 'out-of-memory', 'server-silent', 'server-back'] as const;
export type ConsoleFault = (typeof consoleFaults)[number];

/** The client's kernel told of trouble. */
export interface VmFaulted {
  readonly type: 'vm.faulted';
  readonly fault: ConsoleFault;
  /** The console's line, without its time. */
  readonly message: string;
  readonly lines: readonly string[];
}

/** The SSH connection to the client broke off while it was needed. */
export interface ClientDisconnected {
  readonly type: 'client.disconnected';
  readonly reason: string;
  readonly lines: readonly string[];
}

/** The container engine does not answer any more. */
export interface EngineLost {
  readonly type: 'engine.lost';
  readonly reason: string;
  readonly lines: readonly string[];
}

/** A client that hangs was looked into, before it was ended. */
export interface HangDiagnosed {
  readonly type: 'hang.diagnosed';
  /** Why it counts as hung. */
  readonly reason: string;
  /** Name of the report in the run's folder. */
  readonly file: string;
  /** Tasks of the client that wait in its kernel: `python3[412] in nfs_wait_bit_killable`. */
  readonly blocked: readonly string[];
  /** Calls that the server has not answered, as the client counts them: `NFSv3 WRITE`. */
  readonly pendingCalls: readonly string[];
}

/** A lane that lost its client or server was put up anew, and goes on. */
export interface LaneReplaced {
  readonly type: 'lane.replaced';
  /** 1 for the first time. */
  readonly attempt: number;
  /** What it had lost. */
  readonly reason: string;
}

export type LossEvent = ServerUnresponsive | VmFaulted | ClientDisconnected | EngineLost | HangDiagnosed | LaneReplaced;

/** One line for people. */
export function describeLossEvent(event: LossEvent): string {
  switch (event.type) {
    case 'server.unresponsive':
      return `the server has not answered for ${Math.round(event.silentMs / 1000)} s (${event.missedCount} NULL calls)`;
    case 'vm.faulted':
      return `the client’s kernel: ${event.message}`;
    case 'client.disconnected':
      return `the connection to the client VM broke off: ${event.reason}`;
    case 'engine.lost':
      return `the container engine does not answer any more: ${event.reason}`;
    case 'hang.diagnosed': {
      const blocked = event.blocked.length === 0 ? 'no task is blocked' : `blocked: ${event.blocked.slice(0, 4).join(', ')}`;
      const pending = event.pendingCalls.length === 0 ? '' : `; no answer to ${event.pendingCalls.slice(0, 4).join(', ')}`;
      return `hang: ${blocked}${pending} (${event.file} in the run’s folder)`;
    }
    case 'lane.replaced':
      return `server and client were put up anew (attempt ${event.attempt}) after: ${event.reason}`;
  }
}

/** Whether it is a warning: what goes on all the same. */
export const isWarning = (event: LossEvent): boolean =>
  event.type === 'lane.replaced' || event.type === 'hang.diagnosed' || (event.type === 'vm.faulted' && !['panic', 'oops', 'hung-task'].includes(event.fault));
