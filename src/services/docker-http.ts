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
      : error instanceof EngineTimeout
        ? 'see whether it hangs (`docker ps`) and restart it, or give it more time with --engine-timeout'
        : 'see the message above and the engine’s own log';
  return new EnvironmentError(`the container engine could not ${what}: ${text}`, hint, { cause: error });
}

/** What takes longer than the engine may take for a single call. */
export class EngineTimeout extends Error {
  constructor(ms: number) {
    super(`no answer within ${ms / 1000} s`);
  }
}

/** A single call, which an engine that hangs must not make endless. What it answers later is not looked at. */
export async function inTime<T>(ms: number, request: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const expiry = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new EngineTimeout(ms)), ms);
  });
  try {
    return await Promise.race([request, expiry]);
  } finally {
    clearTimeout(timer);
  }
}

/** Connections that let the program end while an answer is awaited. */
export class UnreferencedAgent extends Agent {
  override createConnection(options: ClientRequestArgs, onConnect?: (error: Error | null, socket: Socket) => void): Socket {
    const socket = connect(options as NetConnectOpts, onConnect as (() => void) | undefined);
    socket.unref();
    return socket;
  }
}
