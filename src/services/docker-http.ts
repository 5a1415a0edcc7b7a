import { Agent, type ClientRequestArgs } from 'node:http';
import { connect, type NetConnectOpts, type Socket } from 'node:net';
import type { Readable } from 'node:stream';
import type Docker from 'dockerode';
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
    (error as NodeJS.ErrnoException).syscall === 'connect' || error instanceof EngineGone
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

/** An engine that was silent, and still is. */
export class EngineGone extends Error {
  constructor() {
    super('it does not answer any more');
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

type Dial = (options: { readonly isStream?: boolean; readonly hijack?: boolean }, callback: (error: Error | null, answer: unknown) => void) => void;

/**
 * Makes every call of a client come to an end. docker-modem 5 waits for the end of an answer that has begun: where the connection breaks in
 * the middle (of `wait`, whose answer begins at once, or of `stats`) it would wait for ever. So answers are read here, as streams.
 */
export function settling(docker: Docker): Docker {
  const modem = docker.modem as unknown as { dial: Dial };
  const dial = modem.dial.bind(modem);
  modem.dial = (options, callback) => {
    if (options.isStream || options.hijack) return dial(options, callback);
    dial({ ...options, isStream: true }, (error, answer) => {
      if (error) return callback(error, null);
      textOf(answer as Readable).then(
        (text) => callback(null, parsed(text)),
        (broken: Error) => callback(broken, null),
      );
    });
  };
  return docker;
}

async function textOf(stream: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

/** Not everything is JSON: a ping is answered with a word. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
