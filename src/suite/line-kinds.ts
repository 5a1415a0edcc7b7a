import { stripControls } from '../model/terminal-text.ts';

/** Counts that NFStest prints at the end of a line that stands for a group of assertions. */
export interface GroupCounts {
  readonly passed: number;
  readonly failed: number;
  readonly bugs: number;
}

/** What a line of the suite's output is; `indent` counts the blanks before it. */
export type SuiteLine =
  /** `    FAIL: open - it should fail (256 passed, 256 failed)`. */
  | {
      readonly kind: 'assertion';
      readonly label: 'PASS' | 'FAIL' | 'BUG';
      readonly message: string;
      readonly counts: GroupCounts | null;
      readonly indent: number;
    }
  /** `    WARN: …`, `    INFO: …`, `    IGNR: …`. */
  | { readonly kind: 'remark'; readonly level: 'warning' | 'info'; readonly message: string }
  /** `*** Verify POSIX API open() on NFSv3`. */
  | { readonly kind: 'header'; readonly message: string }
  /** `    TEST: Running test 'open'`. */
  | { readonly kind: 'testcase'; readonly name: string }
  /** `    TIME: 1m38.954653s`. */
  | { readonly kind: 'time'; readonly durationMs: number }
  /** `461 tests (459 passed, 2 failed)`. */
  | { readonly kind: 'totals'; readonly tests: number; readonly passed: number; readonly failed: number }
  /** `Total time: 1m57.542639s`. */
  | { readonly kind: 'total-time'; readonly durationMs: number }
  /** `    OPTS: 02:00:33.894790 - runtest = open,read`; the command line comes as one without `=`. */
  | { readonly kind: 'option'; readonly text: string }
  /** `    DBG7: …`. */
  | { readonly kind: 'debug' }
  /** `CONFIG: Invalid test name: opne` and `nfstest_posix: error: server option is required`. */
  | { readonly kind: 'usage-error'; readonly message: string }
  /** `runner: …`: our program in the guest, not the suite. */
  | { readonly kind: 'runner'; readonly message: string }
  | { readonly kind: 'blank' }
  | { readonly kind: 'text'; readonly indent: number; readonly text: string };

const countsPattern = /^(.*)\((\d+) passed, (\d+) failed(?:, (\d+) known bugs)?(?:, \d+ warnings)?\)$/;
const totalsPattern = /^(\d+) tests \((\d+) passed, (\d+) failed(?:, \d+ known bugs)?(?:, \d+ warnings)?\)$/;
/** `--notimestamps` leaves it out. */
const clockPattern = /^\d\d:\d\d:\d\d\.\d+ - /;
/** CI services put one before every line of a log. */
const ciTimestampPattern = /^\uFEFF?\d{4}-\d\d-\d\dT[\d:.]+Z /;

/** No suite counts further; a number of 400 digits would become Infinity, which JSON does not know. */
const mostCounted = 1e9;
const count = (digits: string | undefined): number => Math.min(Number(digits), mostCounted);

/** Milliseconds of NFStest's `[[1h]2m]3.456789s`; null where the text is none. */
export function parseDuration(text: string): number | null {
  const match = /^(?:(\d+)h)?(?:(\d+)m)?(\d+(?:\.\d+)?)s$/.exec(text);
  if (!match) return null;
  const [, hours = '0', minutes = '0', seconds = '0'] = match;
  return Math.round((count(hours) * 3600 + count(minutes) * 60 + count(seconds)) * 1000);
}

/** The line without colours, line end and a CI service's timestamp. */
export function cleanLine(line: string): string {
  return stripControls(line).replace(ciTimestampPattern, '').trimEnd();
}

function labelled(label: string, message: string, indent: number): SuiteLine | null {
  switch (label) {
    case 'PASS':
    case 'FAIL':
    case 'BUG': {
      const match = message.endsWith(')') ? countsPattern.exec(message) : null;
      if (!match) return { kind: 'assertion', label, message, counts: null, indent };
      const [, text = '', passed, failed, bugs = '0'] = match;
      return {
        kind: 'assertion',
        label,
        message: text.trimEnd(),
        counts: { passed: count(passed), failed: count(failed), bugs: count(bugs) },
        indent,
      };
    }
    case 'WARN':
      return { kind: 'remark', level: 'warning', message };
    case 'INFO':
    case 'IGNR':
      return { kind: 'remark', level: 'info', message: message.replace(clockPattern, '') };
    case 'OPTS':
      return { kind: 'option', text: message.replace(clockPattern, '') };
    case 'TEST': {
      const name = /^Running test '([^']+)'$/.exec(message)?.[1];
      return name === undefined ? null : { kind: 'testcase', name };
    }
    case 'TIME': {
      const durationMs = parseDuration(message);
      return durationMs === null ? null : { kind: 'time', durationMs };
    }
    default:
      return { kind: 'debug' };
  }
}

/** Says what a line is. Pure; takes any text. */
export const classifyLine = (raw: string): SuiteLine => classifyClean(cleanLine(raw));

/** The same for a line that went through `cleanLine`. */
export function classifyClean(line: string): SuiteLine {
  const text = line.trimStart();
  const indent = line.length - text.length;
  if (text === '') return { kind: 'blank' };

  const label = /^(PASS|FAIL|BUG|WARN|INFO|IGNR|OPTS|TEST|TIME|DBG[1-7]): *(.*)$/.exec(text);
  const found = label ? labelled(label[1] ?? '', label[2] ?? '', indent) : null;
  if (found) return found;

  if (text.startsWith('*** ')) return { kind: 'header', message: text.slice(4) };
  const totals = totalsPattern.exec(text);
  if (totals) return { kind: 'totals', tests: count(totals[1]), passed: count(totals[2]), failed: count(totals[3]) };
  const totalTime = parseDuration(/^Total time: (.+)$/.exec(text)?.[1] ?? '');
  if (totalTime !== null) return { kind: 'total-time', durationMs: totalTime };

  if (indent === 0) {
    const runner = /^runner: (.*)$/.exec(text)?.[1];
    if (runner !== undefined) return { kind: 'runner', message: runner };
    const usage = /^(?:CONFIG|[\w./-]+: error): +(.*)$/.exec(text)?.[1];
    if (usage !== undefined) return { kind: 'usage-error', message: usage.replaceAll(/\s+/g, ' ') };
  }
  return { kind: 'text', indent, text };
}
