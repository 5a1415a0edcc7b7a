import type { SuiteIdentity } from '../model/events.ts';
import { testcaseNames } from './catalog.ts';

/** What the output says of the run itself; null where it was not printed. */
export interface SuiteFacts {
  /** `3`, `4.1`, … */
  readonly nfsVersion: string | null;
  readonly server: string | null;
  /** `uname` of the client, for example `Linux nfstest-vm 6.1.0-56-cloud-amd64 …`. */
  readonly client: string | null;
  /** `bundled` where the suite said so (`INFO: SUITE: bundled nfstest-tui suite 1.0`); NFStest does not name itself. */
  readonly suiteKind: SuiteIdentity['kind'];
  readonly suiteVersion: string | null;
  /** The suite's command line. */
  readonly command: string | null;
  /** As the suite measured it. */
  readonly totalMs: number | null;
}

/** `--runtest` as NFStest takes it: `open,read`, `all` or `^chmod` (all but that); the last two only for the script whose list is known. */
function runtest(value: string, command: string | null): readonly string[] {
  const words = value
    .replace(/^\^/, '')
    .split(',')
    .filter((word) => word !== '' && word !== 'None');
  const all = /nfstest_posix/.test(command ?? '') ? testcaseNames : [];
  if (value.startsWith('^')) return all.filter((name) => !words.includes(name));
  return words.includes('all') ? all : [...new Set(words)];
}

/** Gathers facts from a suite's lines; the first thing said is kept. */
export class FactCollector {
  #facts: SuiteFacts = { nfsVersion: null, server: null, client: null, suiteKind: 'nfstest', suiteVersion: null, command: null, totalMs: null };
  /** The selection as the suite printed it; empty before. */
  #runtest: readonly string[] = [];

  get facts(): SuiteFacts {
    return this.#facts;
  }

  get runtest(): readonly string[] {
    return this.#runtest;
  }

  learn(name: 'nfsVersion' | 'server' | 'client' | 'command', value: string | undefined): void {
    if (value !== undefined && value !== '' && this.#facts[name] === null) this.#facts = { ...this.#facts, [name]: value };
  }

  /** `Verify POSIX API open() on NFSv3`. */
  header(message: string): void {
    this.learn('nfsVersion', / on NFSv([\d.]+)$/.exec(message)?.[1]);
  }

  /** `runtest = open,read`; a line without `=` is the command line. */
  option(text: string): void {
    const [, name, value = ''] = /^([\w-]+) = ?(.*)$/.exec(text) ?? [];
    if (name === undefined) this.learn('command', text);
    if (name === 'nfsversion') this.learn('nfsVersion', value);
    if (name === 'server') this.learn('server', value);
    if (name === 'runtest' && this.#runtest.length === 0) this.#runtest = runtest(value, this.#facts.command);
  }

  /** `SYSTEM: Linux …` and `SUITE: bundled nfstest-tui suite 1.0`. */
  info(message: string): void {
    this.learn('client', /^SYSTEM: (.+)$/.exec(message)?.[1]);
    const bundled = /^SUITE: bundled\b(?:.* (\d[\w.]*))?/.exec(message);
    if (bundled) this.#facts = { ...this.#facts, suiteKind: 'bundled', suiteVersion: bundled[1] ?? null };
  }

  totalTime(durationMs: number): void {
    this.#facts = { ...this.#facts, totalMs: (this.#facts.totalMs ?? 0) + durationMs };
  }
}
