import type { DashboardStore } from '../../components/view/dashboard-store.ts';
import type { Options } from '../config/options.ts';
import { messageOf } from '../model/errors.ts';
import type { RunEvent } from '../model/events.ts';
import type { OpenRun } from './open-run.ts';

/** The dashboard's triage: runs one failed testcase at a time again elsewhere, beside the session. */
export class TriageSwitch {
  readonly #options: Options;
  readonly #store: Pick<DashboardStore, 'record' | 'update'>;
  /** Folder of the run in which each testcase failed last. */
  readonly #failedIn = new Map<string, string>();
  readonly #abort = new AbortController();
  #ended: Promise<void> | null = null;

  constructor(options: Options, store: Pick<DashboardStore, 'record' | 'update'>) {
    this.#options = options;
    this.#store = store;
  }

  observe(event: RunEvent, folder: string): void {
    if (event.type === 'testcase.finished' && event.verdict === 'failed') this.#failedIn.set(event.testcase, folder);
  }

  /** @returns what comes of it, for the screen. */
  begin(testcase: string, run: Pick<OpenRun, 'recorder'> | null): string {
    const folder = this.#failedIn.get(testcase);
    if (folder === undefined || run === null) return `${testcase} has not failed in this session`;
    if (this.#ended !== null) return 'one at a time: the last one is still being run elsewhere';
    this.#ended = this.#run(folder, testcase, run)
      .catch((error) => this.#store.update({ outcome: messageOf(error) }))
      .finally(() => {
        this.#ended = null;
      });
    return `${testcase} runs again elsewhere`;
  }

  /** Settles when nothing of it is left running. */
  async end(): Promise<void> {
    this.#abort.abort();
    await this.#ended;
  }

  async #run(folder: string, testcase: string, run: Pick<OpenRun, 'recorder'>): Promise<void> {
    const { keepTriage } = await import('./keep-triage.ts');
    const say = (outcome: string) => this.#store.update({ outcome });
    await keepTriage(folder, testcase, { options: this.#options, run, signal: this.#abort.signal, say, tell: (event) => this.#store.record(event) });
  }
}
