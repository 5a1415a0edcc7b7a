import type { Finished } from '../support/cli.ts';
import type { FaultLab } from './lab.ts';

export interface Expected {
  /** Several where more than one is right. */
  readonly exitCode: number | readonly number[];
  /** What has to be said, on either stream. */
  readonly says: readonly RegExp[];
  /** Longest time from the fault to the program's end. */
  readonly withinS: number;
}

/** One thing that goes wrong, and what the program has to make of it. */
export interface Fault {
  /** For `FAULTS` and build/faults.json. */
  readonly name: string;
  /** One line: what goes wrong, and what is right then. */
  readonly about: string;
  /** Quick ones run in `make test` too. */
  readonly speed: 'quick' | 'slow';
  readonly expected: Expected;
  /** Why it can't be inflicted on this machine; null where it can. */
  readonly obstacle?: () => string | null;
  /** Brings the program into the situation and does the harm; gives what the program came to. Throws where it could not. */
  readonly inflict: (lab: FaultLab) => Promise<Finished>;
}

export interface FaultResult {
  readonly name: string;
  readonly outcome: 'survived' | 'failed' | 'skipped';
  readonly exitCode: number | null;
  /** From the fault to the program's end; null where it did not come to that. */
  readonly seconds: number | null;
  readonly expected: { readonly exitCode: number | readonly number[]; readonly says: readonly string[]; readonly withinS: number };
  /** What was wrong, one line each; why it was skipped. */
  readonly problems: readonly string[];
}
