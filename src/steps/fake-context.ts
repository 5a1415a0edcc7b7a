import { fakeOptions } from '../config/fake-options.ts';
import type { EventBody, LogChannel } from '../model/events.ts';
import { LogHub } from '../stream/log-hub.ts';
import type { StepContext } from './context.ts';
import type { StepDeadlines } from './deadline.ts';
import type { TailOf } from './server.ts';

/** Keeps what a step reports and logs. */
export class FakeContext implements StepContext {
  readonly signal: AbortSignal;
  readonly bodies: EventBody[] = [];
  readonly logs = new LogHub();
  deadlines: StepDeadlines = { ...fakeOptions('/nowhere').deadlines, serverMs: 60_000 };
  readonly #controller = new AbortController();

  constructor({ signal }: { signal?: AbortSignal } = {}) {
    this.signal = signal ? AbortSignal.any([signal, this.#controller.signal]) : this.#controller.signal;
  }

  readonly report = (body: EventBody): void => {
    this.bodies.push(body);
  };

  readonly log = (channel: LogChannel, chunk: Uint8Array | string): void => this.logs.write(channel, chunk);

  abort(): void {
    this.#controller.abort();
  }

  tail(channel: LogChannel): TailOf {
    return (count) => ({ path: `/run/${channel}.log`, lines: this.logs.buffers[channel].tail(count) });
  }

  /** `info: text` per note. */
  get notes(): string[] {
    return this.bodies.flatMap((body) => (body.type === 'note.reported' ? [`${body.level}: ${body.message}`] : []));
  }

  /** `server ok: detail` per finished phase. */
  get phases(): string[] {
    return this.bodies.flatMap((body) =>
      body.type === 'phase.finished' ? [`${body.phase} ${body.outcome}${body.detail === null ? '' : `: ${body.detail}`}`] : [],
    );
  }

  get types(): string[] {
    return this.bodies.map(({ type }) => type);
  }
}
