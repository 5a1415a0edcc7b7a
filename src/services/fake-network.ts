import type { PortService, ProbeService, ProcessTable } from './types.ts';

/** Ports that are free unless somebody is entered as their holder. */
export class FakePortService implements PortService {
  /** Who listens, by port; null: can't be seen. */
  readonly holders = new Map<number, string | null>();

  async isFree(port: number): Promise<boolean> {
    return !this.holders.has(port);
  }

  /** Promised to somebody else. */
  readonly claimed = new Set<number>();

  async claim(port: number): Promise<boolean> {
    return !this.claimed.has(port);
  }

  async findFree({ from, avoid }: { from: number; avoid: readonly number[] }): Promise<number> {
    let port = from;
    while (this.holders.has(port) || this.claimed.has(port) || avoid.includes(port)) port += 1;
    return port;
  }

  async holder(port: number): Promise<string | null> {
    return this.holders.get(port) ?? null;
  }
}

/** A server that answers everything, nothing, or what `answers` says. */
export class FakeProbeService implements ProbeService {
  answers: (target: { readonly host: string; readonly port: number; readonly program: number; readonly version: number }) => boolean = () => true;
  readonly asked: string[] = [];

  async rpcAnswers({ host, port, program, version }: { host: string; port: number; program: number; version: number }): Promise<boolean> {
    this.asked.push(`${program} v${version} on ${host === '127.0.0.1' ? '' : `${host}:`}${port}`);
    return this.answers({ host, port, program, version });
  }
}

/** Processes by pid; this one is always there. */
export class FakeProcessTable implements ProcessTable {
  readonly startTimes = new Map<number, string>([[process.pid, 'now']]);

  async startTime(pid: number): Promise<string | null> {
    return this.startTimes.get(pid) ?? null;
  }
}
