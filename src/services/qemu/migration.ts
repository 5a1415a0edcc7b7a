import { EnvironmentError, messageOf } from '../../model/errors.ts';
import { shellQuote } from '../../model/shell-quote.ts';
import { QmpSession } from './qmp.ts';

/** The devices of a guest are half a megabyte; a loaded machine may take its time all the same. */
const deadlineMs = 30_000;

const done = ['completed', 'failed', 'cancelled'];

/**
 * Runs a migration to or from a file with the guest's memory left out: that lies in a file of its own.
 * `x-ignore-shared` carries its prefix since QEMU 4.0; Kata Containers' VM templates are made the same way.
 * `exec:` because QEMU before 8.2 can't migrate to a file. The parts of QEMU speak over events, so nothing is polled.
 */
async function migrate(qmpSocket: string, command: 'migrate' | 'migrate-incoming', uri: string, signal: AbortSignal, before: readonly string[]): Promise<void> {
  signal.throwIfAborted();
  const monitor = await QmpSession.open(qmpSocket);
  const ended = Promise.withResolvers<string>();
  const abort = () => ended.reject(signal.reason);
  const timer = setTimeout(() => ended.reject(new Error(`it took longer than ${deadlineMs / 1000} s`)), deadlineMs);
  signal.addEventListener('abort', abort, { once: true });
  // Until it is awaited, a failure of a command comes first.
  ended.promise.catch(() => {});
  monitor.onClose((error) => ended.reject(error));
  monitor.onEvent(({ name, data }) => {
    if (name === 'MIGRATION' && done.includes(String(data.status))) ended.resolve(String(data.status));
  });
  try {
    for (const preparation of before) await monitor.execute(preparation);
    const capabilities = ['events', 'x-ignore-shared'].map((capability) => ({ capability, state: true }));
    await monitor.execute('migrate-set-capabilities', { capabilities });
    await monitor.execute(command, { uri });
    const status = await ended.promise;
    if (status !== 'completed') throw new Error(`the migration ${status}`);
    if (command === 'migrate-incoming') await monitor.execute('cont');
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', abort);
    monitor.close();
  }
}

/** Halts a guest and writes the state of its devices to a file. */
export async function saveState(qmpSocket: string, path: string, signal: AbortSignal): Promise<void> {
  try {
    await migrate(qmpSocket, 'migrate', `exec:cat > ${shellQuote(path)}`, signal, ['stop']);
  } catch (error) {
    signal.throwIfAborted();
    throw new EnvironmentError(`the client VM could not be saved: ${messageOf(error)}`, 'runs start cold until it can; --cold does not try', { cause: error });
  }
}

/** Brings a QEMU that waits for it (`-incoming defer`) to the saved state and lets the guest go on. */
export async function restoreState(qmpSocket: string, path: string, signal: AbortSignal): Promise<void> {
  try {
    await migrate(qmpSocket, 'migrate-incoming', `exec:cat ${shellQuote(path)}`, signal, []);
  } catch (error) {
    signal.throwIfAborted();
    throw new EnvironmentError(`the saved client VM could not be restored: ${messageOf(error)}`, 'use --cold to boot one', { cause: error });
  }
}
