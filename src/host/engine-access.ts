import type { EngineAttempt } from './engine-socket.ts';
import type { Host } from './host.ts';
import { deniedSocketOf } from './setup-plan.ts';

/** An engine that is started anew makes its socket anew; more often than this something else is wrong. */
const mostGrants = 3;

/**
 * Lets a user who has sudo use the engine: by the docker group for good, and, since a group counts only from the next
 * login, by the socket's ownership until the engine starts again. The socket's mode and group stay as they are.
 */
export class EngineAccess {
  readonly #host: Host;
  readonly #sudo: readonly string[];
  readonly #write: (line: string) => void;
  #grants = 0;

  constructor(host: Host, sudo: readonly string[], write: (line: string) => void) {
    this.#host = host;
    this.#sudo = sudo;
    this.#write = write;
  }

  /** False where nothing was refused that can be granted. */
  async grant(tried: readonly EngineAttempt[]): Promise<boolean> {
    const { isRoot, userName } = this.#host;
    const socket = deniedSocketOf(tried);
    if (socket === null || isRoot || userName === '' || this.#sudo.length === 0 || this.#grants >= mostGrants) return false;
    this.#grants += 1;
    if (this.#grants === 1) await this.#run('usermod', '-aG', 'docker', userName);
    return this.#run('chown', userName, socket);
  }

  async #run(...words: readonly string[]): Promise<boolean> {
    const [command = '', ...args] = [...this.#sudo, ...words];
    this.#write(`running: ${[command, ...args].join(' ')}`);
    const result = await this.#host.run(command, args, { timeoutMs: 60_000 });
    if (result.exitCode !== 0) this.#write(`  that failed: ${result.stderr.trim().split('\n')[0]}`);
    return result.exitCode === 0;
  }
}
