import type { ProbeService } from '../services/types.ts';
import { type RunningServer, rpcPrograms } from './server.ts';
import { unlessAborted } from './wait.ts';

/** Address of the host as a guest of QEMU's user network sees it. */
export const hostSeenByGuest = '10.0.2.2';
/** What the guest itself has of that network. */
const guestNetwork = '10.0.2.';
/** An engine or a server that takes longer has a trouble of its own, which others tell. */
const deadlineMs = 2_000;

/** The server as the client reaches it. */
export interface ServerEndpoint {
  readonly host: string;
  readonly nfsPort: number;
  readonly mountPort: number;
  /** Exported path, for example `/export`. */
  readonly export: string;
}

/** Through the engine, on the host's ports: everywhere. */
export const publishedEndpoint = ({ record }: Pick<RunningServer, 'record'>): ServerEndpoint => ({
  ...{ host: hostSeenByGuest, nfsPort: record.nfsPort, mountPort: record.mountPort, export: record.export },
});

/**
 * The container's own address where this host reaches it, and with it the guest, whose connections are made by QEMU on this host. Through
 * the ports that the engine publishes each call passes a process more, which takes a suite a seventh of its time.
 */
export async function endpointFor(server: RunningServer, nfsVersion: string, probe: ProbeService, signal: AbortSignal): Promise<ServerEndpoint> {
  const published = publishedEndpoint(server);
  const inTime = AbortSignal.any([signal, AbortSignal.timeout(deadlineMs)]);
  const route = await unlessAborted(
    inTime,
    server.container.route().catch(() => null),
  );
  const [nfsPort, mountPort] = [published.nfsPort, published.mountPort].map((port) => route?.ports.get(port));
  if (!route || nfsPort === undefined || mountPort === undefined || route.host.startsWith(guestNetwork)) return published;
  const { host } = route;
  const answers = await probe.rpcAnswers({ host, port: nfsPort, program: rpcPrograms.nfs, version: Number(nfsVersion[0]), timeoutMs: deadlineMs });
  return answers ? { ...published, host, nfsPort, mountPort } : published;
}
