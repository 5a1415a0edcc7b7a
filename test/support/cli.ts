import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

export const root = join(import.meta.dirname, '..', '..');
export const program = join(root, 'build', 'compiled', 'cli.js');

export interface Finished {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  readonly child: ChildProcess;
  readonly finished: Promise<Finished>;
  /** Resolves when the output holds this text; rejects where the program ends first. */
  waitFor(text: string): Promise<void>;
  /** Standard output so far. */
  output(): string;
}

/** Settings must come from the test alone. */
const settings =
  /^(IMAGE_|VM_|CIDATA_|TESTCASE$|NFS_|SSH_PORT$|INSTANCE$|SERVER_|NFSTEST_SRC$|NFSTEST_REPO$|NFSTEST_TAG$|SUITE$|SUITE_SCRIPT$|TRIAGE$|ACCEL$|TIMEOUT$|PCAP$|RUNS_|REPORTER$|OUTPUT_DIR$|KNOWN_FAILURES$|STRICT$|GITHUB_|BUILDER$|ALPINE_|MAKE)/;

/** Starts the compiled program as a user would. */
export function startCli(args: readonly string[], { cwd = root, env = {} }: { cwd?: string; env?: Record<string, string> } = {}): Running {
  if (!existsSync(program)) throw new Error('the program is not compiled: run `npm run build` first');
  const clean = Object.fromEntries(Object.entries(process.env).filter(([name]) => !settings.test(name)));
  const child = spawn(process.execPath, [program, ...args], { cwd, env: { ...clean, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  const listeners = new Set<() => void>();
  child.stdout?.on('data', (chunk) => {
    stdout += chunk;
    for (const listener of listeners) listener();
  });
  child.stderr?.on('data', (chunk) => {
    stderr += chunk;
  });
  const finished = new Promise<Finished>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (exitCode) => resolve({ exitCode, stdout, stderr }));
  });
  const waitFor = (text: string) =>
    new Promise<void>((resolve, reject) => {
      const look = () => {
        if (!stdout.includes(text)) return;
        listeners.delete(look);
        resolve();
      };
      listeners.add(look);
      look();
      void finished.catch(() => null).then(() => reject(new Error(`the program ended before it printed '${text}':\n${stdout}\n${stderr}`)));
    });
  return { child, finished, waitFor, output: () => stdout };
}

export const runCli = (...args: Parameters<typeof startCli>): Promise<Finished> => startCli(...args).finished;
