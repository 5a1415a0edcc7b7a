import { execa } from 'execa';
import { EnvironmentError } from '../model/errors.ts';
import type { Cancellable, EarthlyService, OnBytes } from './types.ts';

const versionDeadlineMs = 10_000;

/** EarthBuild's `earth`, or `earthly`, which it continues. */
export class EarthlyCliService implements EarthlyService {
  async find(): Promise<string | null> {
    for (const command of ['earth', 'earthly']) {
      const found = await execa(command, ['--version'], { stdin: 'ignore', reject: false, timeout: versionDeadlineMs });
      if (found.exitCode === 0) return command;
    }
    return null;
  }

  async run(
    { command, dir, target, args }: { command: string; dir: string; target: string; args: Readonly<Record<string, string>> },
    { signal, onOutput }: Cancellable & { onOutput: OnBytes },
  ): Promise<void> {
    const values = Object.entries(args).map(([name, value]) => `--${name}=${value}`);
    const child = execa(command, ['--ci', '--output', target, ...values], { cwd: dir, cancelSignal: signal, all: true, stdin: 'ignore', reject: false });
    child.all.on('data', onOutput);
    const { exitCode } = await child;
    signal.throwIfAborted();
    if (exitCode !== 0) {
      throw new EnvironmentError(
        `${command} ${target} failed with exit code ${exitCode ?? 'none'}`,
        'the build log has its output; BUILDER=engine does without it',
      );
    }
  }
}
