import { FakeController } from '../../components/testing/fake-controller.ts';
import { recordedRun } from '../../components/testing/fake-runs.ts';
import { showDashboard } from '../../src/commands/dashboard.ts';
import { onSignals } from '../../src/commands/signals.ts';
import type { EventBody, RunEvent } from '../../src/model/events.ts';
import { ExitCode } from '../../src/model/exit-codes.ts';

// The dashboard on a real terminal with an environment that is made up. Its argument is how far that has come: starting, ready, running, failed;
// `stuck` is ready and never stops by itself.
const [, , phase = 'ready'] = process.argv;
const stepMs = 40;

class FakeSession extends FakeController {
  #timers: NodeJS.Timeout[] = [];
  readonly #forced = Promise.withResolvers<void>();

  override now = (): number => Date.now();

  /** `open` fails the first time, everything else passes. */
  override run = (testcases: readonly string[]): void => {
    this.calls.push(`run ${testcases.join(',')}`);
    const again = this.store.getSnapshot().testcases.some(({ name, status }) => name === 'open' && status === 'failed');
    const steps = testcases.flatMap((testcase): EventBody[] => {
      const verdict = testcase === 'open' && !again ? 'failed' : 'passed';
      const [passedCount, failedCount] = verdict === 'failed' ? [0, 1] : [1, 0];
      return [
        { type: 'testcase.started', testcase },
        { type: 'assertion.finished', testcase, verdict, message: `${testcase} - it works`, passedCount, failedCount, details: [] },
        { type: 'testcase.finished', testcase, verdict, passedCount, failedCount, durationMs: stepMs, reason: null },
      ];
    });
    const server = { name: 'fake', title: 'Fake', image: 'fake:latest' };
    this.emit({ type: 'run.started', server, nfsVersion: '3', testcases, program: '0' }, { type: 'suite.started', command: 'nfstest_posix' });
    const end: EventBody = { type: 'suite.finished', exitCode: 0, durationMs: 0, printed: null };
    this.#timers = [...steps, end].map((body, index) => setTimeout(() => this.emit(body), (index + 1) * stepMs));
  };

  /** The testcases that run stay as they are. */
  hold(): void {
    for (const timer of this.#timers) clearTimeout(timer);
  }

  override stopTests = (): void => {
    this.hold();
    this.emit({ type: 'suite.finished', exitCode: null, durationMs: 0, printed: null });
  };

  override emit(...bodies: readonly EventBody[]): void {
    for (const body of bodies) this.store.record({ ...body, runId: 'fake', lane: 0, time: new Date().toISOString(), atMs: 0 });
  }

  override async quit(options: { readonly keep: boolean }): Promise<ExitCode> {
    this.emit({ type: 'phase.started', phase: 'stop' });
    this.calls.push(options.keep ? 'kept' : 'stopped');
    if (phase === 'stuck') await this.#forced.promise;
    else await new Promise((resolve) => setTimeout(resolve, 100));
    return ExitCode.passed;
  }

  override force = (): void => {
    this.calls.push('force');
    this.#forced.resolve();
  };

  override shellCommand = () => ({ command: 'sh', args: ['-c', 'echo shell in the VM; read line'] });
}

const controller = new FakeSession();
if (phase === 'ready' || phase === 'running' || phase === 'stuck') controller.becomeReady();
else if (phase === 'failed') controller.take(recordedRun('no-vm').events);
else controller.take(recordedRun('full').events.filter(({ type }, index): boolean => index < 20 && type !== 'run.finished') as RunEvent[]);

if (phase === 'running') {
  controller.run(['open']);
  controller.hold();
}

const forget = onSignals(({ exitCode }) => {
  controller.calls.push(`signal ${exitCode}`);
  close(exitCode);
});
let close: (exitCode: ExitCode) => void = () => {};
process.exitCode = await showDashboard(controller, { isTerminal: true }, { onOpen: (closeScreen) => (close = closeScreen) });
forget();
process.stdout.write(`summary: ${controller.calls.join('; ')}\n`);
