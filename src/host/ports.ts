import { createServer } from 'node:net';
import { EnvironmentError } from '../model/errors.ts';

/** Binds and lets go again; the error code where that failed. */
async function tryBind(port: number, host: string): Promise<{ readonly port: number } | { readonly code: string }> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => resolve({ code: error.code ?? 'EUNKNOWN' }));
    server.listen({ port, host, exclusive: true }, () => {
      const address = server.address();
      const bound = typeof address === 'object' && address ? address.port : port;
      server.close(() => resolve({ port: bound }));
    });
  });
}

/**
 * True where this process could listen on that TCP port now; really binds, so that it also sees listeners on 0.0.0.0.
 * A port below 1024 that needs root counts as not free.
 */
export async function isPortFree(port: number, host = '127.0.0.1'): Promise<boolean> {
  if ('code' in (await tryBind(port, host))) return false;
  if (process.platform !== 'darwin') return true;
  // With SO_REUSEADDR (libuv sets it) BSD lets a specific address be bound beside a wildcard listener.
  for (const wildcard of ['0.0.0.0', '::']) {
    const result = await tryBind(port, wildcard);
    if ('code' in result && result.code === 'EADDRINUSE') return false;
  }
  return true;
}

export interface FindFreePortOptions {
  /** The first to try. */
  readonly from: number;
  /** Ports that are promised to something else. */
  readonly avoid?: readonly number[];
  readonly host?: string;
  /** Promises a port to this process; false: it is promised to another. */
  readonly claim?: (port: number) => Promise<boolean>;
  /** How many following ports are tried before the system chooses one. */
  readonly attempts?: number;
}

/**
 * A port that is free now: `from`, else one of those that follow it, else one that the system chooses.
 * It can be taken before it is used; who binds it must still handle that.
 */
export async function findFreePort({ from, avoid = [], host = '127.0.0.1', attempts = 20, claim = async () => true }: FindFreePortOptions): Promise<number> {
  for (let port = from; port < from + attempts && port <= 65_535; port += 1) {
    if (port > 0 && !avoid.includes(port) && (await isPortFree(port, host)) && (await claim(port))) return port;
  }
  for (let attempt = 0; attempt < 20; attempt += 1) {
    const result = await tryBind(0, host);
    if ('port' in result && !avoid.includes(result.port) && (await isPortFree(result.port, host)) && (await claim(result.port))) return result.port;
  }
  throw new EnvironmentError(`no free TCP port on ${host} from ${from} on`, 'Stop something that listens, or choose another port.');
}

export { portHolder } from './port-holder.ts';
