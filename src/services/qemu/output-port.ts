import { connect } from 'node:net';
import type { GuestOutput, OnBytes } from '../types.ts';

const connectDeadlineMs = 2_000;

/**
 * Follows what the guest writes to its virtio port `nfstest.suite`. Such a port takes an emulated guest a fraction of what sshd takes to pass a
 * line on: nobody has to be woken, nothing encrypted, no packet acknowledged.
 *
 * @returns null where nobody listens.
 */
export async function followOutput(socketPath: string, onBytes: OnBytes): Promise<GuestOutput | null> {
  const socket = connect(socketPath);
  // Its end says the same.
  socket.on('error', () => {});
  socket.on('data', onBytes);
  const ended = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  const late = setTimeout(() => socket.destroy(), connectDeadlineMs);
  const isConnected = await Promise.race([new Promise<true>((resolve) => socket.once('connect', () => resolve(true))), ended.then(() => false)]);
  clearTimeout(late);
  return isConnected ? { ended, close: () => socket.destroy() } : null;
}
