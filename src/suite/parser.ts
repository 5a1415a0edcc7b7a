import type { EventBody, SuiteFinished } from '../model/events.ts';
import { FactCollector, type SuiteFacts } from './facts.ts';
import { classifyClean, cleanLine, type SuiteLine } from './line-kinds.ts';
import { RunningTestcase } from './running-testcase.ts';
import { Tally } from './tally.ts';
import { dedent, exceptionOf } from './traceback.ts';

export interface SuiteEnd {
  /** Exit code of the runner; null where it was lost. */
  readonly exitCode: number | null;
  readonly durationMs: number;
  /** Why the suite was ended from outside, for example `the server stopped answering`; left out where it ended by itself. */
  readonly reason?: string;
}

interface Failure {
  readonly message: string;
  readonly details: readonly string[];
}

type Assertion = Extract<SuiteLine, { kind: 'assertion' }>;

const tracebackStart = 'Traceback (most recent call last):';
const keptLines = 10;
/** A traceback is shorter; noise must not pile up in memory. */
const maxDetails = 200;
/** NFStest's longest script has some hundred; a suite without an end must not fill memory and disk with testcases. */
export const maxStarts = 10_000;

/**
 * Turns the output of nfstest_posix into events, line by line. Pure: no clock, no IO; takes any text and never throws.
 *
 * A failed assertion is held back until the line after it, because a traceback may follow.
 * A testcase ends with the next one or with the totals, not with its `TIME` line: one with several groups prints several.
 */
export class SuiteParser {
  readonly #given: readonly string[];
  readonly #seen = new Set<string>();
  #current: RunningTestcase | null = null;
  #starts = 0;
  /** Why nothing more is read. */
  #givenUp: string | null = null;
  #pending: { readonly line: Assertion; readonly details: string[] } | null = null;
  /** An unindented traceback (stderr) being read. */
  #traceback: string[] | null = null;
  /** The last thing that would explain why no testcase ran. */
  #setup: Failure | null = null;
  readonly #lastLines: string[] = [];
  readonly #tally = new Tally();
  readonly #collector = new FactCollector();
  #recognised = false;
  #out: EventBody[] = [];

  /** @param testcases the selected ones in their order; empty: taken from the suite's options, as far as it prints them. */
  constructor({ testcases = [] }: { readonly testcases?: readonly string[] } = {}) {
    this.#given = testcases;
  }

  /** True when something was read that only NFStest prints. */
  get recognised(): boolean {
    return this.#recognised;
  }

  get facts(): SuiteFacts {
    return this.#collector.facts;
  }

  /** The totals that the suite printed so far; null before. */
  get printedTotals(): SuiteFinished['printed'] {
    return this.#tally.printed;
  }

  /** The selected testcases, as given or as the suite printed them. */
  get selected(): readonly string[] {
    return this.#given.length > 0 ? this.#given : this.#collector.runtest;
  }

  /** @returns the events that this line completed; often none. */
  push(raw: string): EventBody[] {
    if (this.#givenUp !== null) return [];
    const clean = cleanLine(raw);
    const line = classifyClean(clean);
    if (line.kind !== 'blank' && line.kind !== 'debug' && line.kind !== 'option') {
      if (this.#lastLines.push(clean) > keptLines) this.#lastLines.shift();
    }
    // The runner's lines may come between those of a traceback.
    if (line.kind !== 'runner' && !this.#continues(clean, line)) {
      this.#flush();
      this.#take(line);
    }
    return this.#drain();
  }

  /** What is left when the output is over: every selected testcase has a verdict afterwards. */
  end({ exitCode, durationMs, reason: ended }: SuiteEnd): EventBody[] {
    const reason = this.#givenUp ?? ended;
    this.#flush();
    this.#endTraceback();
    const ran = this.#seen.size > 0;
    const exit = exitCode === null ? '' : ` (exit code ${exitCode})`;
    if (this.#current) {
      this.#finish(this.#current.isComplete ? null : (reason ?? `the suite ended in the middle of it${exit}`));
    }
    const setup = ran ? null : (this.#setup ?? this.#unexplained(exitCode, reason));
    if (setup) this.#out.push({ type: 'suite.setup-failed', ...setup });
    const notRunReason = setup ? 'the suite failed in its set-up' : (reason ?? `the suite ended before it${exit}`);
    for (const testcase of this.selected) if (!this.#seen.has(testcase)) this.#out.push(new RunningTestcase(testcase).finish(notRunReason));
    const problem = ran || this.#tally.printed ? this.#tally.problem() : null;
    if (problem !== null) this.#out.push({ type: 'remark.reported', testcase: null, level: 'warning', message: problem });
    this.#out.push({ type: 'suite.finished', exitCode, durationMs, printed: this.#tally.printed });
    // One that is cut off may still have something on its way.
    this.#givenUp = reason ?? 'it has ended';
    return this.#drain();
  }

  #drain(): EventBody[] {
    const out = this.#out;
    this.#out = [];
    return out;
  }

  /** Takes a line that belongs to the one before it. */
  #continues(clean: string, line: SuiteLine): boolean {
    if (this.#pending) {
      const indent = clean.length - clean.trimStart().length;
      // NFStest indents what follows by six; deeper text of any kind is part of the message, even `PASS: `.
      const deep = clean !== '' && indent >= this.#pending.line.indent + 6;
      if (deep || (line.kind === 'text' && indent > this.#pending.line.indent)) {
        if (this.#pending.details.length < maxDetails) this.#pending.details.push(clean);
        return true;
      }
      return line.kind === 'blank';
    }
    if (this.#traceback && line.kind === 'text') {
      this.#traceback.push(clean);
      if (line.indent === 0 || this.#traceback.length >= maxDetails) this.#endTraceback();
      return true;
    }
    return false;
  }

  #take(line: SuiteLine): void {
    switch (line.kind) {
      case 'testcase':
        this.#recognised = true;
        this.#finish(null);
        this.#start(line.name);
        return;
      case 'assertion':
        if (line.label === 'FAIL') this.#pending = { line, details: [] };
        else this.#count(line, []);
        return;
      case 'time':
        this.#current?.time(line.durationMs);
        return;
      case 'remark':
        this.#remark(line);
        return;
      case 'header':
        this.#collector.header(line.message);
        return;
      case 'totals':
        this.#recognised = true;
        // A suite that was stopped by a signal still prints its totals, but no TIME for the testcase it was in.
        this.#finish(this.#current?.isComplete === false ? 'the suite was stopped in the middle of it' : null);
        this.#tally.print(line);
        return;
      case 'total-time':
        this.#collector.totalTime(line.durationMs);
        return;
      case 'option':
        this.#recognised = true;
        this.#collector.option(line.text);
        return;
      case 'usage-error':
        this.#recognised ||= /nfstest|^Invalid test name|^Test not implemented/.test(line.message) || this.facts.command !== null;
        this.#trouble({ message: line.message, details: [] });
        return;
      case 'text':
        if (line.text === tracebackStart) this.#traceback = [];
        return;
      case 'runner':
      case 'debug':
      case 'blank':
        return;
    }
  }

  #start(name: string): void {
    this.#current = new RunningTestcase(name);
    this.#seen.add(name);
    this.#out.push({ type: 'testcase.started', testcase: name });
    this.#starts += 1;
    if (this.#starts <= maxStarts) return;
    this.#givenUp = `the suite began more than ${maxStarts} testcases`;
    this.#finish(this.#givenUp);
  }

  /** @param cutOff why the running testcase did not come to its end; null where it did. */
  #finish(cutOff: string | null): void {
    if (!this.#current) return;
    this.#out.push(this.#current.finish(cutOff));
    this.#current = null;
  }

  /** Emits the failed assertion that waited for its continuation. */
  #flush(): void {
    if (!this.#pending) return;
    const { line, details } = this.#pending;
    this.#pending = null;
    if (details.every((detail) => detail.trim() === '')) {
      this.#count(line, []);
    } else if (line.message === tracebackStart) {
      const frames = dedent(details);
      this.#count({ ...line, message: exceptionOf(frames) ?? line.message }, [line.message, ...frames]);
    } else {
      this.#count(line, dedent(details));
    }
  }

  #count(line: Assertion, details: readonly string[]): void {
    this.#tally.count(line.label);
    const group = line.counts === null ? null : /^Verify POSIX API (\w+)\(\)(?: on NFSv([\d.]+))?$/.exec(line.message);
    if (group?.[1] !== undefined) {
      // `--tverbose group`: this line is the whole testcase.
      this.#recognised = true;
      this.#collector.learn('nfsVersion', group[2]);
      this.#finish(null);
      this.#start(group[1]);
      this.#assertion(line, details);
      this.#finish(null);
    } else if (this.#current) {
      this.#assertion(line, details);
    } else if (line.label === 'FAIL') {
      this.#trouble({ message: line.message, details });
    }
  }

  #assertion(line: Assertion, details: readonly string[]): void {
    if (!this.#current) return;
    const { message } = line;
    const { passed, failed, bugs } = this.#current.count(line);
    const testcase = this.#current.name;
    if (bugs > 0) this.#out.push({ type: 'remark.reported', testcase, level: 'bug', message });
    if (failed + passed === 0) return;
    this.#out.push({
      type: 'assertion.finished',
      testcase,
      verdict: failed > 0 ? 'failed' : 'passed',
      message,
      passedCount: passed,
      failedCount: failed,
      details,
    });
  }

  #remark({ level, message }: Extract<SuiteLine, { kind: 'remark' }>): void {
    this.#collector.info(message);
    this.#out.push({ type: 'remark.reported', testcase: this.#current?.name ?? null, level, message });
  }

  /** Something failed outside a testcase: before the first one it explains why none ran, later it is a warning. */
  #trouble(failure: Failure): void {
    if (this.#seen.size > 0) {
      this.#out.push({ type: 'remark.reported', testcase: this.#current?.name ?? null, level: 'warning', message: failure.message });
    } else {
      this.#setup ??= failure;
    }
  }

  #endTraceback(): void {
    const lines = this.#traceback;
    this.#traceback = null;
    if (!lines) return;
    this.#recognised ||= lines.some((line) => line.includes('nfstest'));
    const message = exceptionOf(lines) ?? 'a traceback without its last line';
    this.#trouble({ message, details: [tracebackStart, ...lines] });
  }

  /** Nothing ran and nothing said why: the last lines have to do. */
  #unexplained(exitCode: number | null, reason: string | undefined): Failure | null {
    if (reason !== undefined || exitCode === null || exitCode === 0) return null;
    const last = this.#lastLines
      .at(-1)
      ?.trim()
      .replace(/^runner: /, '');
    return { message: last ?? `no output, exit code ${exitCode}`, details: [...this.#lastLines] };
  }
}
