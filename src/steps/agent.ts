import { randomBytes } from 'node:crypto';
import { EnvironmentError } from '../model/errors.ts';
import type { RemoteSession, VmHandle } from '../services/types.ts';
import { clientPaths } from './client.ts';
import { type Suite, suiteProgram } from './suite-source.ts';

/** An emulated guest answers within 50 ms; a loaded machine takes its time. */
const answerDeadlineMs = 15_000;
const quietDeadlineS = 10;
const warmUpDeadlineMs = 60_000;
/** What NFStest compares to the second must not be off by one. */
const clockToleranceS = 1;

/** What the guest says of itself when it goes on. */
export interface Resumed {
  /** Release of its kernel, as `uname -r` prints it. */
  readonly kernel: string;
}

/** Lets the suite's programs be compiled, read and cached, and starts the agent: all of that is saved with the VM. */
export async function warmUp(session: RemoteSession, _suite: Suite, signal: AbortSignal): Promise<void> {
  const timed = { signal: AbortSignal.any([signal, AbortSignal.timeout(warmUpDeadlineMs)]) };
  const { suite, runner, agent } = clientPaths;
  // Compiling the suite takes an emulated processor longer than a short testcase. What can't be compiled is compiled as it is run.
  await session.exec(
    `python3 -m compileall -q ${suite}; cd ${suite} && PYTHONPATH=. python3 ${suiteProgram} --list--tests; python3 -S ${runner} --help; sudo true`,
    timed,
  );
  const started = await session.exec(`sudo sh -c 'modprobe virtio_console 2>/dev/null; setsid python3 ${agent} </dev/null >/tmp/agent.log 2>&1 &'`, timed);
  if (started.exitCode !== 0) throw new EnvironmentError('the agent could not be started in the client VM', 'use --cold to go without it');
}

/** Waits until nothing of the guest reaches out to the world that will be another one when it goes on. */
export async function quiesce(vm: VmHandle, signal: AbortSignal): Promise<void> {
  await vm.askAgent({ do: 'quiesce', timeout: quietDeadlineS }, { signal, timeoutMs: answerDeadlineMs });
}

/** Gives a restored guest the time of day, a name and random numbers of its own. */
export async function resume(vm: VmHandle, hostname: string, signal: AbortSignal): Promise<Resumed> {
  for (let tries = 2; ; tries--) {
    const request = { do: 'resume', time: Date.now() / 1000, hostname, entropy: randomBytes(64).toString('hex') };
    const { time, kernel } = (await vm.askAgent(request, { signal, timeoutMs: answerDeadlineMs })) as Resumed & { readonly time: number };
    const offS = time - Date.now() / 1000;
    if (Math.abs(offS) < clockToleranceS) return { kernel };
    // What took its time on the way makes the guest late: once more, with a time that is fresh.
    if (tries === 1) throw new EnvironmentError(`the client VM's clock is off by ${offS.toFixed(1)} s`, 'use --cold to boot it anew');
  }
}
