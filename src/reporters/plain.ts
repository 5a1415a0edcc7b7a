import { type LogChannel, type Phase, phaseTitles, type RoundFinished, type RoundStart, type RunEvent } from '../model/events.ts';
import { formatDuration } from '../model/format.ts';
import { describeLossEvent, isWarning } from '../model/loss-events.ts';
import { emptyRunState, type RunState, reduce } from '../model/run-state.ts';
import { onlyColours, stripControls } from '../model/terminal-text.ts';
import { describeServer, describeSuite } from './describe.ts';
import { nameWidth, type Paint, painter, roundLines, setupFailureLines, summaryLines, verdictLines } from './plain-lines.ts';
import { sectionLines } from './sections.ts';
import { tellingCalls } from './telling-calls.ts';
import { triageLines } from './triage-section.ts';
import type { Reporter, ReporterFactory, ReporterOptions } from './types.ts';
import { versionsSection } from './versions-section.ts';

/** A step says where it is at most this often. */
const progressEveryMs = 5000;
/** Names of changed files that are printed. */
const maxChanged = 5;
/** What concerns the run as a whole. */
const ofRun: ReadonlySet<RunEvent['type']> = new Set([
  'run.started',
  'known-failures.read',
  'suite.resolved',
  'round.finished',
  'run.finished',
  'versions.finished',
  'triage.finished',
]);
const ofAllLanes: ReadonlySet<Phase> = new Set(['server-image', 'vm-image', 'suite-source']);

/** What `--ci` prints: one line per thing that happened, the suite's output as it comes, a summary and the verdict. */
class PlainReporter implements Reporter {
  readonly #options: ReporterOptions;
  readonly #paint: Paint;
  readonly #lastProgress = new Map<string, { readonly atMs: number; readonly message: string }>();
  #state: RunState = emptyRunState;
  /** The run is a round of `watch`; what it found. */
  #isRound = false;
  #round: RoundFinished | null = null;

  constructor(options: ReporterOptions) {
    this.#options = options;
    this.#paint = painter(options.color ?? false);
  }

  onLine(channel: LogChannel, line: string, lane = 0): void {
    if (channel !== 'suite' || this.#options.quiet) return;
    const text = stripControls(line).trimEnd();
    if (text !== '') this.#print(`${this.#prefix(lane)}  | ${text}`);
  }

  onEvent(event: RunEvent): void {
    this.#state = reduce(this.#state, event);
    const prefix = ofRun.has(event.type) || ('phase' in event && ofAllLanes.has(event.phase)) ? '' : this.#prefix(event.lane);
    for (const line of this.#describe(event)) this.#print(`${prefix}${line}`);
  }

  /** Says which lane speaks, where there are several. */
  #prefix(lane: number): string {
    return this.#state.lanes > 1 ? `[${lane + 1}] ` : '';
  }

  #print(line: string): void {
    // Server, guest and suite write what they like; nothing of it may reach the terminal as a command.
    this.#options.write(`${(this.#options.color ? onlyColours : stripControls)(line)}\n`);
  }

  #describe(event: RunEvent): readonly string[] {
    switch (event.type) {
      case 'run.started':
        if (event.round) return this.#roundHeading(event.round, event.testcases);
        return [
          this.#paint('bold', `nfstest-tui ${event.program}, run ${event.runId}`),
          `server     ${describeServer(event.server)}`,
          `protocol   NFS version ${event.nfsVersion}`,
          ...(event.lanes === undefined ? [] : [`lanes      ${event.lanes}`]),
          ...(event.testcases.length === 0 ? [] : [`testcases  ${event.testcases.length}: ${event.testcases.join(', ')}`]),
        ];
      case 'testcase.traffic': {
        const failed = this.#state.testcases.find(({ name }) => name === event.testcase)?.status === 'failed';
        const place = event.capture === null ? [] : [`see ${event.capture} in the run’s folder`];
        return failed ? [`wire     ${event.testcase}`, ...[...tellingCalls(event), ...place].map((line) => `    ${line}`)] : [];
      }
      case 'known-failures.read':
        return [`known      ${event.entries.length} expected failures from ${event.source}`];
      case 'suite.resolved':
        // The same in every round.
        return this.#isRound ? [] : [`suite      ${describeSuite(event.suite)}, from ${event.suite.source}`];
      case 'phase.started':
        return [`==> ${phaseTitles[event.phase]} …`];
      case 'phase.finished':
        return [this.#phaseEnd(event)];
      case 'progress.reported':
        return this.#progress(event);
      case 'note.reported':
        return [event.level === 'warning' ? this.#paint('yellow', `warning: ${event.message}`) : `note: ${event.message}`];
      case 'server.started': {
        const mount = event.mountPort === event.nfsPort ? '' : `, MOUNT on 127.0.0.1:${event.mountPort}`;
        return [`    container ${event.containerName}, NFS on 127.0.0.1:${event.nfsPort}${mount}`];
      }
      case 'server.exited': {
        const why = event.outOfMemory ? ', out of memory' : '';
        return event.unexpected ? [this.#paint('red', `error: the server exited (code ${event.exitCode ?? 'unknown'}${why})`)] : [];
      }
      case 'vm.started':
        return [`    QEMU ${event.pid}, accelerator ${event.accelerator}, SSH on 127.0.0.1:${event.sshPort}`];
      case 'vm.exited': {
        const how = event.signal ?? `code ${event.exitCode ?? 'unknown'}`;
        return event.unexpected ? [this.#paint('red', `error: the client VM exited (${how})`)] : [];
      }
      case 'server.unresponsive':
      case 'vm.faulted':
      case 'client.disconnected':
      case 'engine.lost':
      case 'hang.diagnosed':
      case 'lane.replaced': {
        const text = describeLossEvent(event);
        return [isWarning(event) ? this.#paint('yellow', `warning: ${text}`) : this.#paint('red', `error: ${text}`)];
      }
      case 'client.connected':
        return [`    client kernel ${event.kernel}`];
      case 'suite.started':
        return [`    ${event.command}`];
      case 'remark.reported':
        return event.level === 'info' ? [] : [this.#paint('yellow', `${event.level}: ${inTestcase(event.testcase)}${event.message}`)];
      case 'testcase.finished':
        return this.#verdict(event.testcase);
      case 'suite.setup-failed':
        return setupFailureLines(event, this.#paint);
      case 'round.finished':
        this.#round = event;
        return [];
      case 'versions.finished':
        return ['', ...sectionLines(versionsSection(event))];
      case 'triage.finished':
        return triageLines(event);
      case 'run.finished':
        return this.#round === null ? this.#summary() : roundLines(this.#round, this.#state, { folder: this.#options.folder ?? null, paint: this.#paint });
      case 'server.ready':
      case 'server.sampled':
      case 'vm.ready':
      case 'testcase.started':
      case 'assertion.finished':
      case 'suite.finished':
        return [];
    }
    // Of a newer version.
    event satisfies never;
    return [];
  }

  #roundHeading({ number, changed }: RoundStart, testcases: readonly string[]): string[] {
    this.#isRound = true;
    const shown = changed.slice(0, maxChanged).join(', ');
    const more = changed.length > maxChanged ? ` and ${changed.length - maxChanged} more` : '';
    const why = changed.length === 0 ? '' : `, changed: ${shown}${more}`;
    return ['', this.#paint('bold', `round ${number}${why}`), `testcases  ${testcases.length}: ${testcases.join(', ')}`];
  }

  #phaseEnd({ phase, outcome, durationMs, detail }: Extract<RunEvent, { type: 'phase.finished' }>): string {
    const title = `==> ${phaseTitles[phase]} … `;
    const duration = formatDuration(durationMs);
    if (outcome === 'ok') return `${title}${duration}${detail === null ? '' : ` (${detail})`}`;
    return this.#paint('red', `${title}${outcome} after ${duration}${detail === null ? '' : `: ${detail}`}`);
  }

  #progress({ phase, lane, message, fraction, atMs }: Extract<RunEvent, { type: 'progress.reported' }>): string[] {
    const last = this.#lastProgress.get(`${phase} ${lane}`);
    if (last && (atMs - last.atMs < progressEveryMs || (fraction === null && message === last.message))) return [];
    this.#lastProgress.set(`${phase} ${lane}`, { atMs, message });
    const percent = fraction === null ? '' : `${Math.floor(fraction * 100)} % `;
    return [`    ${percent}${message}`];
  }

  #verdict(name: string): string[] {
    // Thirty lines "not run" would bury the reason, which was just printed.
    const testcase = this.#state.testcases.find((candidate) => candidate.name === name);
    return testcase === undefined || (this.#state.setupFailure !== null && testcase.status === 'not-run')
      ? []
      : verdictLines(testcase, { width: nameWidth(this.#state), paint: this.#paint });
  }

  #summary(): string[] {
    const { suite, server, nfsVersion, clientKernel } = this.#state;
    const client = clientKernel === null ? '' : `, client Linux ${clientKernel}`;
    const heading = `${describeSuite(suite)} on ${describeServer(server)}, NFS ${nfsVersion ?? 'version unknown'}${client}`;
    return summaryLines(this.#state, { heading, folder: this.#options.folder ?? null, paint: this.#paint });
  }
}

const inTestcase = (testcase: string | null) => (testcase === null ? '' : `${testcase}: `);

export const plain: ReporterFactory = (options) => new PlainReporter(options);
