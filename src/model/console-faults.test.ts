import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { faultOf } from './console-faults.ts';

const faultsIn = (name: string) =>
  readFileSync(`test/fixtures/console/${name}.txt`, 'utf8')
    .split('\n')
    .flatMap((line) => {
      const found = faultOf(line);
      return found === null ? [] : [`${found.fault}: ${found.message}`];
    });

describe('consoles of real clients (Linux 6.1)', () => {
  it('a server that was paused, and came back', () => {
    expect(faultsIn('server-paused')).toEqual([
      'server-silent: nfs: server 10.0.2.2 not responding, still trying',
      'server-silent: nfsacl: server 10.0.2.2 not responding, still trying',
      'server-back: nfsacl: server 10.0.2.2 OK',
      'server-back: nfs: server 10.0.2.2 OK',
    ]);
  });

  it('a panic: its first line alone', () => {
    expect(faultsIn('panic')).toEqual(['panic: Kernel panic - not syncing: sysrq triggered crash']);
  });
});

describe('what kernels print (wording of Linux’s sources)', () => {
  it.each([
    ['[  242.911153] INFO: task python3:1234 blocked for more than 120 seconds.', 'hung-task'],
    ['[  242.911153] INFO: task kworker/u4:2:87 blocked in I/O wait for more than 120 seconds.', 'hung-task'],
    ['[   10.000000] BUG: kernel NULL pointer dereference, address: 0000000000000008', 'oops'],
    ['[   10.000000] Oops: 0002 [#1] PREEMPT SMP NOPTI', 'oops'],
    ['[   10.000000] Internal error: Oops: 0000000096000004 [#1] SMP', 'oops'],
    ['[   10.000000] kernel BUG at fs/nfs/inode.c:123!', 'oops'],
    ['[   10.000000] general protection fault, probably for non-canonical address 0xdead: 0000 [#1]', 'oops'],
    ['[   10.000000] watchdog: BUG: soft lockup - CPU#1 stuck for 26s! [python3:412]', 'stall'],
    ['[   10.000000] rcu: INFO: rcu_preempt detected stalls on CPUs/tasks:', 'stall'],
    ['[   10.000000] rcu: INFO: rcu_sched self-detected stall on CPU', 'stall'],
    ['[   10.000000] Out of memory: Killed process 412 (python3) total-vm:1kB', 'out-of-memory'],
    ['[   10.000000][  T412] Kernel panic - not syncing: hung_task: blocked tasks', 'panic'],
    ['Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(0,0)', 'panic'],
    ['\u001b[31m[   10.000000] Oops: 0000 [#1] SMP\u001b[0m\r', 'oops'],
  ])('%s', (line, fault) => {
    expect(faultOf(line)?.fault).toBe(fault);
  });

  it.each([
    // A program's words are no kernel's.
    'INFO: task python3:1234 blocked for more than 120 seconds.',
    'nfs: server 10.0.2.2 not responding, still trying',
    '[   10.000000] systemd[1]: Kernel panic - not syncing is what I test',
    '[   10.000000] systemd[1]: Started Oops: a service.',
    '[  100.099000] ---[ end Kernel panic - not syncing: sysrq triggered crash ]---',
    '[   10.000000] WARNING: CPU: 0 PID: 1 at fs/nfs/inode.c:1',
    '[   10.000000] INFO: NMI handler (nmi_cpu_backtrace_handler) took too long to run: 3.208 msecs',
    '',
  ])('no fault: %s', (line) => {
    expect(faultOf(line)).toBeNull();
  });

  it('takes linear time on a line without end', () => {
    const line = `[   10.000000] nfs: server ${'x'.repeat(5_000_000)} not responding`;
    const started = performance.now();
    expect(faultOf(line)).toBeNull();
    expect(performance.now() - started).toBeLessThan(50);
  });
});
