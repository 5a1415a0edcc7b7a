import { mkdir, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { execa } from 'execa';
import { EnvironmentError, messageOf } from '../model/errors.ts';
import type { Cancellable, SourceService } from './types.ts';

/** `ext::` would run a command on this machine. */
const protocols = 'file:git:http:https:ssh';
/** Git without questions: a private or mistyped repository must fail, not wait for a password. */
const environment = { GIT_ALLOW_PROTOCOL: protocols, GIT_TERMINAL_PROMPT: '0', GIT_SSH_COMMAND: 'ssh -oBatchMode=yes -oConnectTimeout=10' };

/** `--dirty` looks at every file of a checkout, which may lie on a slow disk. */
const describeDeadlineMs = 30_000;

/** Source checkouts by git. */
export class GitSourceService implements SourceService {
  async clone(
    { url, ref, target, deadlineMs }: { url: string; ref: string | null; target: string; deadlineMs: number },
    { signal }: Cancellable,
  ): Promise<void> {
    const part = `${target}.part`;
    await mkdir(dirname(target), { recursive: true });
    await rm(part, { recursive: true, force: true });
    const branch = ref === null ? [] : ['--branch', ref];
    try {
      await execa('git', ['clone', '--quiet', '--depth', '1', '-c', 'advice.detachedHead=false', ...branch, '--', url, part], {
        cancelSignal: signal,
        timeout: deadlineMs,
        env: environment,
        stdin: 'ignore',
      });
      await rm(target, { recursive: true, force: true });
      await rename(part, target);
    } catch (error) {
      signal.throwIfAborted();
      const { timedOut, stderr } = error as { timedOut?: boolean; stderr?: string };
      const reason = timedOut ? `no answer within ${deadlineMs / 1000} s` : stderr?.trim().split('\n').at(-1) || messageOf(error);
      throw new EnvironmentError(`could not clone ${url}: ${reason}`, 'check the address and the network, or give a folder', { cause: error });
    } finally {
      await rm(part, { recursive: true, force: true });
    }
  }

  async describeVersion(dir: string): Promise<string | null> {
    try {
      const { stdout } = await execa('git', ['-C', dir, 'describe', '--tags', '--always', '--dirty'], { stdin: 'ignore', timeout: describeDeadlineMs });
      return stdout.trim() || null;
    } catch {
      return null;
    }
  }
}
