import { Agent, type ClientRequestArgs } from 'node:http';
import { connect, type NetConnectOpts, type Socket } from 'node:net';
import { EnvironmentError, messageOf } from '../model/errors.ts';

/** HTTP status of an answer that dockerode made an error of. */
export const statusOf = (error: unknown): number | undefined => (error as { statusCode?: number }).statusCode;

/** What a person has to know of an engine call that failed; an abort stays what it is. */
export function engineFailure(what: string, error: unknown): Error {
  if (error instanceof Error && error.name === 'AbortError') return error;
  const text = messageOf(error)
    .replace(/^\(HTTP code \d+\) [^-]*- /, '')
    .trim();
  const hint =
    (error as NodeJS.ErrnoException).syscall === 'connect'
      ? 'run `nfstest-tui doctor` to see which engines were tried'
      : 'see the message above and the engine’s own log';
  return new EnvironmentError(`the container engine could not ${what}: ${text}`, hint, { cause: error });
}

/** Connections that let the program end while an answer is awaited. */
export class UnreferencedAgent extends Agent {
  override createConnection(options: ClientRequestArgs, onConnect?: (error: Error | null, socket: Socket) => void): Socket {
    const socket = connect(options as NetConnectOpts, onConnect as (() => void) | undefined);
    socket.unref();
    return socket;
  }
}
