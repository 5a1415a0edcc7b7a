import { readdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fakeFolder } from '../services/fake-folder.ts';
import { PortClaims } from './port-claims.ts';
import { findFreePort } from './ports.ts';

/** Processes that are told apart by the number that they believe to be their start time. */
function claimsOf(dir: string, owner: string, living: Set<string>): PortClaims {
  return new PortClaims(dir, { startTime: async () => (living.has(owner) ? owner : null) });
}

describe('PortClaims', () => {
  it('promises a port to one process, as often as it asks', async () => {
    const claims = new PortClaims(fakeFolder());
    expect(await claims.claim(4000)).toBe(true);
    expect(await claims.claim(4000)).toBe(true);
  });

  it('ten that start at once get ten different ports', async () => {
    const dir = fakeFolder();
    // Each has its own memory of what is its own; the folder is all they share.
    const all = Array.from({ length: 10 }, () => new PortClaims(dir));
    const ports = await Promise.all(all.map((claims) => findFreePort({ from: 31_700, claim: (port) => claims.claim(port) })));
    expect(new Set(ports).size).toBe(10);
    for (const claims of all) claims.forget();
    expect(readdirSync(dir)).toEqual([]);
  });

  it('what is taken is not given, promised or not', async () => {
    const server = createServer();
    const taken = await new Promise<number>((resolve) => server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port)));
    const claims = new PortClaims(fakeFolder());
    expect(await findFreePort({ from: taken, claim: (port) => claims.claim(port) })).not.toBe(taken);
    server.close();
  });

  it('the promise to a process that is gone counts for nothing', async () => {
    const dir = fakeFolder();
    writeFileSync(join(dir, '4000'), JSON.stringify({ pid: process.pid, startTime: 'before', since: '' }));
    expect(await claimsOf(dir, 'now', new Set(['now'])).claim(4000)).toBe(true);
  });

  it('where the folder can’t be used, ports are given all the same', async () => {
    const dir = fakeFolder();
    writeFileSync(join(dir, 'file'), '');
    expect(await new PortClaims(join(dir, 'file', 'no-folder')).claim(4000)).toBe(true);
  });
});
