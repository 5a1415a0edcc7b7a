import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { EnvironmentError, messageOf } from '../../model/errors.ts';
import type { Cancellable } from '../types.ts';

/** One question to the agent in the guest (nfstest/runner/agent.py) over its virtio port: a line of JSON each way. */
export async function askAgent(socketPath: string, request: object, { signal, timeoutMs }: Cancellable & { timeoutMs: number }): Promise<unknown> {
  signal.throwIfAborted();
  const socket = connect(socketPath);
  const answer = Promise.withResolvers<string>();
  const abort = () => answer.reject(signal.reason);
  const timer = setTimeout(() => answer.reject(new Error(`no answer within ${timeoutMs / 1000} s`)), timeoutMs);
  signal.addEventListener('abort', abort, { once: true });
  socket.on('error', answer.reject);
  socket.on('close', () => answer.reject(new Error('the channel was closed')));
  createInterface({ input: socket })
    .on('line', answer.resolve)
    .on('error', () => {});
  socket.write(`${JSON.stringify(request)}\n`);
  try {
    const reply = JSON.parse(await answer.promise) as { readonly error?: string };
    if (reply.error !== undefined) throw new Error(reply.error);
    return reply;
  } catch (error) {
    signal.throwIfAborted();
    throw new EnvironmentError(`the agent in the client VM failed: ${messageOf(error)}`, 'use --cold to boot the VM anew', { cause: error });
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', abort);
    socket.destroy();
  }
}
