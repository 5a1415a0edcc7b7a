import type { ConsoleFault } from './loss-events.ts';
import { stripControls } from './terminal-text.ts';

export interface FoundFault {
  readonly fault: ConsoleFault;
  /** The line without the kernel's time. */
  readonly message: string;
}

/** `[   12.345678] ` or, with the processor that printed it, `[   12.345678][  T123] `. */
const kernelTime = /^(?:<\d>)?\[\s*\d+\.\d+\](?:\[[^\]]*\])? ?/;

/**
 * How Linux words it, by the source that prints it: kernel/panic.c, arch/x86/mm/fault.c and arch/arm64/mm/fault.c, arch/x86/kernel/traps.c,
 * lib/bug.c, kernel/hung_task.c, kernel/watchdog.c, kernel/rcu/tree_stall.h, mm/oom_kill.c, net/sunrpc/clnt.c.
 * They are looked for at the beginning of what the kernel itself printed: a program that prints such words is no fault.
 */
const patterns: readonly (readonly [ConsoleFault, RegExp])[] = [
  ['panic', /^Kernel panic - not syncing/],
  [
    'oops',
    /^(?:BUG: (?:kernel NULL pointer dereference|unable to handle)|kernel BUG at |Oops: |Oops - |Internal error: |general protection fault|stack segment: |invalid opcode: |double fault: |Unable to handle kernel )/,
  ],
  ['hung-task', /^INFO: task .{1,64}:\d+ blocked (?:in I\/O wait )?for more than \d+ seconds/],
  [
    'stall',
    /^(?:watchdog: BUG: soft lockup|BUG: soft lockup|rcu: INFO: rcu\w+ (?:self-)?detected (?:expedited )?stall|watchdog: .*hard LOCKUP|workqueue lockup)/,
  ],
  ['out-of-memory', /^(?:Out of memory: |Memory cgroup out of memory: )/],
  ['server-silent', /^\w{1,32}: server .{1,256} not responding/],
  ['server-back', /^\w{1,32}: server .{1,256} OK$/],
];

/** What a line of a console tells of the kernel's state; null for most. Pure, and linear in the line's length. */
export function faultOf(line: string): FoundFault | null {
  const text = stripControls(line.slice(0, 1_000)).trimEnd();
  const time = kernelTime.exec(text);
  // An early panic may come before the console has times.
  const message = time === null ? text : text.slice(time[0].length);
  for (const [fault, pattern] of patterns) {
    if (!pattern.test(message)) continue;
    if (time === null && fault !== 'panic') return null;
    return { fault, message };
  }
  return null;
}
