import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

/**
 * Who a process is. A pid alone is reused by the system; together with its start time it names one process,
 * which is what lets a later command end a VM without ending somebody else's program.
 */
export interface ProcessIdentity {
  readonly pid: number;
  /** As `processStartTime` gave it; opaque, compare only. */
  readonly startTime: string;
}

const execute = promisify(execFile);

/** One value of `ps`, or null where there is no such process; a fixed locale and time zone keep it comparable. */
async function ps(pid: number, column: string): Promise<string | null> {
  try {
    const { stdout } = await execute('ps', ['-ww', '-o', `${column}=`, '-p', String(pid)], {
      env: { ...process.env, LC_ALL: 'C', TZ: 'UTC' },
    });
    return stdout.trim() === '' ? null : stdout.trim();
  } catch {
    return null;
  }
}

async function readOrNull(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8');
  } catch {
    return null;
  }
}

function readAtOnce(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}

/**
 * The state letter and the start time in clock ticks since boot of a line of /proc/<pid>/stat (fields 3 and 22, see proc(5)).
 * Counts from the last parenthesis: the command name in field 2 may hold spaces and parentheses itself.
 */
export function parseProcStat(line: string): { readonly state: string; readonly startTicks: string } | null {
  const end = line.lastIndexOf(')');
  const fields = line
    .slice(end + 1)
    .trim()
    .split(/\s+/);
  const [state, startTicks] = [fields[0], fields[19]];
  return end === -1 || state === undefined || startTicks === undefined || !/^\d+$/.test(startTicks) ? null : { state, startTicks };
}

const isPid = (pid: number) => Number.isSafeInteger(pid) && pid > 0;

let bootId: string | undefined;

/**
 * When a running process began, or null where there is none; a zombie counts as gone.
 * On Linux the boot's id is part of it: ticks count from the boot, so after a reboot they could match by chance.
 */
export async function processStartTime(pid: number): Promise<string | null> {
  if (!isPid(pid)) return null;
  if (process.platform !== 'linux') {
    const state = await ps(pid, 'state');
    return state === null || state.startsWith('Z') ? null : ps(pid, 'lstart');
  }
  // A VM of another process is watched by this, four times a second: not worth waking other threads for two short reads of memory.
  const stat = parseProcStat(readAtOnce(`/proc/${pid}/stat`) ?? '');
  if (!stat || stat.state === 'Z' || stat.state === 'X') return null;
  // Again where it could not be read.
  bootId ||= readAtOnce('/proc/sys/kernel/random/boot_id')?.trim() ?? '';
  return `${stat.startTicks}@${bootId}`;
}

/** True where that very process still runs. */
export async function isSameProcess({ pid, startTime }: ProcessIdentity): Promise<boolean> {
  return startTime !== '' && (await processStartTime(pid)) === startTime;
}

/** The command line with its arguments joined by spaces; null where there is no such process or it has none (kernel threads). */
export async function commandLineOf(pid: number): Promise<string | null> {
  if (!isPid(pid)) return null;
  if (process.platform !== 'linux') return ps(pid, 'command');
  const raw = await readOrNull(`/proc/${pid}/cmdline`);
  const text = raw?.replace(/\0+$/, '').replaceAll('\0', ' ') ?? '';
  return text === '' ? null : text;
}
